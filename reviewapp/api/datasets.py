"""Snapshots, their differences and their exports, for people who may make them."""

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, mixins, permissions, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from reviewapp.api.errors import problems
from reviewapp.api.paging import ByArrival
from reviewapp.api.permissions import ByVerb, signed_in
from reviewapp.api.serializers.datasets import (
    DiffSerializer,
    ExportRequestSerializer,
    ExportSerializer,
    SnapshotRequestSerializer,
    SnapshotSerializer,
)
from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.domain.snapshots import Filters
from reviewapp.file_ranges import ranged_file
from reviewapp.models import DatasetExport, DatasetSnapshot
from reviewapp.selectors.exports import export_path
from reviewapp.selectors.snapshots import SnapshotAltered, finished_snapshots, snapshot_pair
from reviewapp.services.exports import SnapshotUnfinished, request_export
from reviewapp.services.snapshots import request_snapshot
from worker.tasks.exports import wake_exports
from worker.tasks.snapshots import wake_snapshots

_LARGEST_ID = 2**31 - 1


class MayExport(ByVerb):
    """Who may look at datasets reads; who may make them asks for new ones."""

    look, act = "view_datasetexport", "add_datasetexport"


class SnapshotViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[DatasetSnapshot]
):
    """Frozen datasets. Making one is long work: look at `status` until it is done or failed."""

    serializer_class = SnapshotSerializer
    permission_classes = [permissions.IsAuthenticated, MayExport]
    pagination_class = ByArrival
    queryset = DatasetSnapshot.objects.all()
    lookup_value_regex = "[0-9]{1,9}"

    @extend_schema(
        request=SnapshotRequestSerializer,
        responses={202: SnapshotSerializer, **problems(400, 401, 403)},
    )
    def create(self, request: Request) -> Response:
        """Ask for a snapshot of the labels that are live now."""
        form = SnapshotRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        snapshot = request_snapshot(
            filters=Filters(
                sources=tuple(form.validated_data["sources"]),
                is_blind_only=form.validated_data["blind_only"],
                decided_from=form.validated_data["decided_from"],
                decided_until=form.validated_data["decided_until"],
            ),
            note=form.validated_data["note"],
            user=signed_in(request),
            now=timezone.now(),
        )
        wake_snapshots(snapshot.pk)
        return Response(SnapshotSerializer(snapshot).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[OpenApiParameter("to", int, required=True, description="The other snapshot.")],
        responses={200: DiffSerializer, **problems(400, 401, 403, 404)},
    )
    @action(detail=True, methods=["get"])
    def diff(self, request: Request, pk: str) -> Response:
        """What is added, removed and relabelled from this snapshot to another, as product ids."""
        old, new = _finished(pk), _finished(request.query_params.get("to", ""))
        try:
            diff = snapshot_pair(old, new).diff
        except (FileNotFoundError, SnapshotAltered) as error:
            raise exceptions.NotFound from error
        return Response(DiffSerializer(diff).data)

    @extend_schema(
        request=ExportRequestSerializer,
        responses={202: ExportSerializer, **problems(400, 401, 403, 404, 409)},
    )
    @action(detail=True, methods=["post"])
    def exports(self, request: Request, pk: str) -> Response:
        """Ask for a finished snapshot as a file."""
        form = ExportRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            export = request_export(
                snapshot=self.get_object(),
                export_format=ExportFormat(form.validated_data["format"]),
                user=signed_in(request),
                now=timezone.now(),
            )
        except SnapshotUnfinished as error:
            raise SnapshotNotFinished from error
        wake_exports(export.pk)
        return Response(ExportSerializer(export).data, status=status.HTTP_202_ACCEPTED)


class SnapshotNotFinished(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "The snapshot is not finished."
    default_code = "not_finished"


class ExportViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet[DatasetExport]):
    """Exports: rows, size and sha256 are known before the file is fetched."""

    serializer_class = ExportSerializer
    permission_classes = [permissions.IsAuthenticated, MayExport]
    queryset = DatasetExport.objects.all()
    lookup_value_regex = "[0-9]{1,9}"

    @extend_schema(
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            206: OpenApiResponse(description="The range that was asked for."),
            **problems(401, 403, 404),
        }
    )
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> HttpResponse | FileResponse:
        """The file; `Range` with `If-Range` goes on where a download broke."""
        export = get_object_or_404(self.get_queryset(), pk=pk, status=JobStatus.DONE)
        path = export_path(export)
        if not path.is_file():
            raise Http404
        return ranged_file(request._request, path, etag=export.sha256)


def _finished(number: str) -> DatasetSnapshot:
    if not number.isdecimal() or int(number) > _LARGEST_ID:
        raise exceptions.NotFound
    return get_object_or_404(finished_snapshots(), pk=int(number))
