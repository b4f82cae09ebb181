"""Help beside the card."""

import pytest
from django.urls import reverse
from django.utils import timezone

from classifier.types import Attribution
from reviewapp.choices import ReviewReason
from reviewapp.models import Category, Explanation, ModelVersion
from reviewapp.services import explanations, review, workers
from tests.factories import BuyerFactory, ModeratorFactory
from tests.guidance_world import confirmed, placed
from tests.review_world import doubtful_item, load_categories
from worker.tasks import explain as explain_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(moderator):
    """An item in the moderator's hands, its product placed by the model."""
    load_categories()
    item = doubtful_item()
    assert review.claim_next(moderator=moderator, now=timezone.now()) == item.pk
    placed(item.product, ModelVersion.objects.get())
    item.refresh_from_db()
    return item


def neighbours(client, item):
    return client.get(reverse("review:neighbours", args=[item.pk]))


def test_the_card_fetches_its_neighbours_after_it(signed_in, held):
    page = signed_in.get(reverse("review:desk")).content.decode()

    assert f'hx-get="{reverse("review:neighbours", args=[held.pk])}"' in page
    assert "Nearest confirmed products" in page


def test_neighbours_come_for_the_first_three_candidates_in_words(signed_in, held):
    category = Category.objects.get(code=1280)
    confirmed(category, ModelVersion.objects.get(), 10, designation="Petit train <b>en bois</b>")

    response = neighbours(signed_in, held)

    text = response.content.decode()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert "Petit train &lt;b&gt;en bois&lt;/b&gt;" in text
    assert "nearly the same" in text
    assert text.count('class="near"') == 3
    assert text.count("No confirmed product in this category yet.") == 2
    assert "style=" not in text


def test_a_product_that_no_model_has_placed_says_so(signed_in, held):
    held.product.embedding.delete()

    assert "No worker has compared this product" in neighbours(signed_in, held).content.decode()


def test_a_blind_item_gets_no_help_and_its_card_does_not_ask(signed_in, moderator, held):
    held.is_blind, held.reasons = True, [ReviewReason.AUDIT]
    held.save()

    response = neighbours(signed_in, held)

    assert response.status_code == 403
    assert "1280" not in response.content.decode()
    page = signed_in.get(reverse("review:desk")).content.decode()
    assert reverse("review:neighbours", args=[held.pk]) not in page


def test_only_the_holder_gets_help(client, held):
    client.force_login(ModeratorFactory())
    assert neighbours(client, held).status_code == 409

    client.force_login(BuyerFactory())
    assert neighbours(client, held).status_code == 403


def test_an_unknown_item_is_not_found(signed_in, held):
    assert signed_in.get(reverse("review:neighbours", args=[held.pk + 1])).status_code == 404


def explain(client, item, method="post"):
    return getattr(client, method)(reverse("review:explanation", args=[item.pk]))


@pytest.fixture
def told(monkeypatch):
    """Explanations that a worker would have been told of."""
    ids = []
    monkeypatch.setattr(explain_task.explain, "apply_async", lambda args, **_: ids.append(args[0]))
    return ids


def finished(product, version):
    attribution = Attribution(
        code=1280,
        confidence=0.62,
        words=(("Voiture", 2.0), ("sans", 0.01), ("<moteur>", -1.5)),
        patches=tuple(3.0 if place == 0 else 0.0 for place in range(49)),
        box=(0.1, 0.2, 0.9, 0.8),
    )
    row, _ = explanations.request_explanation(product=product, version=version, now=timezone.now())
    explanations.take(explanation_id=row.pk)
    explanations.finish(explanation_id=row.pk, attribution=attribution, now=timezone.now())
    return row


def test_asking_tells_a_worker_once_and_says_when_none_listens(
    signed_in, held, told, django_capture_on_commit_callbacks
):
    assert "No model" not in explain(signed_in, held, "get").content.decode()
    assert not Explanation.objects.exists()

    with django_capture_on_commit_callbacks(execute=True):
        first = explain(signed_in, held).content.decode()
        explain(signed_in, held)

    row = Explanation.objects.get()
    assert told == [row.pk]
    assert "No worker is listening" in first
    workers.beat(name="w", queue="inference", now=timezone.now())
    waiting = explain(signed_in, held, "get").content.decode()
    assert "takes some seconds" in waiting
    assert 'hx-trigger="load delay:1s"' in waiting


def test_a_finished_one_is_told_in_words_and_drawn(client, moderator, tmp_path, settings):
    load_categories()
    item = doubtful_item(settings.MEDIA_ROOT)
    client.force_login(moderator)
    assert review.claim_next(moderator=moderator, now=timezone.now()) == item.pk
    finished(item.product, ModelVersion.objects.get())

    text = " ".join(explain(client, item, "get").content.decode().split())

    assert "Strongest words for it: <q>Voiture</q>." in text
    assert "Against it: <q>&lt;moteur&gt;</q>." in text
    assert "what matters most lies top, left" in text
    assert '<mark class="moved-word moved-for-3">Voiture</mark>' in text
    assert '<mark class="moved-word moved-against-3">&lt;moteur&gt;</mark>' in text
    assert text.count("<rect") == 1
    # 900 x 700 is drawn as 1000 x 778; the grid covers 80 % of its width and 60 % of its height.
    assert 'x="100.0" y="155.6" width="114.3" height="66.7"' in text
    assert "style=" not in text


def test_a_failure_is_told(signed_in, held):
    row, _ = explanations.request_explanation(
        product=held.product, version=ModelVersion.objects.get(), now=timezone.now()
    )
    explanations.take(explanation_id=row.pk)
    explanations.fail(explanation_id=row.pk, error="ValueError: no", now=timezone.now())

    assert "ValueError: no" in explain(signed_in, held, "get").content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_is_explained_before_a_blind_answer(signed_in, held, method, told):
    finished(held.product, ModelVersion.objects.get())
    held.is_blind = True
    held.save()

    response = explain(signed_in, held, method)

    assert response.status_code == 403
    assert "Voiture" not in response.content.decode()
    assert told == []


def test_only_the_holder_may_ask(client, held, told):
    client.force_login(ModeratorFactory())

    assert explain(client, held).status_code == 409
    assert not Explanation.objects.exists()
