"""Errors of the classifier. Each message says what is wrong and what to do about it."""

from __future__ import annotations


class ClassifierError(Exception):
    """Base of every error that the classifier raises on purpose."""


class BackboneMissing(ClassifierError):
    """Pretrained weights are not installed, or not where they were said to be."""


class ArtifactInvalid(ClassifierError):
    """A model or backbone directory is incomplete, half-written or was tampered with."""


class InputUnreadable(ClassifierError):
    """A picture or a text cannot be decoded."""


class DataInvalid(ClassifierError):
    """A data set's folder or table does not have the expected layout."""
