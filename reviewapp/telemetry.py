"""Sentry and OpenTelemetry: each only when the environment asks for it, and without personal data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from reviewapp import __version__, correlation
from reviewapp.logs import without_personal_data

# Who asked, from where, and what they searched for.
_PERSONAL: Final = (
    "http.url",
    "http.client_ip",
    "http.user_agent",
    "net.peer.ip",
    "client.address",
    "url.full",
    "url.query",
    "user_agent.original",
)


def start(service: str) -> None:
    """Begin to report errors and traces of this process, as far as settings name a receiver.

    Call it once in each process, after any fork: what sends has threads of its own.
    service: the name in traces. Raises ImproperlyConfigured when the package is not installed.
    """
    if settings.SENTRY_DSN:
        _report_errors()
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        _trace(service)


def cleaned(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """Leave of an error report what a programmer needs: the error, where, and the correlation id."""
    for name in ("user", "breadcrumbs", "extra"):
        event.pop(name, None)
    request = event.pop("request", {})
    event["request"] = {"method": request.get("method", "")}
    event.setdefault("tags", {}).update(
        {name: str(value) for name, value in correlation.context().items()}
    )
    for error in (event.get("exception") or {}).get("values", []):
        error["value"] = without_personal_data(str(error.get("value") or ""))
    if entry := event.get("logentry"):
        words = entry.get("formatted") or entry.get("message") or ""
        event["logentry"] = {"message": without_personal_data(words)}
    return event


def _report_errors() -> None:
    try:
        import sentry_sdk
    except ImportError as error:
        raise _missing("SENTRY_DSN", "sentry") from error
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"bonrayon@{__version__}",
        send_default_pii=False,
        # They hold texts of products.
        include_local_variables=False,
        max_request_body_size="never",
        before_send=cleaned,
    )


def _trace(service: str) -> None:
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.celery import CeleryInstrumentor
        from opentelemetry.instrumentation.django import DjangoInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import Status
    except ImportError as error:
        raise _missing("OTEL_EXPORTER_OTLP_ENDPOINT", "otel") from error

    class Exporter(OTLPSpanExporter):  # type: ignore[misc]  # an optional package
        """Leaves out who called, and the words of errors: those are for the log."""

        def export(self, spans: Iterable[ReadableSpan]) -> Any:
            return super().export([anonymous(span) for span in spans])

    def anonymous(span: ReadableSpan) -> ReadableSpan:
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=impersonal(span.attributes or {}),
            links=span.links,
            kind=span.kind,
            status=Status(span.status.status_code),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def note_correlation(span: Any, _request: object, response: Mapping[str, str]) -> None:
        # The span begins before our middleware knows the id.
        span.set_attribute("correlation_id", response.get("X-Request-ID", ""))

    about = Resource.create({"service.name": service, "service.version": __version__})
    provider = TracerProvider(resource=about)
    provider.add_span_processor(BatchSpanProcessor(Exporter()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(response_hook=note_correlation)
    CeleryInstrumentor().instrument()


def impersonal(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a span's attributes without the caller and without what an address asks for."""
    kept = {name: value for name, value in attributes.items() if name not in _PERSONAL}
    if "http.target" in kept:
        kept["http.target"] = str(kept["http.target"]).partition("?")[0]
    return kept


def _missing(setting: str, extra: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{setting} is set, but its package is not installed: pip install 'bonrayon[{extra}]',"
        f" or unset {setting}."
    )
