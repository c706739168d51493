"""The `eva` command as a process: terminals, imports, servers."""

import json
import os
import re
import socket
import subprocess
import sys
from html import unescape
from pathlib import Path

import httpx
import pytest

from core.i18n.translations import Language, translate
from core.styles import STYLES
from core.vision.classifier import BUNDLED_MODEL_DIR
from tests.conftest import ROOT, RunEva
from tests.databases import copy_cluster
from tests.html import look_ids, select
from tests.processes import free_port, running_process

EN = Language.EN
ADDRESS = r"http://127\.0\.0\.1:\d+"
DEVELOPMENT_ONLY = {"tensorflow", "keras", "sklearn", "matplotlib", "scipy"}
SERVER_ONLY = {"sqlalchemy", "asyncpg", "fastapi", "starlette", "telegram", "procrastinate"}
MAX_ASK_MEGABYTES = 200


@pytest.mark.parametrize("speed", ["--fast", None])
def test_ask_animates_messages_in_a_terminal(
    environment: dict[str, str], samples: Path, tmp_path: Path, speed: str | None
) -> None:
    import pty

    terminal, program_side = pty.openpty()
    command = [sys.executable, "-m", "eva", "ask", str(samples / "street.jpg"), *filter(None, [speed])]
    variables = environment | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "100"}
    child = subprocess.Popen(
        command, cwd=tmp_path, env=variables, stdin=program_side, stdout=program_side, stderr=program_side
    )
    os.close(program_side)
    output = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        output += chunk
    os.close(terminal)
    assert child.wait(60) == 0
    screen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.decode())
    assert "╭" in screen
    assert re.search(r"\d+ %", screen)
    first_message = {line.strip() for line in re.findall(r"│ ([^│]*?) *│", screen)}
    assert len(first_message) < 10 if speed else len(first_message) > 20


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("encoding", ["ascii", "cp949"])
def test_a_terminal_that_is_not_in_utf_8_gets_what_it_can_show(
    environment: dict[str, str], samples: Path, tmp_path: Path, encoding: str, language: Language
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eva", "ask", str(samples / "street.jpg"), "--lang", language],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(rb"\d+ % #####", done.stdout)
    if encoding == "cp949":
        assert translate("cli.saved", language, path="street-eva.jpg") in done.stdout.decode(encoding)


def test_json_names_a_file_that_is_not_utf_8(environment: dict[str, str], samples: Path, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.jpg"
    Path(os.fsdecode(name)).write_bytes((samples / "street.jpg").read_bytes())
    done = subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"eva", b"judge", name, b"--json"],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert os.fsencode(json.loads(done.stdout)["photo"]) == name


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["judge", "--json"], ["judge"]], ids=" ".join)
def test_output_to_a_full_disk_is_one_sentence(
    environment: dict[str, str], samples: Path, arguments: list[str]
) -> None:
    photo = [str(samples / "street.jpg")] if "judge" in arguments else []
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "eva", *arguments, *photo],
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stderr.strip()) == (1, translate("cli.disk_full", EN))


