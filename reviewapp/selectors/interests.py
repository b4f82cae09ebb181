"""Who is a party to a product: its seller, whoever has reported it, and whoever has appealed.

A party is never handed the product's item and may not answer about it, whatever other roles he or
she has. The same rule stands as SQL in `selectors.review.free`.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from reviewapp.models import Appeal, MisclassificationReport, Product, User


def is_party(*, person: User, product: Product) -> bool:
    """Say whether `person` has an interest of his or her own in what is answered about `product`."""
    reported = MisclassificationReport.objects.filter(product=product, reporter=person)
    appealed = Appeal.objects.filter(product=product, seller=person)
    is_seller = product.seller_id == person.pk
    return is_seller or reported.values("pk").union(appealed.values("pk")).exists()


def parties_to(product: Product) -> set[int]:
    """Return the ids of everybody who is a party to `product`."""
    reporters = MisclassificationReport.objects.filter(product=product).exclude(reporter=None)
    sellers = Appeal.objects.filter(product=product).values_list("seller", flat=True)
    found = {*reporters.values_list("reporter", flat=True), *sellers, product.seller_id}
    return {pk for pk in found if pk is not None}


def own_interest(person: User) -> Q:
    """Rows with a `product` to which `person` is a party; looked up row by row."""
    product = OuterRef("product")
    return Q(
        Exists(Product.objects.filter(pk=product, seller=person))
        | Exists(MisclassificationReport.objects.filter(product=product, reporter=person))
        | Exists(Appeal.objects.filter(product=product, seller=person))
    )


def products_of_interest(person: User) -> QuerySet[Product, int]:
    """Return the ids of all products to which `person` is a party."""
    reported = MisclassificationReport.objects.filter(reporter=person).values_list(
        "product", flat=True
    )
    appealed = Appeal.objects.filter(seller=person).values_list("product", flat=True)
    return (
        Product.objects.filter(seller=person).values_list("pk", flat=True).union(reported, appealed)
    )
