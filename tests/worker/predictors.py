"""Predictors that stand in for the classifier at its border: no torch, and known answers.

A real worker uses one by BONRAYON_PREDICTOR="tests.worker.predictors:FixedPredictor".
"""

import hashlib
import os
import signal
import time
from pathlib import Path

import numpy as np

from classifier.types import (
    Absence,
    Distribution,
    LabelScore,
    Member,
    MemberAnswer,
    PredictionResult,
)


def answer(member, code, confidence, labels=(10, 20)):
    rest = [label for label in labels if label != code][:1]
    top = (LabelScore(code, confidence), *(LabelScore(c, 1 - confidence) for c in rest))
    return MemberAnswer(member, top, confidence, latency_ms=1.5)


def absent(member, absence):
    return MemberAnswer(member, absence=absence)


def result(key, *, code=10, confidence=0.9, cnn=None, bert=None):
    """All members name `code`, unless a member's own answer is given."""
    return PredictionResult(
        key=key,
        answers={
            Member.CNN: cnn or answer(Member.CNN, code, confidence),
            Member.BERT: bert or answer(Member.BERT, code, confidence),
            Member.FUSION: answer(Member.FUSION, code, confidence),
        },
    )


def no_answer(key):
    return PredictionResult(
        key=key,
        answers={
            Member.CNN: absent(Member.CNN, Absence.NO_IMAGE),
            Member.BERT: absent(Member.BERT, Absence.NO_TEXT),
            Member.FUSION: absent(Member.FUSION, Absence.NO_INPUT),
        },
    )


class FixedPredictor:
    """Answers by words in the designation: "unsure" is doubtful, "poison" raises."""

    def __init__(self, directory=None):
        manifest = Path(directory or ".") / "MANIFEST.json"
        self.manifest_sha256 = (
            hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.exists() else ""
        )
        self.batches = []

    @classmethod
    def load(cls, directory, backbone_cache, threads=None):
        return cls(directory)

    def predict(self, products):
        self.batches.append([product.key for product in products])
        return [self.answer(product) for product in products]

    def distributions(self, products):
        """Sure of 10, less sure of 20, which it says where the designation says "twenty"."""
        self.batches.append([product.key for product in products])
        codes = [20 if "twenty" in product.designation else 10 for product in products]
        proba = np.array([[0.9, 0.1] if code == 10 else [0.2, 0.8] for code in codes])
        known = np.ones(len(products), dtype=bool)
        latency = np.full(len(products), 3.0)
        return {
            member: Distribution(proba, known, latency)
            for member in (Member.BERT, Member.LEXICAL, Member.FUSION)
        }

    def answer(self, product):
        if "poison" in product.designation:
            raise ValueError("cannot digest this")
        return result(product.key, confidence=0.5 if "unsure" in product.designation else 0.9)


class SlowPredictor(FixedPredictor):
    """Takes its time, and leaves a line for each product it has begun and each batch finished."""

    def predict(self, products):
        with Path(os.environ["PREDICTOR_LOG"]).open("a", encoding="utf-8") as log:
            log.writelines(f"{product.designation}\n" for product in products)
        if products[0].key != "warm-up":
            time.sleep(float(os.environ.get("PREDICTOR_SECONDS", "1")))
        return super().predict(products)


class KillerPredictor(FixedPredictor):
    """A product named "killer" takes the whole process down, as running out of memory does."""

    def answer(self, product):
        if "killer" in product.designation:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().answer(product)
