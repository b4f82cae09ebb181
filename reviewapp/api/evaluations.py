"""Measuring versions, comparing two of them, and the gate's judgements, for administrators."""

from typing import TypeVar

from django.db.models import Model
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, permissions, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from reviewapp.api.errors import problems
from reviewapp.api.paging import ByArrival
from reviewapp.api.permissions import ByVerb, signed_in
from reviewapp.api.serializers.evaluations import (
    DiffRequestSerializer,
    EvaluationDetailSerializer,
    EvaluationDiffSerializer,
    EvaluationRequestSerializer,
    EvaluationSerializer,
    GateReportSerializer,
    LiveMeasureDetailSerializer,
    LiveMeasureSerializer,
)
from reviewapp.choices import JobStatus
from reviewapp.models import Evaluation, GateReport, LiveMeasure
from reviewapp.selectors import evaluations as selectors
from reviewapp.selectors import model_versions, version_pairs
from reviewapp.selectors.evaluation_pages import category_names
from reviewapp.selectors.version_pairs import VersionPair, answer_pair, version_pair
from reviewapp.services.evaluations import EvaluationRefused, request_evaluation, request_gate
from worker.tasks.evaluate import wake_evaluation, wake_gate


class MayEvaluate(ByVerb):
    look, act = "view_modelversion", "add_evaluation"


_Row = TypeVar("_Row", bound=Model)


class NotComparable(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "not_comparable"


class _Measured(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[_Row]):
    """Rows by arrival, in a list by the first of two serializers, one by one by the second."""

    permission_classes = [permissions.IsAuthenticated, MayEvaluate]
    pagination_class = ByArrival
    lookup_value_regex = "[0-9]{1,9}"
    list_and_whole: tuple[type[BaseSerializer[_Row]], type[BaseSerializer[_Row]]]

    def get_serializer_class(self) -> type[BaseSerializer[_Row]]:
        listed, whole = self.list_and_whole
        return listed if self.action == "list" else whole


class EvaluationViewSet(_Measured[Evaluation]):
    """Evaluations. One is long work: look at `status` until it is done or failed."""

    queryset = Evaluation.objects.select_related("model_version").defer("model_version__metrics")
    list_and_whole = EvaluationSerializer, EvaluationDetailSerializer

    @extend_schema(
        request=EvaluationRequestSerializer,
        responses={202: EvaluationDetailSerializer, **problems(400, 401, 403)},
    )
    def create(self, request: Request) -> Response:
        """Ask for a version to be measured. There is one evaluation per version and snapshot: asking
        again gives the same one, and lets a failed one be tried anew."""
        form = EvaluationRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            row = request_evaluation(
                version=form.validated_data["model_version"],
                snapshot=form.validated_data["snapshot"],
                user=signed_in(request),
                now=timezone.now(),
            )
        except EvaluationRefused as error:
            raise _no_test_products() from error
        wake_evaluation(row.pk)
        return Response(EvaluationDetailSerializer(row).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[DiffRequestSerializer],
        responses={200: EvaluationDiffSerializer, **problems(400, 401, 403, 404, 409)},
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def diff(self, request: Request, pk: str) -> Response:
        """Compare this evaluation with a newer version's (`to`) on the same products."""
        form = DiffRequestSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        done = selectors.evaluations().filter(status=JobStatus.DONE)
        old = get_object_or_404(done, pk=pk)
        new = get_object_or_404(done, pk=form.validated_data["to"])
        found = _compared(old, new, form.validated_data["member"])
        return Response(EvaluationDiffSerializer(found).data)


class GateReportViewSet(_Measured[GateReport]):
    """Judgements of the gate: look until `judged_at` is set, then at `verdict` or `error`."""

    queryset = selectors.gate_reports()
    list_and_whole = GateReportSerializer, GateReportSerializer

    @extend_schema(
        request=EvaluationRequestSerializer,
        responses={202: GateReportSerializer, **problems(400, 401, 403, 409)},
    )
    def create(self, request: Request) -> Response:
        """Ask for a version to be judged against the champion, and measured where it has not been.
        One report per pair is open at a time: until it is judged, asking again gives the same."""
        form = EvaluationRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        version, champion = form.validated_data["model_version"], model_versions.champion()
        if champion is None:
            raise NotComparable(_("There is no champion to be judged against."))
        if champion == version:
            raise NotComparable(_("This version is the champion itself."))
        try:
            report = request_gate(
                candidate=version,
                champion=champion,
                snapshot=form.validated_data["snapshot"],
                user=signed_in(request),
                now=timezone.now(),
            )
        except EvaluationRefused as error:
            raise _no_test_products() from error
        wake_gate(report)
        return Response(GateReportSerializer(report).data, status=status.HTTP_202_ACCEPTED)


class LiveMeasureViewSet(_Measured[LiveMeasure]):
    """Versions on blind audits and reviews of live products of the last `days`, while they were the
    champion. Workers measure every quarter of an hour where there is something new."""

    queryset = LiveMeasure.objects.select_related("model_version")
    list_and_whole = LiveMeasureSerializer, LiveMeasureDetailSerializer


def _no_test_products() -> exceptions.ValidationError:
    words = _("This snapshot has no test products to measure on.")
    return exceptions.ValidationError({"snapshot": words}, code="no_test_products")


def _compared(old: Evaluation, new: Evaluation, member: str) -> VersionPair:
    try:
        both = answer_pair(old, new, member)
    except version_pairs.NotComparable as error:
        if error.is_gone:
            raise exceptions.NotFound(error.words) from error
        raise NotComparable(error.words) from error
    return version_pair(both, category_names())
