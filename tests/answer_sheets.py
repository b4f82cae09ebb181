"""Invented answers of a model version, calibrated and as good as asked for."""

import numpy as np

from reviewapp.domain.answers import AnswerSheet, member_answers

CODES = np.arange(10, 100, 10)


def softmax(logits):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def world(products=3000, seed=0, categories=9):
    """What is true of the products, and the evidence that every model sees of it (N, K)."""
    generator = np.random.default_rng(seed)
    true = generator.integers(0, categories, size=products)
    signal = generator.normal(size=(products, categories))
    return true, signal


def sheet(true, signal, *, sharpness=4.0, noise=None, latency=20.0, **columns):
    """Answers of a model: Gaussian evidence for the true category gives calibrated posteriors.

    sharpness: how far evidence for the true category is shifted; noise: this model's own (N, K)
    """
    evidence = signal if noise is None else (signal + noise) / np.sqrt(2)
    evidence = evidence.copy()
    evidence[np.arange(len(true)), true] += sharpness
    # The posterior of unit Gaussians that differ in one place.
    proba = softmax(sharpness * evidence)
    labels = CODES[: signal.shape[1]]
    number = len(true)
    values = {
        "labels": labels,
        "product": np.arange(number),
        "true": labels[true],
        "group": np.array([f"g{row // 2}" for row in range(number)]),
        "missing": np.array([""] * number),
        "language": np.array(["fr"] * number),
        "seller": np.array(["large"] * number),
        "is_audit": np.zeros(number, dtype=bool),
        "latency_ms": np.full(number, latency),
        "members": {"fusion": member_answers(proba, np.ones(number, dtype=bool), labels)},
    }
    return AnswerSheet(**{**values, **columns})


def own_noise(signal, seed, size=1.0):
    return size * np.random.default_rng(seed).normal(size=signal.shape)
