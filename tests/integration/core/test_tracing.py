"""Traces reach a collector, and hold neither paths nor ids."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from fastapi import FastAPI

from core.errors import TracingUnavailableError
from core.tracing import is_requested, job_span, request_span, tracing
from webhooks.request_metrics import RequestObserver


class Collector(BaseHTTPRequestHandler):
    """Keeps the bodies of requests."""

    bodies: list[bytes]

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What the collector of the standard variables receives."""
    handler = type("Handler", (Collector,), {"bodies": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield handler.bodies  # type: ignore[attr-defined]
        server.shutdown()


async def test_requests_and_jobs_are_traced(received: list[bytes]) -> None:
    app = FastAPI(openapi_url=None)
    app.add_middleware(RequestObserver)

    @app.get("/looks/{look_id}")
    async def show(look_id: str) -> str:
        return look_id

    with tracing("eva-test"):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
            await client.get("/looks/of-mina", headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"})
        with job_span("telegram.update", attempt=1):
            pass
    sent = b"".join(received)
    for text in (b"GET /looks/{look_id}", b"telegram.update", b"eva-test", b"http.route"):
        assert text in sent
    assert b"of-mina" not in sent
    assert b"\xab" * 16 not in sent, "a client does not choose the id of a trace"


def test_traces_are_off_without_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert not is_requested()
    assert not is_requested({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"})
    with tracing("eva-test"), request_span("GET") as span, job_span("task", attempt=0) as other:
        assert (span, other) == (None, None)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(TracingUnavailableError, match="otel"), tracing("eva-test"):
        pytest.fail("it does not start")
