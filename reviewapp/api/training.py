"""Training runs, for people who may start them."""

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
from reviewapp.api.serializers.training import (
    TrainingPointSerializer,
    TrainingRequestSerializer,
    TrainingRunSerializer,
)
from reviewapp.domain.snapshots import Filters
from reviewapp.models import TrainingRun
from reviewapp.services import training
from reviewapp.services.snapshots import request_snapshot
from worker.tasks.snapshots import wake_snapshots
from worker.tasks.training import wake_training


class RunInOtherState(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "other_state"


class MayTrain(ByVerb):
    """Who may look at runs reads; who may start them does all the rest."""

    look, act = "view_trainingrun", "add_trainingrun"


class TrainingRunViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[TrainingRun]
):
    """Trainings. One is long work: look at `status` until it is done, failed or cancelled."""

    serializer_class = TrainingRunSerializer
    permission_classes = [permissions.IsAuthenticated, MayTrain]
    pagination_class = ByArrival
    queryset = TrainingRun.objects.select_related("model_version")
    lookup_value_regex = "[0-9]{1,9}"

    @extend_schema(
        request=TrainingRequestSerializer,
        responses={202: TrainingRunSerializer, **problems(400, 401, 403)},
    )
    def create(self, request: Request) -> Response:
        """Ask for a run; its outcome is a candidate model."""
        form = TrainingRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted, now, user = form.validated_data, timezone.now(), signed_in(request)
        snapshot = wanted["snapshot"]
        if snapshot is None and not wanted["base_only"]:
            snapshot = request_snapshot(filters=Filters(), note=wanted["note"], user=user, now=now)
            wake_snapshots(snapshot.pk)
        run = training.request_run(
            snapshot=snapshot,
            has_base=wanted["has_base"],
            config=wanted["config"],
            seed=wanted["seed"],
            note=wanted["note"],
            user=user,
            now=now,
        )
        wake_training(run.pk)
        return Response(TrainingRunSerializer(run).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={200: TrainingPointSerializer(many=True), **problems(401, 403, 404)})
    @action(detail=True, methods=["get"], pagination_class=None)
    def points(self, request: Request, pk: str) -> Response:
        """The run's curves so far, point by point."""
        points = self.get_object().points.order_by("curve", "x")
        return Response(TrainingPointSerializer(points, many=True).data)

    @extend_schema(
        request=None, responses={200: TrainingRunSerializer, **problems(401, 403, 404, 409)}
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a run that waits or goes on."""
        try:
            run = training.cancel_run(run_id=self.get_object().pk, now=timezone.now())
        except training.RunHasEnded as error:
            raise RunInOtherState(_("This run had ended already.")) from error
        return Response(TrainingRunSerializer(run).data)

    @extend_schema(
        request=None, responses={200: TrainingRunSerializer, **problems(401, 403, 404, 409)}
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Let a failed or cancelled run go on from its checkpoint."""
        try:
            run = training.retry_run(run_id=self.get_object().pk)
        except training.RunIsOpen as error:
            words = _("This run has neither failed nor been cancelled.")
            raise RunInOtherState(words) from error
        except training.OtherRunIsOpen as error:
            words = _(
                "Another run that was started automatically is open: wait for its end, or cancel it."
            )
            raise RunInOtherState(words) from error
        wake_training(run.pk)
        return Response(TrainingRunSerializer(run).data)
