"""The categories as a guide: what belongs where, and what tells neighbours apart."""

from dataclasses import dataclass, field, replace

from django.utils.translation import get_language

from reviewapp.models import Category, CategoryConfusion, User
from reviewapp.selectors.review.work import Confused, often_confused


@dataclass(frozen=True, slots=True)
class Guide:
    """One category with its rules in the reader's language, and words it is searched by.

    own: what the reader mixes it up with
    """

    category: Category
    includes: list[str]
    excludes: list[str]
    search: str
    confusions: list[CategoryConfusion] = field(default_factory=list)
    own: list[tuple[Category, Confused]] = field(default_factory=list)


def personal_guides(*, moderator: User) -> list[Guide]:
    """Return `guides` with what the moderator mixes each category up with.

    It says nothing of any one product, so it may stand beside blind ones.
    """
    habits = often_confused(moderator=moderator)
    return [
        replace(
            guide,
            own=[
                (habit.other(guide.category), habit)
                for habit in habits
                if guide.category in (habit.first, habit.second)
            ],
        )
        for guide in guides()
    ]


def guides() -> list[Guide]:
    """Every active category in the order of families, in three queries."""
    language = "en" if get_language() == "en" else "fr"
    confusions: dict[int, list[CategoryConfusion]] = {}
    known = CategoryConfusion.objects.filter(neighbour__is_active=True)
    for confusion in known.select_related("neighbour").order_by("neighbour__code"):
        confusions.setdefault(confusion.category_id, []).append(confusion)
    active = Category.objects.filter(is_active=True).select_related("family")
    return [
        Guide(
            category,
            _texts(category.includes, language),
            _texts(category.excludes, language),
            _search(category),
            confusions.get(category.pk, []),
        )
        for category in active.order_by("family__position", "code")
    ]


def _texts(texts: dict[str, list[str]], language: str) -> list[str]:
    return list(texts.get(language) or [])


def _search(category: Category) -> str:
    """Names and synonyms in every language: a French moderator may think of an English word."""
    synonyms = [word for words in category.synonyms.values() for word in words]
    return "|".join([category.name_fr, category.name_en, *synonyms])
