"""The configurations of proxies in `deploy`, tried with the proxies themselves."""

import os
import re
import shutil
import socket
import textwrap
import threading
import time
from contextlib import ExitStack, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.integration.deploy.checking_programs import find_fault
from tests.processes import free_port, running_process
from tests.proxies import FILES, running_proxy

DEPLOY = ROOT / "deploy"
BEANSTALK = DEPLOY / "elasticbeanstalk"
NOTICE_SECONDS = 60.0
"""Time for Caddy to notice a process that hangs; on an idle machine it takes four seconds."""


def test_haproxy_accepts_its_configuration() -> None:
    assert find_fault("haproxy", "-c", "-f", DEPLOY / "proxy" / "haproxy.cfg") == ""


@pytest.mark.parametrize("path", ["proxy/nginx.conf", "elasticbeanstalk/.platform/nginx/conf.d/eva.conf"])
def test_nginx_accepts_its_configuration(path: str, tmp_path: Path) -> None:
    configuration = tmp_path / "nginx.conf"
    text = (DEPLOY / path).read_text("utf-8")
    configuration.write_text(f"pid {tmp_path}/pid; events {{}}\nhttp {{ access_log off; {text} }}")
    assert find_fault("nginx", "-t", "-e", tmp_path / "log", "-c", configuration, "-p", tmp_path) == ""


def test_elastic_beanstalk_hides_what_operators_ask_for(tmp_path: Path) -> None:
    """Only the load balancer itself, whose requests have passed no proxy, asks whether an instance is ready."""
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    folder, port = BEANSTALK / ".platform" / "nginx" / "conf.d", free_port()
    server = (
        f"server {{ listen 127.0.0.1:{port}; include {folder}/elasticbeanstalk/*.conf; location / {{ return 204; }} }}"
    )
    configuration = tmp_path / "nginx.conf"
    http = f"access_log off; include {folder}/*.conf; {server}"
    configuration.write_text(f"daemon off; pid {tmp_path}/pid; error_log stderr notice; events {{}}\nhttp {{ {http} }}")
    command = ["nginx", "-e", "stderr", "-c", str(configuration), "-p", str(tmp_path)]
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
    with running_process(command, ready="start worker process", cwd=tmp_path, env=environment):

        def status(path: str, **headers: str) -> int:
            return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=60).status_code

        outside = {"X-Forwarded-For": "192.0.2.1"}
        assert [status(path, **outside) for path in ("/metrics", "/statusz", "/readyz")] == [404, 404, 404]
        assert [status(path, **outside) for path in ("/", "/healthz", "/looks/metrics")] == [204, 204, 204]
        assert [status(path) for path in ("/metrics", "/readyz")] == [404, 204]


class FileServer(BaseHTTPRequestHandler):
    """A web process that has some files."""

    files: tuple[str, ...] = ()

    def do_GET(self) -> None:
        self.send_response(HTTPStatus.OK if self.path in self.files else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_one_process_has_is_found_during_an_update(kind: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = []
        for own in ("/static/1/old.js", "/static/2/new.js"):
            handler = type("Process", (FileServer,), {"files": ("/healthz", "/readyz", "/static/1/both.js", own)})
            servers.append(stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler)))
            stack.callback(servers[-1].shutdown)
            threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        url = stack.enter_context(running_proxy(kind, tmp_path, [server.server_port for server in servers]))
        client = stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=60))

        def statuses(path: str) -> set[int]:
            return {client.get(path).status_code for _ in range(6)}

        assert statuses("/static/1/old.js") == statuses("/static/2/new.js") == {HTTPStatus.OK}
        assert statuses("/static/1/none.js") == statuses("/none") == {HTTPStatus.NOT_FOUND}
        servers[0].shutdown()
        servers[0].server_close()
        assert statuses("/static/2/new.js") == statuses("/static/1/both.js") == {HTTPStatus.OK}


def get_in_time(client: httpx.Client, path: str) -> httpx.Response | None:
    """The response to a request; None if there is none in the client's time."""
    with suppress(httpx.ReadTimeout):
        return client.get(path)
    return None


def test_caddy_soon_asks_no_process_for_files_that_hangs(tmp_path: Path) -> None:
    handler = type("Process", (FileServer,), {"files": ("/healthz", "/readyz", "/static/1/both.js")})
    with ExitStack() as stack:
        hanging = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        stack.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = stack.enter_context(running_proxy("caddy", tmp_path, [hanging.getsockname()[1], server.server_port]))
        client = stack.enter_context(httpx.Client(base_url=url, timeout=1, trust_env=False))
        deadline = time.monotonic() + NOTICE_SECONDS
        # Requests wait for it until the first check of its health has failed.
        while not (reply := get_in_time(client, "/static/1/both.js")) and time.monotonic() < deadline:
            pass
        assert reply is not None
        assert reply.status_code == HTTPStatus.OK


@pytest.mark.parametrize("path", ["proxy/Caddyfile", "container/Caddyfile"])
def test_caddy_accepts_its_configuration(path: str, tmp_path: Path) -> None:
    command = ("caddy", "validate", "--config", DEPLOY / path, "--adapter", "caddyfile")
    assert find_fault(*command, PUBLIC_HOST="eva.example", HOME=str(tmp_path)) == ""


def test_caddy_accepts_the_redirect_of_a_former_domain(tmp_path: Path) -> None:
    guide = (ROOT / "docs/deployment.md").read_text("utf-8")
    [block] = re.findall(r"^ *```caddyfile\n(.*?)^ *```$", guide, re.DOTALL | re.MULTILINE)
    caddyfile = tmp_path / "Caddyfile"
    caddyfile.write_text(textwrap.dedent(block))
    command = ("caddy", "validate", "--config", caddyfile, "--adapter", "caddyfile")
    assert find_fault(*command, HOME=str(tmp_path)) == ""
