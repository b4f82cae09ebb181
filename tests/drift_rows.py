"""Arrivals as rows, with what the model in service has answered, for drift."""

import numpy as np

from classifier.embedding import project
from reviewapp.choices import DriftTest
from reviewapp.domain import drift
from reviewapp.models import (
    Category,
    DriftAlarm,
    DriftReference,
    DriftWindow,
    HeldOutAnswers,
    Prediction,
    Product,
    ProductEmbedding,
    TrainingInputs,
)
from reviewapp.services.drift import measure_drift
from tests.drift_world import STABLE, World, draw
from tests.factories import NOW, CategoryFactory, ChampionFactory


def champion_of_two():
    """A model in service that knows the categories 10 and 20, with its held-out answers."""
    for code in (10, 20):
        CategoryFactory(code=code)
    version = ChampionFactory(labels=[10, 20])
    HeldOutAnswers.objects.create(
        model_version=version, confidence=[0.95, 0.9, 0.8, 0.6], predicted=[10, 10, 20, 20],
        true=[10, 10, 20, 10], missing=[""] * 4,
    )  # fmt: skip
    return version


def know_more(version, count=400):
    """Give the version so many held-out answers that estimates are held against them."""
    generator = np.random.default_rng(9)
    said = np.where(generator.random(count) < 0.4, 20, 10)
    sure = generator.uniform(0.5, 1, count)
    true = np.where(generator.random(count) < sure, said, 30 - said)
    HeldOutAnswers.objects.filter(model_version=version).update(
        confidence=sure.tolist(), predicted=said.tolist(), true=true.tolist(),
        missing=["image"] * count,
    )  # fmt: skip


def remember_training(version, *, described=0.7, languages=True, count=400):
    """Give the version what its training looked like, the same as what `arrive` brings."""
    know_more(version, count)
    generator = np.random.default_rng(11)
    vectors = project(generator.standard_normal((count, 256)) / 16)
    present = int((generator.random(count) < described).sum())
    held = drift.Reference(
        numbers={
            DriftTest.TITLE_LENGTH: generator.integers(20, 90, count).astype(float),
            DriftTest.DESCRIPTION_LENGTH: np.full(present, 54.0),
            DriftTest.BRIGHTNESS: generator.uniform(0.3, 0.9, count),
        },
        counts={
            DriftTest.DESCRIPTION: {"present": present, "missing": count - present},
            **({DriftTest.LANGUAGE: {"fr": count}} if languages else {}),
        },
        cloud=drift.Cloud.of(vectors),
    )
    TrainingInputs.objects.create(model_version=version, inputs=held.as_json())


def shrink(monkeypatch):
    """Make windows that a test can fill."""
    for name, size in (("REFERENCE", 300), ("WINDOW", 200), ("STEP", 50)):
        monkeypatch.setattr(drift, name, size)


def arrive(version, count, *, described=0.7, share=0.4, seed=0):
    """Products as the champion has answered them; `described`: share with a description; `share`: of
    the second category."""
    generator = np.random.default_rng(seed)
    categories = list(Category.objects.order_by("code"))
    known = Product.objects.count()
    products = Product.objects.bulk_create(
        Product(
            source="feed", external_id=f"n{known + at}", designation="x" * int(length),
            raw_designation="x", description="Belle " * 9 if told else "", language="fr",
            input_digest=f"{known + at:064d}", arrived_at=NOW,
        )
        for at, (length, told) in enumerate(
            zip(generator.integers(20, 90, count), generator.random(count) < described, strict=True)
        )
    )  # fmt: skip
    predictions, embeddings = [], []
    for product, sure in zip(products, generator.uniform(0.5, 1, count), strict=True):
        category = categories[int(generator.random() < share)]
        predictions.append(
            Prediction(
                product=product, model_version=version, member="fusion", category=category,
                input_digest=product.input_digest, confidence=sure, latency_ms=1, created_at=NOW,
                top=[[category.code, sure]],
            )
        )  # fmt: skip
        embeddings.append(
            ProductEmbedding(
                product=product, model_version=version, input_digest=product.input_digest,
                vector=generator.standard_normal(256) / 16,
            )
        )  # fmt: skip
    Prediction.objects.bulk_create(predictions)
    ProductEmbedding.objects.bulk_create(embeddings)
    return products


def drifted(champion):
    """A reference, and a window in which descriptions are lost."""
    arrive(champion, 300)
    measure_drift(now=NOW)
    arrive(champion, 200, described=0.2, seed=1)
    return measure_drift(now=NOW)


def alarm_of_language(version):
    """An open alarm as it looks on a real site, without its thousands of products."""
    generator = np.random.default_rng(0)
    held = drift.Reference.of(draw(STABLE, drift.REFERENCE, generator).arrivals)
    window = draw(World(english=0.3), drift.WINDOW, generator).arrivals
    findings = drift.compare(held, window)
    reference = DriftReference.objects.create(
        model_version=version, last_product=1, arrivals=held.as_json(),
        priors={"2060": 0.6, "1281": 0.4}, sure_at=0.7, accuracy=0.9, made_at=NOW,
    )  # fmt: skip
    drifted_tests = [one.test for one in findings if one.is_drifted]
    measured = DriftWindow.objects.create(
        reference=reference, last_product=2, size=drift.WINDOW, drifted=drifted_tests,
        findings=[one.as_json() for one in findings], priors={"2060": 0.5, "1281": 0.5},
        prior_distance=0.2, by_chance=0.1, expected_right=0.85, measured_at=NOW,
    )  # fmt: skip
    return DriftAlarm.objects.create(window=measured, tests=drifted_tests, raised_at=NOW)
