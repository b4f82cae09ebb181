"""Loading a taxonomy: categories are data, and products must survive its change."""

from dataclasses import dataclass

from django.db import transaction

from reviewapp.demo.taxonomy import CategoryEntry, Family, Taxonomy
from reviewapp.models import Category, CategoryConfusion, CategoryFamily


@dataclass(frozen=True, slots=True)
class TaxonomyChange:
    """How many categories a load has created, changed and taken out of use."""

    created: int
    updated: int
    deactivated: int


@transaction.atomic
def apply_taxonomy(*, taxonomy: Taxonomy) -> TaxonomyChange:
    """Make the stored categories those of `taxonomy`. Repeating it changes nothing.

    A category that is no longer listed is taken out of use, not deleted: products, labels and
    old exports still point at it.
    """
    families = {f.key: _family(position, f) for position, f in enumerate(taxonomy.families)}
    created = updated = 0
    for entry in taxonomy.categories:
        was_created, was_changed = _category(entry, families[entry.family])
        created += was_created
        updated += was_changed
    gone = Category.objects.exclude(code__in=taxonomy.codes).filter(is_active=True)
    deactivated = gone.update(is_active=False)
    _replace_confusions(taxonomy)
    return TaxonomyChange(created, updated, deactivated)


def _family(position: int, family: Family) -> CategoryFamily:
    row, _created = CategoryFamily.objects.update_or_create(
        slug=family.key,
        defaults={
            "name_fr": family.name_fr,
            "name_en": family.name_en,
            "position": position,
        },
    )
    return row


def _category(entry: CategoryEntry, family: CategoryFamily) -> tuple[bool, bool]:
    values = {
        "family": family,
        "name_fr": entry.name_fr,
        "name_en": entry.name_en,
        "definition_fr": entry.definition_fr,
        "definition_en": entry.definition_en,
        "includes": {"fr": list(entry.includes_fr), "en": list(entry.includes_en)},
        "excludes": {"fr": list(entry.excludes_fr), "en": list(entry.excludes_en)},
        "synonyms": {"fr": list(entry.synonyms_fr), "en": list(entry.synonyms_en)},
        "is_active": True,
    }
    row, created = Category.objects.get_or_create(code=entry.code, defaults=values)
    changed = {name for name, value in values.items() if getattr(row, name) != value}
    if changed:
        Category.objects.filter(pk=row.pk).update(**{name: values[name] for name in changed})
    return created, bool(changed)


def _replace_confusions(taxonomy: Taxonomy) -> None:
    ids = dict(Category.objects.values_list("code", "pk"))
    CategoryConfusion.objects.all().delete()
    CategoryConfusion.objects.bulk_create(
        CategoryConfusion(
            category_id=ids[entry.code],
            neighbour_id=ids[pair.code],
            question_fr=pair.question_fr,
            question_en=pair.question_en,
        )
        for entry in taxonomy.categories
        for pair in entry.confusable
    )
