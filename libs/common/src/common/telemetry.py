"""Logs, traces and metrics: JSON lines on standard output, OpenTelemetry spans, Prometheus figures.

Ids are bound once, where a message or a request comes in; every log line in its scope carries them and
the trace id, so that one trace id finds the lines of all services.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

REDACTED = "[redacted]"
FLUSH_MILLISECONDS = 2000
SECRET_NAMES = re.compile(
    r"authorization|(?:api|ws|shop|webservice|private|signing)[_-]?key|password|secret|token|cookie|^key$",
    re.IGNORECASE,
)
SECRET_VALUES = re.compile(
    r"pm_(?:live|test|refresh)_\w+"
    r"|whsec_[\w+/=-]+"
    r"|eyJ[\w-]+\.[\w.-]+"  # a JWT
    r"|(?<=://)[^/@\s:]*:[^@\s/]+(?=@)"  # user and password of an address
    r"|(?<=ws_key=)\w+"
    r"|(?i:(?<=bearer )|(?<=basic ))[\w+/=.~-]{8,}"
)

SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Bounds for histograms of seconds; OpenTelemetry's own are meant for milliseconds."""

tracer = trace.get_tracer("skuwire")
meter = metrics.get_meter("skuwire")


def set_up_telemetry(service: str, *, log_level: str = "INFO", otlp_endpoint: str | None = None) -> None:
    """Install logging, tracing and metrics for this process. Call it once, first."""
    _set_up_logging(service, log_level)
    resource = Resource.create({"service.name": service, "service.namespace": "skuwire"})
    provider = TracerProvider(resource=resource)
    if otlp_endpoint:
        provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces"))
        )
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[PrometheusMetricReader()]))


def flush_telemetry() -> None:
    """Send the spans that have not been sent yet, in bounded time."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush(FLUSH_MILLISECONDS)


def redact_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace values whose name or form is that of a secret, at any depth."""
    for name, value in event.items():
        if name.startswith("_"):
            continue  # structlog's own, never written
        event[name] = REDACTED if SECRET_NAMES.search(name) and value else _redacted(value)
    return event


def redact_text(text: str) -> str:
    """The text without what has the form of a secret."""
    return SECRET_VALUES.sub(REDACTED, text)


def _redacted(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {
            redact_text(str(k)): REDACTED if SECRET_NAMES.search(str(k)) and v else _redacted(v)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(v) for v in value]
    return redact_text(repr(value))  # as the renderer would show it


def _add_trace(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event


def _set_up_logging(service: str, log_level: str) -> None:
    def add_service(
        _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        return {"service": service, **event}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        add_service,
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)  # locals hold payloads and keys
        ),
        redact_secrets,
    ]
    renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[log_level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(
        handlers=[handler], level=max(logging.WARNING, logging.getLevelNamesMapping()[log_level]), force=True
    )
