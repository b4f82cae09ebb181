"""The pages around the review desk, as tabs."""

from typing import Any

from django.utils.translation import gettext as _

from reviewapp.types import UserRequest
from reviewapp.views.sections import tabs_of

LEAD = "reviewapp.lead_review"


def sections(request: UserRequest, active: str) -> list[dict[str, Any]]:
    """Return the tabs that the person may open; `active` is the name of the present page."""
    entries = [
        ("reviewapp.add_decision", "review:desk", _("Review desk")),
        ("reviewapp.add_decision", "review:work", _("My work")),
        ("reviewapp.view_decision", "review:decisions", _("All decisions")),
        ("reviewapp.add_decision", "review:bulk", _("Near duplicates")),
        (LEAD, "review:team", _("Team")),
        (LEAD, "review:disagreements", _("Disagreements")),
        (LEAD, "review:questions", _("Questions")),
        (LEAD, "review:sharing", _("Who gets what")),
    ]
    return tabs_of(request, entries, active)
