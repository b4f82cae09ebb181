"""Words of accounts."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Theme(TextChoices):
    AUTO = "auto", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Role(TextChoices):
    """The groups; their permissions are set by `reviewapp.services.accounts.ensure_roles`."""

    SELLER = "seller", _("Seller")
    BUYER = "buyer", _("Buyer")
    MODERATOR = "moderator", _("Moderator")
    ADMIN = "admin", _("Administrator")
