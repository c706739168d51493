"""Proxies in front of web processes, with the configurations in `deploy/proxy`."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.processes import free_port

FILES = {"caddy": "Caddyfile", "haproxy": "haproxy.cfg", "nginx": "nginx.conf"}
WEB_PROCESSES = ("127.0.0.1:8001", "127.0.0.1:8002")
START_SECONDS = 60.0


@contextmanager
def running_proxy(kind: str, folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """Run a proxy in front of two processes at these ports; yields its URL when one of them has answered `/healthz`.

    The test is skipped if the proxy is not installed.

    Args:
        kind: of `FILES`.
        folder: for its files.
        ports: of the processes.

    Raises:
        AssertionError: it ended, or does not answer. The message holds its output.
    """
    program = shutil.which(kind, path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip(f"{kind} is not installed")
    port, path = free_port(), folder / FILES[kind]
    text = (ROOT / "deploy" / "proxy" / FILES[kind]).read_text("utf-8")
    for documented, used in zip(WEB_PROCESSES, ports, strict=True):
        text = text.replace(documented, f"127.0.0.1:{used}")
    match kind:
        case "caddy":
            text = "{\nadmin off\n}\n" + text.replace("eva.example", f"http://127.0.0.1:{port}")
            command = ["run", "--config", str(path), "--adapter", "caddyfile"]
        case "haproxy":
            text = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
            command = ["-db", "-f", str(path)]
        case _:
            text = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
            text = f"daemon off; pid {folder}/nginx.pid; events {{}}\nhttp {{ access_log off; {text} }}"
            command = ["-e", "stderr", "-c", str(path), "-p", str(folder)]
    path.write_text(text, "utf-8")
    output = folder / f"{kind}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [program, *command], env=os.environ | {"HOME": str(folder)}, stdout=log, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _is_answered(f"{url}/healthz"):
            assert process.poll() is None, output.read_text("utf-8")
            assert time.monotonic() < deadline, output.read_text("utf-8")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def _is_answered(url: str) -> bool:
    """Whether a URL is answered with 200, by a process that has not hung up or hangs."""
    with suppress(httpx.TransportError):
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    return False
