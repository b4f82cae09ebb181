"""What a moderator's decision was to the product's seller, in one sentence."""

from django.utils.translation import gettext as _

from reviewapp.choices import AppealStatus
from reviewapp.domain.appeals import outcome_of
from reviewapp.domain.statements import StatementKind
from reviewapp.models import Appeal, Category


def upholds(appeal: Appeal, category_id: int) -> bool:
    """Say whether putting the product into a category upholds the appeal."""
    contested, is_take_down = appeal.contested_category_id, appeal.take_down_id is not None
    return outcome_of(contested, category_id, is_take_down=is_take_down) == AppealStatus.UPHELD


def decided(
    category: Category, before: Category | None, appeal: Appeal | None
) -> tuple[StatementKind, str]:
    """Return kind and title of putting a product into `category`.

    before: where it was; appeal: the one that the decision answered
    """
    names = {"name": category.name, "before": before.name if before else ""}
    if appeal is not None and appeal.take_down_id is not None:
        return _taken_down_decided(category, appeal)
    if appeal is not None and not upholds(appeal, category.pk):
        title = _(
            "Your appeal was dismissed: a moderator new to it found “%(name)s” right as well."
        )
        return StatementKind.DISMISSED, title % names
    if appeal is not None:
        title = _("Your appeal was upheld: a moderator new to it moved the product to “%(name)s”.")
        return StatementKind.UPHELD, title % names
    if before is None:
        title = _("A moderator put it into “%(name)s”.")
        return StatementKind.CONFIRMED, title % names
    if before.pk == category.pk:
        title = _("A moderator looked and found “%(name)s” right.")
        return StatementKind.CONFIRMED, title % names
    title = _("A moderator moved it from “%(before)s” to “%(name)s”.")
    return StatementKind.MOVED, title % names


def _taken_down_decided(category: Category, appeal: Appeal) -> tuple[StatementKind, str]:
    names = {"name": category.name, "before": appeal.contested_category.name}
    if upholds(appeal, category.pk):
        title = _("Your appeal was upheld: a moderator put the product back into “%(name)s”.")
        return StatementKind.UPHELD, title % names
    title = _(
        "Your appeal was dismissed: a moderator found “%(name)s” right, and not “%(before)s”."
    )
    return StatementKind.DISMISSED, title % names
