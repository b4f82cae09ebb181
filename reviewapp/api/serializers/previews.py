"""Looks ahead, as drafts come in and answers go out."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from reviewapp.api.serializers.catalog import ReasonSerializer
from reviewapp.api.serializers.fields import PictureField
from reviewapp.choices import Certainty, JobStatus, RouteOutcome
from reviewapp.domain.products import DESIGNATION_CHARS
from reviewapp.models import CategoryConfusion
from reviewapp.selectors.previews import LookAhead, PreviewGuess


class DraftSerializer(serializers.Serializer[Any]):
    """A product that is still being written: a text, a picture, or both."""

    designation = serializers.CharField(
        max_length=DESIGNATION_CHARS, allow_blank=True, trim_whitespace=False, default=""
    )
    description = serializers.CharField(allow_blank=True, trim_whitespace=False, default="")
    image = PictureField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not (attrs["designation"].strip() or attrs["description"].strip() or attrs["image"]):
            raise serializers.ValidationError(_("Write a title or choose a picture first."))
        return attrs


class PreviewGuessSerializer(serializers.Serializer[PreviewGuess]):
    code = serializers.IntegerField(source="category.code")
    name = serializers.CharField(source="category.name")
    definition = serializers.CharField(source="category.definition")
    probability = serializers.FloatField()
    certainty = serializers.ChoiceField(Certainty.choices)


class QuestionSerializer(serializers.Serializer[CategoryConfusion]):
    """What tells two categories apart that people mix up."""

    code = serializers.IntegerField(source="category.code")
    neighbour = serializers.IntegerField(source="neighbour.code")
    question = serializers.CharField()


class PreviewSerializer(serializers.Serializer[LookAhead]):
    """A look ahead. `top`, `outcome` and `reasons` are empty until it is done.

    is_answerable: whether a worker with a model listens; a draft waits for one for an hour
    """

    id = serializers.UUIDField(source="preview.pk")
    status = serializers.ChoiceField(JobStatus.choices, source="preview.status")
    is_answerable = serializers.BooleanField()
    asked_at = serializers.DateTimeField(source="preview.asked_at")
    finished_at = serializers.DateTimeField(source="preview.finished_at", allow_null=True)
    model_version = serializers.CharField(
        source="preview.model_version.name", default=None, allow_null=True
    )
    top = PreviewGuessSerializer(many=True, source="guesses")
    questions = QuestionSerializer(many=True)
    outcome = serializers.ChoiceField(
        RouteOutcome.choices, source="preview.outcome", allow_blank=True
    )
    reasons = ReasonSerializer(many=True)
