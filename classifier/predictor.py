"""Answers for products from a trained model: load once, predict batches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np

from classifier.arrays import Floats
from classifier.artifact import Model, load_artifact, verify_artifact
from classifier.embedding import Embedder
from classifier.encoding import Encoded, Encoders, encode_products
from classifier.ensemble import Outcome
from classifier.types import (
    Absence,
    Attribution,
    Distribution,
    LabelScore,
    Member,
    MemberAnswer,
    PredictionResult,
    ProductInput,
)

TOP: Final = 5


class Predictor:
    """A trained model with its encoders in memory.

    version: the artifact directory's name; manifest_sha256: what identifies its content
    labels: category codes, ascending
    Not thread-safe towards torch's thread settings; use one per process.
    """

    def __init__(self, model: Model, encoders: Encoders, version: str, manifest_sha256: str):
        self.version = version
        self.manifest_sha256 = manifest_sha256
        self.labels: list[int] = list(model.ensemble.labels)
        self.model = model
        self._encoders = encoders
        seed = model.inputs["embedder_seed"] if model.inputs else manifest_sha256
        self._embedder = Embedder(seed)

    @classmethod
    def load(cls, directory: Path, backbone_cache: Path, threads: int | None = None) -> Self:
        """Load an artifact, checking every file, and the encoders that it names.

        threads: threads of torch and BLAS in this process; None leaves them as they are
        Raises ArtifactInvalid, naming the file, or BackboneMissing, naming the package.
        """
        from classifier.loading import encoders_of
        from classifier.threads import set_threads

        if threads is not None:
            set_threads(threads)
        model = load_artifact(directory)
        encoders = encoders_of(model, backbone_cache)
        return cls(model, encoders, directory.name, verify_artifact(directory))

    def predict(self, products: Sequence[ProductInput]) -> list[PredictionResult]:
        """Return all members' answers for each product, in order.

        One bad product never fails the others: a picture that cannot be read leaves CNN without
        an answer, a product without any usable input leaves FUSION without one, with the reason.
        """
        return self._results(products, *self._outcomes(products)) if products else []

    def distributions(self, products: Sequence[ProductInput]) -> dict[Member, Distribution]:
        """Return every member's and FUSION's whole distribution for the products, in order."""
        _encoded, outcomes, times = self._outcomes(products)
        return {
            member: Distribution(np.exp(one.log_proba), one.known, times[member])
            for member, one in outcomes.items()
        }

    def _outcomes(
        self, products: Sequence[ProductInput]
    ) -> tuple[Encoded, dict[Member, Outcome], dict[Member, Floats]]:
        """Return what the encoders made of the products, the answers, and milliseconds of each."""
        encoded = encode_products(products, self._encoders)
        outcomes: dict[Member, Outcome] = {}
        times: dict[Member, Floats] = {}
        for member, model in self.model.ensemble.members.items():
            started = time.perf_counter()
            outcomes[member] = self.model.ensemble.predict_member(member, encoded.features)
            head = _elapsed(started) / len(products)
            times[member] = encoded.milliseconds.get(model.source, np.zeros(len(products))) + head
        started = time.perf_counter()
        outcomes[Member.FUSION] = self.model.ensemble.fuse(outcomes, encoded.features)
        own = _elapsed(started) / len(products)
        # FUSION needs every member, so its time is theirs and its own.
        times[Member.FUSION] = sum(times.values(), np.full(len(products), own))
        return encoded, outcomes, times

    def explain(self, product: ProductInput) -> Attribution | None:
        """Return what moved FUSION; None when it has no answer. As dear as 100 products."""
        from classifier.occlusion import explain

        return explain(product, self._encoders, self.model.ensemble)

    def _results(
        self,
        products: Sequence[ProductInput],
        encoded: Encoded,
        outcomes: Mapping[Member, Outcome],
        times: Mapping[Member, Floats],
    ) -> list[PredictionResult]:
        order = [member for member in Member if member in outcomes]
        vectors, known = self._embedder.embed(encoded)
        return [
            PredictionResult(
                product.key,
                {
                    member: self._answer(
                        member, outcomes[member], row, self._absence(member, encoded, row), times
                    )
                    for member in order
                },
                tuple(vectors[row].tolist()) if known[row] else (),
            )
            for row, product in enumerate(products)
        ]

    def _absence(self, member: Member, encoded: Encoded, row: int) -> Absence | None:
        if member is not Member.FUSION:
            modality = self.model.ensemble.members[member].source.modality
            return encoded.absence[modality][row]
        read = {one.source.modality for one in self.model.ensemble.members.values()}
        reasons = [encoded.absence[modality][row] for modality in sorted(read)]
        if None in reasons:
            return None
        # A model of one modality says which input it lacks; one of both got nothing at all.
        return reasons[0] if len(reasons) == 1 else Absence.NO_INPUT

    def _answer(
        self,
        member: Member,
        outcome: Outcome,
        row: int,
        absence: Absence | None,
        times: Mapping[Member, Floats],
    ) -> MemberAnswer:
        latency = float(times[member][row])
        if absence is not None or not outcome.known[row]:
            return MemberAnswer(member, absence=absence or Absence.NO_INPUT, latency_ms=latency)
        proba = np.exp(outcome.log_proba[row])
        best = np.argsort(-proba, kind="stable")[:TOP]
        top = tuple(LabelScore(self.labels[int(c)], float(proba[c])) for c in best)
        return MemberAnswer(member, top, top[0].probability, latency_ms=latency)


def _elapsed(started: float) -> float:
    return (time.perf_counter() - started) * 1000
