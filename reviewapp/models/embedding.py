from django.conf import settings
from django.db import models
from django.db.models import Q


class EmbeddingOrigin(models.Model):
    """Another site whose pages may show the report button, until `ended_at`.

    origin: scheme, host and port as a browser sends them, in lower case
    """

    origin = models.CharField(max_length=260)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["origin"], condition=Q(ended_at=None), name="embedding_origin_live_once"
            ),
            models.CheckConstraint(
                condition=Q(origin__regex=r"^https?://[^/?#@]+$"), name="embedding_origin_is_origin"
            ),
        ]

    def __str__(self) -> str:
        return self.origin