def test_an_interruption_of_the_imports_is_no_traceback(environment: dict[str, str]) -> None:
    script = (
        "import os, signal, sys, eva\n"
        "class Interruption:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interruption())\n"
        "eva.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.skipif(not (BUNDLED_MODEL_DIR / "model.json").exists(), reason="no model")
@pytest.mark.parametrize("command", ["ask", "judge", "doctor", "run"])
def test_commands_import_only_what_they_need(
    environment: dict[str, str], samples: Path, tmp_path: Path, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        # `run` fails at an occupied port, after it has imported everything that it serves with.
        arguments = {
            "ask": [str(samples / "retro.jpg")],
            "judge": [str(samples)],
            "run": ["--port", str(occupied.getsockname()[1])],
        }
        script = (
            "import sys, eva.cli\n"
            "from pathlib import Path\n"
            f"eva.cli.app({[command, *arguments.get(command, [])]!r}, standalone_mode=False)\n"
            # Not `getrusage`: it counts the memory of the test process, from which this one was forked.
            "status = Path('/proc/self/status')\n"
            "print(status.read_text().partition('VmHWM:')[2].split()[0] if status.exists() else 0, file=sys.stderr)\n"
            "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(ROOT), "EVA_ENGINE": "litert"},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    *_, kilobytes, modules = done.stderr.splitlines()
    imported = set(modules.split())
    assert "PIL" in imported
    assert not imported & DEVELOPMENT_ONLY
    if command in {"ask", "judge"}:
        assert not imported & SERVER_ONLY
    if command == "ask" and sys.platform == "linux":
        assert 0 < int(kilobytes) / 1024 < MAX_ASK_MEGABYTES


def test_training_without_its_extra_names_what_to_install(environment: dict[str, str], tmp_path: Path) -> None:
    script = (
        "import sys, eva.cli\n"
        "sys.modules['tensorflow'] = None\n"
        f"eva.cli.app(['train', '--data', {str(tmp_path)!r}, '--out', 'run'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == translate("cli.no_training", EN)


def test_run_prints_its_address_and_stops_on_interrupt(environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "eva", "run", "--port", "0"]
    variables = environment | {"PYTHONPATH": str(ROOT), "EVA_ENV": "development", "PYTHONUNBUFFERED": "1"}
    with running_process(command, ready=ADDRESS, cwd=tmp_path, env=variables) as (process, address):
        assert httpx.get(f"{address}/readyz", timeout=30).json()["status"] == "ok"
    assert process.returncode == 0


def test_run_without_a_worker_leaves_jobs_to_other_processes(
    environment: dict[str, str], tmp_path: Path, cluster: Path
) -> None:
    copy_cluster(cluster, tmp_path / ".eva")
    command = [sys.executable, "-m", "eva", "run", "--port", "0"]
    variables = environment | {"PYTHONPATH": str(ROOT), "EVA_RUN_WORKER": "false", "PYTHONUNBUFFERED": "1"}
    variables["EVA_METRICS_PORT"] = str(free_port())
    with running_process(command, ready=ADDRESS, cwd=tmp_path, env=variables) as (_, address):
        for root in (address, f"http://127.0.0.1:{variables['EVA_METRICS_PORT']}"):
            assert httpx.get(f"{root}/healthz", timeout=30).status_code == 200


def test_run_on_an_occupied_port_fails_with_advice(eva: RunEva) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        done = eva("run", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.strip() == translate("cli.port_taken", EN, port=port)


def test_a_worker_on_an_occupied_metrics_port_fails_with_advice(eva: RunEva) -> None:
    with socket.create_server(("0.0.0.0", 0)) as occupied:
        port = occupied.getsockname()[1]
        done = eva("worker", EVA_METRICS_PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.strip() == translate("cli.metrics_port_taken", EN, port=port)


def test_run_refuses_the_scripted_engine_in_production(eva: RunEva) -> None:
    done = eva("run", "--port", "0", EVA_ENV="production")
    assert done.returncode == 1
    assert "http://" not in done.stdout


def test_run_explains_a_missing_model(eva: RunEva, tmp_path: Path) -> None:
    done = eva("run", "--port", "0", EVA_ENGINE="litert", EVA_MODEL_DIR=str(tmp_path))
    assert done.returncode == 1
    assert translate("cli.doctor.model.fix", EN) in done.stderr
    assert "Traceback" not in done.stderr


def test_run_says_what_it_does_before_it_imports_the_servers(environment: dict[str, str], tmp_path: Path) -> None:
    script = "import sys, eva.cli\nsys.modules['bot.app'] = None\neva.cli.app(['run', '--port', '0'])\n"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == translate("cli.starting", EN)
    assert "ModuleNotFoundError" in done.stderr


def test_demo_has_looks_and_a_link_for_a_moderator_at_each_start(
    environment: dict[str, str], tmp_path: Path, cluster: Path
) -> None:
    copy_cluster(cluster, tmp_path / ".eva" / "demo")
    command = [sys.executable, "-m", "eva", "demo", "--port", "0"]
    variables = environment | {"PYTHONPATH": str(ROOT), "EVA_ENGINE": "litert", "DATABASE_URL": "postgresql://:1/no"}
    for _ in range(2):
        with (
            running_process(command, ready=ADDRESS + r"/login/link/\S+", cwd=tmp_path, env=variables) as (_, link),
            httpx.Client(follow_redirects=True, timeout=60, headers={"Accept-Language": "en"}) as browser,
        ):
            root = link.partition("/login")[0]
            board = browser.get(root)
            assert len(look_ids(board)) == len(STYLES)
            assert len(select(board, ".looks .seen")) > len(STYLES) / 2, "where she sees what is worn"
            for filters in ("color=red", "item=trousers", "item=hat"):
                assert 0 < len(look_ids(browser.get(f"{root}/?when=all&{filters}"))) < len(STYLES), filters
            assert browser.get(f"{root}/admin").status_code == 404
            assert browser.get(link).status_code == 200
            browser.post(link, headers={"Origin": root, "Sec-Fetch-Site": "same-origin"}).raise_for_status()
            assert translate("report.reason.no_outfit", EN) in unescape(browser.get(f"{root}/admin").text)
