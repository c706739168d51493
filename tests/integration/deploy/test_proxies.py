"""The configurations of proxies in `deploy`, tried with the proxies themselves."""

import os
import shutil
import subprocess
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

DEPLOY = ROOT / "deploy"
BEANSTALK = DEPLOY / "elasticbeanstalk"


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
            return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers).status_code

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


@pytest.mark.parametrize(
    ("proxy", "file"), [("haproxy", "haproxy.cfg"), ("nginx", "nginx.conf"), ("caddy", "Caddyfile")]
)
def test_a_file_that_one_process_has_is_found_during_an_update(proxy: str, file: str, tmp_path: Path) -> None:
    found = shutil.which(proxy)
    if found is None:
        pytest.skip(f"{proxy} is not installed")
    configuration, port = tmp_path / file, free_port()
    text = (DEPLOY / "proxy" / file).read_text("utf-8").replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    servers = []
    with ExitStack() as stack:
        for documented, own in (("127.0.0.1:8001", "/static/1/old.js"), ("127.0.0.1:8002", "/static/2/new.js")):
            handler = type("Process", (FileServer,), {"files": ("/readyz", "/static/1/both.js", own)})
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
            servers.append(server)
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            text = text.replace(documented, f"127.0.0.1:{server.server_port}")
        if proxy == "nginx":
            text = f"daemon off; pid {tmp_path}/pid; events {{}}\nhttp {{ access_log off; {text} }}"
            command = [found, "-e", "stderr", "-c", str(configuration), "-p", str(tmp_path)]
        elif proxy == "caddy":
            text = "{\nadmin off\n}\n" + text.replace("eva.example {", f"http://127.0.0.1:{port} {{")
            command = [found, "run", "--config", str(configuration), "--adapter", "caddyfile"]
        else:
            command = [found, "-db", "-f", str(configuration)]
        configuration.write_text(text, "utf-8")
        environment = os.environ | {"HOME": str(tmp_path)}
        process = stack.enter_context(
            subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
        )
        stack.callback(process.terminate)
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False))

        def statuses(path: str) -> set[int]:
            return {client.get(path).status_code for _ in range(6)}

        for _ in range(200):
            with suppress(httpx.TransportError):
                if statuses("/static/1/both.js") == {HTTPStatus.OK}:
                    break
            time.sleep(0.1)
        assert statuses("/static/1/old.js") == statuses("/static/2/new.js") == {HTTPStatus.OK}
        assert statuses("/static/1/none.js") == statuses("/none") == {HTTPStatus.NOT_FOUND}
        servers[0].shutdown()
        servers[0].server_close()
        assert statuses("/static/2/new.js") == statuses("/static/1/both.js") == {HTTPStatus.OK}


@pytest.mark.parametrize("path", ["proxy/Caddyfile", "container/Caddyfile"])
def test_caddy_accepts_its_configuration(path: str, tmp_path: Path) -> None:
    command = ("caddy", "validate", "--config", DEPLOY / path, "--adapter", "caddyfile")
    assert find_fault(*command, PUBLIC_HOST="eva.example", HOME=str(tmp_path)) == ""
