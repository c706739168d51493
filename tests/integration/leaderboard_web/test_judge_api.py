"""`/api/judge` against its OpenAPI document: no server errors, and only documented responses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.unit.leaderboard_web.conftest import serving_site, street_outputs

HEALTH = list(HealthCheck)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def busy_address(samples: Path) -> Iterator[str]:
    """The site with wide limits."""
    with serving_site(street_outputs, samples, writes_per_minute=100_000, photos_per_ip_per_day=100_000) as url:
        yield url


@pytest.fixture(scope="module")
def api(busy_address: str) -> BaseSchema:
    """The OpenAPI document."""
    return schemathesis.openapi.from_url(f"{busy_address}/openapi.json").include(path_regex="^/api/")


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_generated_requests_get_documented_responses(api: BaseSchema, mode: GenerationMode) -> None:
    operations = [result.ok() for result in api.get_all_operations() if isinstance(result, Ok)]
    assert "/api/judge" in {operation.path for operation in operations}
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=HEALTH)
        def send(case: Case[Any]) -> None:
            case.call_and_validate(checks=CHECKS)

        send()


def test_a_verdict_matches_the_schema(api: BaseSchema, busy_address: str, samples: Path) -> None:
    photo = (samples / "street.jpg").read_bytes()
    for fields in ({}, {"echo": "1"}):
        reply = httpx.post(f"{busy_address}/api/judge", files={"photo": photo}, data=fields, timeout=60)
        assert reply.status_code == 200
        reply.request.read()
        api["/api/judge"]["POST"].validate_response(reply)
