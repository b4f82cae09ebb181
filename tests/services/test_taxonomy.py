import dataclasses

import pytest

from reviewapp.demo.taxonomy import load_taxonomy
from reviewapp.models import Category, CategoryConfusion
from reviewapp.services.taxonomy import TaxonomyChange, apply_taxonomy

pytestmark = pytest.mark.django_db


def test_the_shipped_taxonomy_loads_with_both_languages():
    change = apply_taxonomy(taxonomy=load_taxonomy())

    assert change == TaxonomyChange(created=27, updated=0, deactivated=0)
    category = Category.objects.get(code=2583)
    assert category.name_fr
    assert category.synonyms["en"]
    assert CategoryConfusion.objects.filter(category__code=10, neighbour__code=2705).exists()
    assert CategoryConfusion.objects.filter(category__code=2705, neighbour__code=10).exists()


def test_loading_again_changes_nothing():
    apply_taxonomy(taxonomy=load_taxonomy())

    assert apply_taxonomy(taxonomy=load_taxonomy()) == TaxonomyChange(0, 0, 0)


def test_a_category_that_is_gone_is_kept_out_of_use():
    taxonomy = load_taxonomy()
    apply_taxonomy(taxonomy=taxonomy)
    shorter = tuple(dataclasses.replace(entry, confusable=()) for entry in taxonomy.categories[1:])

    change = apply_taxonomy(taxonomy=dataclasses.replace(taxonomy, categories=shorter))

    assert change.deactivated == 1
    assert not Category.objects.get(code=taxonomy.categories[0].code).is_active
