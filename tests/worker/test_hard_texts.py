"""Texts that break classifiers, from the API to a route, with a model that was really trained."""

import pytest
from rest_framework.test import APIClient

from reviewapp.choices import ModelStage, ProductStatus, RequestStatus
from reviewapp.models import ClassificationRequest, ModelVersion, Product
from tests.classifier import tiny
from tests.factories import SellerFactory
from tests.labels import snapshot
from tests.training_world import catalogue, request
from worker import inference
from worker.tasks import classify
from worker.tasks.training import work

pytestmark = pytest.mark.django_db(transaction=True)
TEXTS = {
    "french": ("Pompe à filtre pour piscine 4 m³", "Débit réglable, idéale pour l’été."),
    "german": ("Schwimmbadpumpe mit Filter für große Becken", "Größe und Förderhöhe einstellbar."),
    "english": ("Wireless game controller, black", "Works with any console; don’t drop it."),
    "emoji": ("🎮🕹️👩‍👩‍👧‍👦 manette 🔥", "🏊 🏊🏽‍♀️"),
    "emoji alone": ("🏊", ""),
    "arabic and chinese": ("كتاب 小说", "右から左へ"),
    "long": ("roman livre", "mot " * 25_000),  # 100 kB
    "one long word": ("x" * 200, "x" * 100_000),
    "script": ("<script>alert(1)</script> poupée", "<script>document.cookie</script> jouet"),
    "formula": ("=cmd|' /C calc'!A0", "+1+1"),
}


@pytest.fixture
def champion(now, settings, tmp_path):
    """A model of BERT and the lexical member, of networks that are small and real."""
    backbone = tiny.write_text_backbone(tmp_path / "backbone")
    catalogue(now, settings.MEDIA_ROOT)
    text = {"backbone": str(backbone), "precision": "fp32"}
    training = {"members": ["bert", "lexical"], "text": text, "folds": 2, "bootstrap_samples": 20}
    work(request(now, snapshot(now), {"training": training}).pk)
    ModelVersion.objects.update(stage=ModelStage.CHAMPION)
    inference.forget()
    yield
    inference.forget()


def test_each_comes_in_whole_and_gets_a_finite_answer_and_a_route(champion, monkeypatch):
    monkeypatch.setattr(classify.drain, "apply_async", lambda **options: None)
    client = APIClient()
    client.force_authenticate(SellerFactory())
    for name, (designation, description) in TEXTS.items():
        given = {"external_id": name, "designation": designation, "description": description}
        assert client.post("/api/v1/products", given, format="json").status_code == 201, name

    classify.drain()

    arrived = {one.external_id: one for one in Product.objects.filter(external_id__in=TEXTS)}
    assert set(arrived) == set(TEXTS)
    requests = ClassificationRequest.objects.filter(product__in=arrived.values())
    assert set(requests.values_list("status", flat=True)) == {RequestStatus.DONE}
    for name, product in arrived.items():
        assert product.raw_description.strip() == TEXTS[name][1].strip(), name
        assert product.status in {ProductStatus.LISTED, ProductStatus.IN_REVIEW}, name
        answers = {one.member: one for one in product.predictions.all()}
        for member in ("bert", "fusion"):
            chances = [probability for _code, probability in answers[member].top]
            assert 0.999 < sum(chances) < 1.001, (name, member)
