"""The groups of a product in SQL, the same in roll-ups, samples and reports.

`product` is the row of reviewapp_product; SELLER needs SELLER_PRODUCTS joined as well.
"""

from typing import Final

LANGUAGE: Final = "coalesce(nullif(product.language, ''), 'unknown')"
DESCRIPTION: Final = "CASE WHEN product.description = '' THEN 'missing' ELSE 'present' END"
PICTURE: Final = "CASE WHEN product.image_id IS NULL THEN 'missing' ELSE 'present' END"
DUPLICATES: Final = "coalesce('group ' || product.group_key, 'product ' || product.id)"
# As `domain.answers.missing_inputs` has it.
MISSING: Final = """
    concat_ws(',', CASE WHEN product.image_id IS NULL THEN 'image' END,
              CASE WHEN product.designation = '' AND product.description = '' THEN 'text' END)
"""
# What the seller had sent when this product arrived, counted up to where it no longer matters.
SELLER_PRODUCTS: Final = """
    CROSS JOIN LATERAL (
        SELECT count(*) AS products FROM (
            SELECT FROM reviewapp_product own
            WHERE own.seller_id = product.seller_id AND own.arrived_at <= product.arrived_at
            LIMIT 100) counted
    ) seller
"""
SELLER: Final = """
    CASE WHEN seller.products = 0 THEN 'feed' WHEN seller.products < 10 THEN 'few'
         WHEN seller.products < 100 THEN 'some' ELSE 'many' END
"""

# Of the kinds that fairness is measured by but the dashboards cannot choose by; needs `family`.
OTHER_DECLARED: Final = f"""
    ('family', family.slug), ('language', {LANGUAGE}),
    ('description', {DESCRIPTION}), ('picture', {PICTURE})
"""


def dashboard_groups(code: str) -> str:
    """Return SQL for the rows of what the dashboards choose by. code: SQL for the category's code."""
    return f"""
        ('all', ''), ('category', {code}::text), ('seller', {SELLER}),
        ('pair', {code} || '/' || {SELLER})
    """
