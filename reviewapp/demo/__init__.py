"""The demo catalogue: invented products, invented sellers, drawn pictures, and the taxonomy.

Nothing here is a real product, and no accuracy measured on it says anything about real ones. The
package needs only the standard library, numpy and Pillow, so that it also serves as a generator of
challenge-shaped folders on a machine without the web application: `python -m reviewapp.demo`.
"""

DEMO_NOTICE_FR = (
    "Produits de démonstration inventés : rien n'est à vendre, les images sont dessinées."
)
DEMO_NOTICE_EN = "Invented demo products: nothing is for sale, the pictures are drawn."
