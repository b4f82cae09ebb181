"""Model versions: which there are, putting one into service and taking it back, for admins."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, permissions, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from reviewapp.api.errors import problems
from reviewapp.api.paging import ByArrival
from reviewapp.api.permissions import ByVerb, signed_in
from reviewapp.api.serializers.evaluations import (
    ModelVersionSerializer,
    PromotionRequestSerializer,
    PromotionSerializer,
    RollBackRequestSerializer,
)
from reviewapp.models import ModelVersion, Promotion
from reviewapp.selectors import promotions as selectors
from reviewapp.services.model_versions import ModelRefused
from reviewapp.services.promotions import (
    GateNotPassed,
    NothingBefore,
    OtherChampion,
    promote,
    roll_back,
)
from worker.tasks.classify import wake_workers


class MayPromote(ByVerb):
    look, act = "view_modelversion", "change_modelversion"


class NotPromoted(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "not_promoted"


_PROMOTED: dict[Any, Any] = {
    200: PromotionSerializer,
    201: PromotionSerializer,
    **problems(400, 401, 403, 404, 409),
}


class ModelVersionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ModelVersion]
):
    """Model versions by name; `stage` says which one is the champion."""

    serializer_class = ModelVersionSerializer
    permission_classes = [permissions.IsAuthenticated, MayPromote]
    pagination_class = ByArrival
    queryset = ModelVersion.objects.all()
    lookup_field = "name"
    lookup_value_regex = "[^/]{1,80}"

    @extend_schema(request=PromotionRequestSerializer, responses=_PROMOTED)
    @action(detail=True, methods=["post"])
    def promote(self, request: Request, name: str) -> Response:
        """Make the version the champion. 201 with the promotion; 200 with the one it has if it is
        the champion already; 409 where the gate has not passed it, or had refused it before, and no
        reason is given, and where another judgement than `gate` is the one that counts."""
        form = PromotionRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        version = self.get_object()
        try:
            made = promote(
                version=version,
                author=signed_in(request),
                now=timezone.now(),
                reason=form.validated_data["reason"],
                accepts_unjudged=form.validated_data["accepts_unjudged"],
                seen=form.validated_data["gate"],
            )
        except OtherChampion as error:
            words = _("Another model classifies by now, or this one was judged again.")
            raise NotPromoted(words, code="other_judgement") from error
        except GateNotPassed as error:
            raise NotPromoted(_not_passed(error), code="gate_not_passed") from error
        except ModelRefused as error:
            raise NotPromoted(str(error), code="model_refused") from error
        wake_workers()
        return _answer(made, selectors.history().filter(version=version).first())

    @extend_schema(request=RollBackRequestSerializer, responses=_PROMOTED)
    @action(detail=True, methods=["post"], url_path="roll-back")
    def roll_back(self, request: Request, name: str) -> Response:
        """Take this version, the champion, out of service for the one before. 201 with the
        promotion; 200 with the same one when it has been done already; else 409."""
        form = RollBackRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        version, who = self.get_object(), signed_in(request)
        reason = form.validated_data["reason"]
        try:
            made = roll_back(leaving=version, author=who, reason=reason, now=timezone.now())
        except OtherChampion as error:
            if (done := selectors.roll_back_from(version)) is not None:
                return _answer(None, done)
            raise NotPromoted(
                _("This version is not the champion."), code="other_champion"
            ) from error
        except NothingBefore as error:
            words = _("There is no earlier model to go back to.")
            raise NotPromoted(words, code="nothing_before") from error
        except ModelRefused as error:
            raise NotPromoted(str(error), code="model_refused") from error
        wake_workers()
        return _answer(made, None)


class PromotionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Promotion]
):
    """Every promotion and roll-back, with its grounds."""

    serializer_class = PromotionSerializer
    permission_classes = [permissions.IsAuthenticated, MayPromote]
    pagination_class = ByArrival
    queryset = selectors.history()
    lookup_value_regex = "[0-9]{1,9}"


def _answer(made: Promotion | None, standing: Promotion | None) -> Response:
    if made is not None:
        return Response(PromotionSerializer(made).data, status=status.HTTP_201_CREATED)
    return Response(PromotionSerializer(standing).data)


def _not_passed(error: GateNotPassed) -> str:
    if error.report is None:
        return error.words
    where = _("See the gate report %(number)s.") % {"number": error.report.pk}
    return f"{error.words} {where}"
