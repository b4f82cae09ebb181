"""Other sites that may show the report button, and the tokens that name products to it."""

from datetime import datetime

from django.core import signing

from reviewapp.domain.origins import parse_origin
from reviewapp.models import EmbeddingOrigin, Product, User

_SALT = "reviewapp.product-token"


class TokenInvalid(Exception):
    """This site has not signed such a token, or the product is gone."""


def product_token(product: Product) -> str:
    """Return the token that names `product` on other sites' pages.

    Signed with SECRET_KEY; it stays valid until that key, and the fall-backs, are replaced.
    """
    return signing.Signer(salt=_SALT).sign(str(product.pk))


def product_of(token: str) -> Product:
    """Return the product that `token` names. Raises TokenInvalid."""
    try:
        key = int(signing.Signer(salt=_SALT).unsign(token))
        return Product.objects.select_related("category").get(pk=key)
    except (signing.BadSignature, ValueError, Product.DoesNotExist) as error:
        raise TokenInvalid from error


def add_origin(*, address: str, admin: User, now: datetime) -> EmbeddingOrigin:
    """Let the pages of the site at `address` show the button; nothing changes if they may already.

    Raises domain.origins.OriginRefused.
    """
    origin, _created = EmbeddingOrigin.objects.get_or_create(
        origin=parse_origin(address), ended_at=None, defaults={"added_by": admin, "added_at": now}
    )
    return origin


def end_origin(*, origin_id: int, now: datetime) -> bool:
    """Let a site show the button no longer; say whether it might until now. The row stays."""
    return bool(EmbeddingOrigin.objects.filter(pk=origin_id, ended_at=None).update(ended_at=now))
