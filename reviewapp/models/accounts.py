from django.contrib.auth.models import AbstractUser
from django.db import models

from reviewapp.choices import Theme


class User(AbstractUser):
    """A seller, buyer, moderator or admin. Real names are not stored: nothing here needs them."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    language = models.CharField(max_length=5, blank=True, help_text="Empty: as the browser asks.")
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    # Off until the person switches it on.
    wants_mail = models.BooleanField(default=False)
    # The address whose owner has followed the link sent there; nothing else goes to any other.
    confirmed_email = models.EmailField(blank=True)
    # Changes to the common keys of the review desk (`domain.keys`).
    desk_keys = models.JSONField(default=dict, blank=True)
    # Off: no single character is a shortcut there (WCAG 2.1.4).
    has_character_keys = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)

    class Meta(AbstractUser.Meta):
        db_table = "reviewapp_user"

    def get_full_name(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username
