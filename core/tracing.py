"""Traces by OpenTelemetry, if its standard variables name a collector; otherwise nothing is imported and nothing done.

`OTEL_EXPORTER_OTLP_ENDPOINT` (or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) turns them on, `OTEL_SDK_DISABLED=true` off;
headers, sampling and names are set by OpenTelemetry's other variables. Spans hold templates of routes, names of
tasks and numbers, never addresses, ids of people or texts.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import TracingUnavailableError
from core.version import get_version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
INSTRUMENTATION = "eva"

_providers: list["TracerProvider"] = []
"""The provider of the process; empty while traces are off."""


def is_requested(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the variables name a collector."""
    is_disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not is_disabled and any(environment.get(name) for name in ENDPOINT_VARIABLES)


@contextmanager
def tracing(service: str) -> Iterator[None]:
    """Export spans in batches until the end of the block, if that is requested.

    Args:
        service: name of the kind of process, unless OTEL_SERVICE_NAME has another one.

    Raises:
        TracingUnavailableError: it is requested, and the extra `otel` is not installed.
    """
    if not is_requested():
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise TracingUnavailableError from error
    name = os.environ.get("OTEL_SERVICE_NAME", service)
    provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": get_version()}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _providers.append(provider)
    try:
        yield
    finally:
        _providers.remove(provider)
        # Sends what is left.
        provider.shutdown()


@contextmanager
def request_span(method: str) -> Iterator["Span | None"]:
    """A span for a request; None while traces are off.

    `traceparent` is not read: clients could choose ids of traces, and which requests are sampled.
    """
    if not _providers:
        yield None
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    tracer = _providers[-1].get_tracer(INSTRUMENTATION)
    with tracer.start_as_current_span(method, kind=SpanKind.SERVER) as span:
        yield span


@contextmanager
def job_span(task: str, attempt: int) -> Iterator["Span | None"]:
    """A span for one attempt of a job; None while traces are off."""
    if not _providers:
        yield None
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415

    tracer = _providers[-1].get_tracer(INSTRUMENTATION)
    attributes = {"eva.attempt": attempt}
    with tracer.start_as_current_span(task, kind=SpanKind.CONSUMER, attributes=attributes) as span:
        yield span
