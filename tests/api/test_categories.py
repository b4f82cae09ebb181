import pytest
from rest_framework.test import APIClient

from reviewapp.demo.taxonomy import load_taxonomy
from reviewapp.services.taxonomy import apply_taxonomy

pytestmark = pytest.mark.django_db


def test_the_taxonomy_is_public_and_cheap(django_assert_max_num_queries):
    apply_taxonomy(taxonomy=load_taxonomy())

    with django_assert_max_num_queries(4):
        body = APIClient().get("/api/v1/categories").json()

    books = body[0]
    assert len(body) == 27
    assert (books["code"], books["family"]) == (10, "books")
    assert books["name_fr"]
    assert books["name_en"]
    assert {"code", "question_fr", "question_en"} == set(books["confusable"][0])
