"""The API's limits, counted like those of the pages."""

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from reviewapp.network import count_person
from reviewapp.services import limits


class IngestThrottle(BaseThrottle):
    """At most so many requests with products per account: settings.RATE_LIMITS["ingest"]."""

    _retry_after: int | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            count_person(request, "ingest")
        except limits.LimitReached as reached:
            self._retry_after = reached.retry_after
            return False
        return True

    def wait(self) -> float | None:
        return self._retry_after
