"""LEXICAL: TF-IDF of words and characters under a linear model. Baseline and optional member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from classifier.arrays import AnyArray, Floats, Ints, log_prior, log_softmax, targets_of
from classifier.errors import ArtifactInvalid
from classifier.logistic import Linear, PathFitter, Problem
from classifier.members.base import FitReport, MemberState, Source
from classifier.members.path import STRENGTHS, choose_strength
from classifier.types import Member

_BLOCKS: Final[dict[str, dict[str, Any]]] = {
    "word": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "char": {"analyzer": "char_wb", "ngram_range": (3, 5)},
}
_LIMIT: Final = {"word": 20_000, "char": 30_000}  # most frequent terms kept; a 3 MB model
_LEAST_ROWS: Final = 2  # terms of a single row cannot generalise


class LexicalMember:
    """Logistic regression on TF-IDF of word 1-2-grams and 3-5 characters within words.

    Term frequencies are sublinear (1 + ln tf), inverse document frequencies smoothed; each
    block's rows have length 1/sqrt(2), so a whole row has length 1. Coefficients are kept in
    half precision, in memory as on disk.
    """

    member: ClassVar[Member] = Member.LEXICAL
    source: ClassVar[Source] = Source.TEXT

    def __init__(self, labels: Sequence[int], strengths: Sequence[float] = STRENGTHS) -> None:
        self.labels = tuple(labels)
        self._strengths = tuple(strengths)
        self._terms: dict[str, list[str]] = {}  # in the order of columns
        self._counters: dict[str, CountVectorizer] = {}  # of blocks that have terms
        self._idf: dict[str, Floats] = {}
        self._linear: Linear | None = None

    def fit(
        self,
        inputs: Sequence[str],
        codes: Sequence[int],
        folds: Ints,
        weights: Floats | None = None,
    ) -> FitReport:
        """Fit on all texts; see `MemberModel.fit`."""
        targets = targets_of(codes, self.labels)
        counts = {name: self._count(name, inputs) for name in _BLOCKS}

        def divide(train: Ints, held: Ints) -> tuple[Any, Any]:
            idf = {name: _idf(counts[name][train]) for name in _BLOCKS}
            both = [
                _weigh({name: counts[name][rows] for name in _BLOCKS}, idf)
                for rows in (train, held)
            ]
            return both[0], both[1]

        report = choose_strength(divide, targets, len(self.labels), folds, weights, self._strengths)
        self._idf = {name: _as_stored(_idf(counts[name])) for name in _BLOCKS}
        x = _weigh(counts, self._idf)
        prior = log_prior(targets, len(self.labels), weights)
        fitted = PathFitter(Problem(x, targets, prior, weights)).fit(report.strength)
        self._linear = Linear(
            fitted.coef.astype(np.float16).astype(np.float64),
            (fitted.intercept + prior).astype(np.float32).astype(np.float64),
        )
        return report

    def predict_log_proba(self, inputs: Sequence[str]) -> Floats:
        """Return log-probabilities (N, K); a text without a known term gets the class prior."""
        if self._linear is None:
            raise RuntimeError("The lexical member is not fitted.")
        return log_softmax(self._linear.logits(self._vectors(inputs)))

    def save(self) -> MemberState:
        if self._linear is None:
            raise RuntimeError("The lexical member is not fitted.")
        tensors: dict[str, AnyArray] = {
            "coef": self._linear.coef.astype(np.float16),
            "intercept": self._linear.intercept.astype(np.float32),
        }
        tensors |= {f"idf_{name}": self._idf[name].astype(np.float32) for name in _BLOCKS}
        return MemberState({"terms": dict(self._terms)}, tensors)

    @classmethod
    def load(cls, labels: Sequence[int], state: MemberState) -> Self:
        model = cls(labels)
        try:
            for name in _BLOCKS:
                terms = list(state.settings["terms"][name])
                model._set_terms(name, terms)
                model._idf[name] = state.tensors[f"idf_{name}"].astype(np.float64)
                if len(terms) != len(model._idf[name]):
                    raise ArtifactInvalid(f"model.safetensors: idf_{name} does not fit its terms.")
            coef = state.tensors["coef"].astype(np.float64)
            intercept = state.tensors["intercept"].astype(np.float64)
        except KeyError as error:
            raise ArtifactInvalid(
                f"config.json or model.safetensors: the lexical member lacks {error}."
            ) from error
        model._linear = Linear(coef, intercept)
        return model

    def _count(self, name: str, texts: Sequence[str]) -> Any:
        """Choose the block's terms and return their counts (N, D)."""
        counter = _counter(name)
        try:
            counts = counter.fit_transform(texts).tocsr()
        except ValueError as error:
            if "empty vocabulary" not in str(error):
                raise
            self._set_terms(name, [])
            return _no_counts(texts)
        seen = np.bincount(counts.indices, minlength=counts.shape[1])
        # A stable sort: equally frequent terms are kept in the order of the alphabet.
        frequent = np.argsort(-seen, kind="stable")[: _LIMIT[name]]
        kept = np.sort(frequent[seen[frequent] >= _LEAST_ROWS])
        self._set_terms(name, [str(term) for term in counter.get_feature_names_out()[kept]])
        return counts[:, kept]

    def _set_terms(self, name: str, terms: list[str]) -> None:
        self._terms[name] = terms
        if terms:  # scikit-learn refuses an empty vocabulary
            self._counters[name] = _counter(name, terms)

    def _vectors(self, texts: Sequence[str]) -> Any:
        counts = {
            name: self._counters[name].transform(texts) if terms else _no_counts(texts)
            for name, terms in self._terms.items()
        }
        return _weigh(counts, self._idf)


def _no_counts(texts: Sequence[str]) -> Any:
    return sparse.csr_array((len(texts), 0), dtype=np.int64)


def _counter(name: str, terms: Sequence[str] | None = None) -> CountVectorizer:
    """Return a counter of the block's terms: of the given ones, or of all it will meet."""
    return CountVectorizer(
        **_BLOCKS[name], lowercase=True, strip_accents="unicode", vocabulary=terms
    )


def _idf(counts: Any) -> Floats:
    """Return inverse document frequencies (D,), 0 for terms that are dropped."""
    rows = counts.shape[0]
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + rows) / (1 + seen)) + 1.0
    idf[seen < _LEAST_ROWS] = 0.0
    return np.asarray(idf, dtype=np.float64)


def _as_stored(values: Floats) -> Floats:
    return values.astype(np.float32).astype(np.float64)


def _weigh(counts: dict[str, Any], idf: dict[str, Floats]) -> Any:
    """Return the TF-IDF rows of all blocks side by side."""
    blocks = []
    for name, block in counts.items():
        values = block.astype(np.float32)
        values.data = (1 + np.log(values.data)) * idf[name][values.indices]
        values.eliminate_zeros()
        length = np.sqrt(np.asarray(values.multiply(values).sum(axis=1)).ravel())
        scale = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
        blocks.append(sparse.diags_array(scale / np.sqrt(len(counts))) @ values)
    return sparse.csr_array(sparse.hstack(blocks), dtype=np.float32)
