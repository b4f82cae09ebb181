"""Which other sites may show the report button."""

from reviewapp.models import EmbeddingOrigin


def live_origins() -> list[EmbeddingOrigin]:
    """Return the sites that may show the button, by name."""
    return list(
        EmbeddingOrigin.objects.filter(ended_at=None).select_related("added_by").order_by("origin")
    )


def is_live(origin: str) -> bool:
    """Say whether the pages of `origin`, as a browser names it, may show the button."""
    return EmbeddingOrigin.objects.filter(origin=origin[:260], ended_at=None).exists()
