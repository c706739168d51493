"""The recipes in `deploy`: the programs that read them accept them, and they name settings and commands that exist."""

import os
import re
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
import yaml

from core.settings import Settings
from eva import app
from tests.conftest import ROOT
from tests.processes import free_port, running_process

Update = Callable[..., list[str]]

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
BEANSTALK = DEPLOY / "elasticbeanstalk"
EXTENSIONS = yaml.safe_load((BEANSTALK / ".ebextensions" / "eva.config").read_text("utf-8"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MAX_EXPOSURE = 20
"""In tenths, as `systemd-analyze security --threshold` takes it; 1.4 is reached."""
IMAGE_USER = 10001
"""In the Dockerfile."""
OTHER_VARIABLES = re.compile(r"AWS_[A-Z_]+|PG[A-Z_]+|DATABASE_URL")


def find_fault(*command: str | Path, **variables: str) -> str:
    """What a checking program finds, warnings included; empty if nothing. Skips the test if it is not installed."""
    program = shutil.which(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [program, *command[1:]], env=variables or None, capture_output=True, text=True, check=False, timeout=60
    )
    accepted = done.returncode == 0 and "warning" not in done.stderr.lower()
    return "" if accepted else f"exit code {done.returncode}\n{done.stdout}{done.stderr}"


def test_haproxy_accepts_its_configuration() -> None:
    assert find_fault("haproxy", "-c", "-f", DEPLOY / "proxy" / "haproxy.cfg") == ""


def test_a_fault_is_found(tmp_path: Path) -> None:
    (tmp_path / "fault.sh").write_text("#!/bin/sh\nrm -r $1\n", "utf-8")
    assert "SC2086" in find_fault("shellcheck", tmp_path / "fault.sh")


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


@pytest.mark.parametrize("script", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_have_no_known_faults(script: Path) -> None:
    assert script.stat().st_mode & 0o100, "it can be executed"
    assert find_fault("shellcheck", "--exclude=SC1091", script) == ""


FAKE_SYSTEMCTL = """#!/bin/sh
test "$1" = list-units && case $4 in *worker*) echo eva-worker@1.service ;; *) echo eva-web@8001.service ;; esac && exit
echo "$1 $2 $(readlink eva)" >> calls
test "$2" != "$FAILING"
"""
FAKE_CURL = """#!/bin/sh
for url; do :; done
echo "$url" >> calls
"""


def make_version(folder: Path, version: str) -> None:
    """Commit and tag a version of a program whose installation names it."""
    units = folder / "deploy" / "systemd"
    (units / "eva-.service.d").mkdir(parents=True, exist_ok=True)
    for name in ("eva-web@.service", "eva-.service.d/hardening.conf"):
        (units / name).write_text(version, "utf-8")
    for name in ("eva-migrate.service", "eva-backup.timer"):
        (units / name).write_text("the same", "utf-8")
    (folder / "Makefile").write_text(f"install:\n\techo {version} > installed\n", "utf-8")
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", version], ["tag", version]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=folder, check=True)


@pytest.fixture
def update(tmp_path: Path) -> Update:
    """Run `update.sh` with a version and the unit that fails, on a machine that runs v1 while there is a v2."""
    source, programs = tmp_path / "source", tmp_path / "bin"
    programs.mkdir()
    for name, script in (("systemctl", FAKE_SYSTEMCTL), ("curl", FAKE_CURL), ("sleep", "#!/bin/sh\n")):
        (programs / name).write_text(script, "utf-8")
        (programs / name).chmod(0o755)
    make_version(source, "v1")
    subprocess.run(["git", "clone", "--quiet", source, tmp_path / "eva-v1"], check=True)
    (tmp_path / "eva").symlink_to("eva-v1")
    make_version(source, "v2")

    def run(version: str, failing: str = "") -> list[str]:
        (tmp_path / "calls").write_text("", "utf-8")
        done = subprocess.run(
            [DEPLOY / "systemd" / "update.sh", version, tmp_path],
            env={"PATH": f"{programs}:{os.environ['PATH']}", "FAILING": failing},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in {0, 1}, done.stderr
        (tmp_path / "messages").write_text(done.stderr, "utf-8")
        calls = (tmp_path / "calls").read_text("utf-8").splitlines()
        assert (done.returncode == 0) is any(call.startswith("restart eva-web") for call in calls), done.stderr
        return calls

    return run


@pytest.mark.parametrize("failing", ["", "eva-migrate"])
def test_an_update_leaves_the_files_of_running_processes_alone(tmp_path: Path, update: Update, failing: str) -> None:
    """A process loads modules and templates when it needs them first, which may be hours after its start."""
    calls = update("v2", failing)
    assert (tmp_path / "eva-v1" / "Makefile").read_text("utf-8") == "install:\n\techo v1 > installed\n"
    assert (tmp_path / "eva-v2" / "installed").read_text("utf-8") == "v2\n"
    assert calls[:2] == ["start eva-backup eva-v1", "start eva-migrate eva-v2"]
    assert (tmp_path / "eva").readlink() == Path("eva-v1" if failing else "eva-v2")
    restarted = [
        "restart eva-worker@1.service eva-v2",
        "http://127.0.0.1:9101/readyz",
        "restart eva-web@8001.service eva-v2",
        "http://127.0.0.1:8001/readyz",
    ]
    assert calls[2:] == ([] if failing else restarted)


def test_going_back_needs_no_backup_and_an_update_does(tmp_path: Path, update: Update) -> None:
    """A version that does not start makes no backup either."""
    assert update("v2", "eva-backup") == ["start eva-backup eva-v1"]
    assert update("v2")
    assert update("v1", "eva-backup")[:2] == ["start eva-backup eva-v2", "start eva-migrate eva-v1"]
    assert (tmp_path / "eva").readlink() == Path("eva-v1")


def test_an_update_names_the_units_that_have_to_be_copied(tmp_path: Path, update: Update) -> None:
    copied = []
    for version in ("v2", "v2"):
        update(version)
        copied.append(re.findall(r"copy it to (.+)$", (tmp_path / "messages").read_text("utf-8"), re.MULTILINE))
    folder = "/etc/systemd/system"
    assert copied == [[f"{folder}/eva-web@.service", f"{folder}/eva-.service.d/hardening.conf"], []]


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units with a name for each instance, and a program that exists."""
    for path in (*UNITS, DEPLOY / "systemd" / "eva-backup.timer"):
        text = path.read_text("utf-8").replace("/srv/eva/.venv/bin/eva", "/bin/true")
        (tmp_path / path.name.replace("@", "@8001")).write_text(text, "utf-8")
    shutil.copytree(DEPLOY / "systemd" / "eva-.service.d", tmp_path / "eva-.service.d")
    return sorted(path for path in tmp_path.iterdir() if path.is_file())


def test_systemd_accepts_the_units(units: list[Path]) -> None:
    assert find_fault("systemd-analyze", "verify", *units) == ""


def test_systemd_accepts_the_units_of_elastic_beanstalk() -> None:
    assert find_fault("systemd-analyze", "verify", *sorted((BEANSTALK / ".platform" / "systemd").iterdir())) == ""


def test_the_units_are_hardened(units: list[Path]) -> None:
    services = [unit for unit in units if unit.suffix == ".service"]
    command = ("systemd-analyze", "security", "--offline=true", f"--threshold={MAX_EXPOSURE}", "--no-pager")
    assert find_fault(*command, *services) == ""


def started_commands() -> Iterator[tuple[str, list[str]]]:
    """Where `eva` is started, and its arguments."""
    for unit in UNITS:
        (command,) = re.findall(r"^ExecStart=/srv/eva/.venv/bin/eva (.*)$", unit.read_text("utf-8"), re.MULTILINE)
        yield unit.name, shlex.split(command)
    for name, service in COMPOSE["services"].items():
        if service.get("image") == "eva":
            yield f"compose {name}", shlex.split(service["command"])[1:]
    for path in (ROOT / "Procfile", BEANSTALK / "Procfile"):
        for line in path.read_text("utf-8").splitlines():
            yield path.name, shlex.split(line.partition("eva ")[2].replace("${PORT:-8000}", "8000"))
    unit = BEANSTALK / ".platform" / "systemd" / "eva-backup.service"
    (command,) = re.findall(r"^ExecStart=.* eva (.*)'$", unit.read_text("utf-8"), re.MULTILINE)
    yield "elasticbeanstalk", shlex.split(command)


def test_recipes_start_commands_that_exist() -> None:
    group: Any = typer.main.get_command(app)
    commands = list(started_commands())
    assert {place for place, _ in commands} >= {"Procfile", "compose web", *(unit.name for unit in UNITS)}
    for place, (name, *arguments) in commands:
        command = group.commands[name]
        values = [argument.replace("%i", "8001") for argument in arguments]
        assert command.make_context(name, list(values), resilient_parsing=False), place


def set_variables() -> Iterator[tuple[str, str]]:
    """Where variables are set, and their names."""
    for path in sorted(DEPLOY.rglob("*.env.example")):
        for line in path.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                yield path.name, line.partition("=")[0]
    for name in COMPOSE["x-eva"]["environment"]:
        yield "compose.yaml", name
    for name in EXTENSIONS["option_settings"]["aws:elasticbeanstalk:application:environment"]:
        yield "eva.config", name
    for name in re.findall(r"(EVA_[A-Z_]+)=", (ROOT / "Dockerfile").read_text("utf-8")):
        yield "Dockerfile", name


def test_recipes_set_variables_that_exist() -> None:
    known = {f"EVA_{name.upper()}" for name in Settings.model_fields}
    unknown = [found for found in set_variables() if found[1] not in known and not OTHER_VARIABLES.fullmatch(found[1])]
    assert unknown == []


def test_hadolint_finds_no_fault_in_the_image() -> None:
    assert find_fault("hadolint", "--failure-threshold=style", ROOT / "Dockerfile") == ""


def test_the_image_runs_without_rights_and_copies_what_it_needs() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert f"USER {IMAGE_USER}" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    copied = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert all((ROOT / path).exists() for path in copied)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (packages,) = re.findall(r"^include = \[(.*)\]$", project, re.MULTILINE)
    assert {name.strip('"* ') for name in packages.split(",")} <= copied


def test_containers_are_backed_up_to_a_disk_of_the_host() -> None:
    """Not to the storage that the variables of the others lead to, and the dump not to memory."""
    service, guide = COMPOSE["services"]["backup"], (ROOT / "docs" / "deployment.md").read_text("utf-8")
    folder, temporary = service["volumes"]
    target = shlex.split(service["command"])[-1]
    assert folder.endswith(f":{target}")
    assert service["environment"]["TMPDIR"] == temporary
    unit = (DEPLOY / "systemd" / "eva-backup.service").read_text("utf-8")
    assert f"Environment=TMPDIR={temporary}" in unit.splitlines(), "/tmp is in memory on some systems"
    assert temporary not in {mount.partition(":")[0] for mount in service["tmpfs"]}
    assert service["profiles"] == ["backup"], "not started with the others"
    assert "docker compose run --rm backup`" in guide
    assert f"docker compose run --rm backup eva restore {target}`" in guide
    assert f"install -d -o {IMAGE_USER} " in guide


def test_images_of_containers_have_versions() -> None:
    images = [service["image"] for service in COMPOSE["services"].values() if service["image"] != "eva"]
    assert [image for image in images if ":" not in image or image.endswith(":latest")] == []


def test_logs_of_containers_have_a_limit() -> None:
    unlimited = [
        name
        for name, service in COMPOSE["services"].items()
        if service.get("restart") == "unless-stopped"
        and "max-size" not in service.get("logging", {}).get("options", {})
    ]
    assert unlimited == []


def test_containers_have_neither_rights_nor_a_writable_image() -> None:
    for name, service in COMPOSE["services"].items():
        if service.get("image") == "eva":
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
    published = [name for name, service in COMPOSE["services"].items() if "ports" in service]
    assert published == ["caddy"]
