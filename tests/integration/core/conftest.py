"""An S3 that listens on a real socket (moto)."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from moto.server import ThreadedMotoServer

from core.object_storage import ObjectStorage


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Endpoint of a fake S3 server with one empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx.put(f"http://{host}:{port}/pictures", timeout=120).raise_for_status()
    yield f"http://{host}:{port}"
    server.stop()


S3_OPTIONS: dict[str, Any] = {
    "access_key_id": "test",
    "secret_access_key": "test",
    "region": "us-east-1",
    "client_options": {"allow_http": True},
}


def s3_storage(address: str) -> ObjectStorage:
    """Pictures in that bucket."""
    return ObjectStorage("s3://pictures/some/prefix", endpoint=address, **S3_OPTIONS)
