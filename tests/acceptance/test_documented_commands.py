"""Every command in a `sh` block of the README and the documentation is run."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.testing.telegram import FakeTelegram
from core.i18n.translations import Language, translate
from core.vision.classifier import BUNDLED_MODEL_DIR
from tests.conftest import ROOT
from tests.databases import copy_cluster, public_folder
from tests.processes import running_process

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_RUN = {
    "make lint": "runs before the tests in .ci/run",
    "make test": "runs this test",
    "pip install --require-hashes --requirement requirements/dev.txt": "`make test` does it",
}
"""Commands that are not run here, and why; they must still name an existing target or extra."""
MAKE = ["env", "--unset=MAKEFLAGS", "--unset=MAKELEVEL", "make", "--no-print-directory", "--dry-run"]
"""A make of its own: under `make test` its output would begin and end with the names of folders."""
SERVERS = {"run", "serve", "worker"}
"""Subcommands of `eva` that run until they are stopped."""


def documented_commands() -> dict[str, list[str]]:
    """Each command, without the path of the environment and comments, with the pages that show it."""
    commands: dict[str, list[str]] = {}
    for page in PAGES:
        for block in re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE):
            for line in block.replace("\\\n", " ").splitlines():
                command = " ".join(line.partition(" #")[0].replace(".venv/bin/", "").split())
                if command and not command.startswith("#"):
                    commands.setdefault(command, []).append(page.name)
    return commands


COMMANDS = documented_commands()


@pytest.fixture(scope="module")
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as telegram:
        yield telegram


@pytest.fixture(scope="module")
def folder(samples: Path, cluster: Path) -> Iterator[Path]:
    """A folder with the samples, `photo.jpg`, a folder `holiday` of photos and one of a model, as the pages assume."""
    with public_folder() as folder:
        for data_folder in (".eva", ".eva/chat", ".eva/demo"):
            copy_cluster(cluster, folder / data_folder)
        (folder / "holiday").mkdir()
        (folder / "new-model").symlink_to(BUNDLED_MODEL_DIR)
        (folder / "samples").symlink_to(samples)
        shutil.copy(samples / "street.jpg", folder / "photo.jpg")
        shutil.copy(samples / "retro.jpg", folder / "holiday" / "one.jpg")
        yield folder


@pytest.fixture
def variables(environment: dict[str, str], telegram: FakeTelegram) -> dict[str, str]:
    """The settings of the documented setup."""
    return environment | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "EVA_TELEGRAM_TOKEN": telegram.token,
        "EVA_TELEGRAM_WEBHOOK_SECRET": "secret",
        "EVA_TELEGRAM_API_URL": telegram.url,
        "EVA_PUBLIC_URL": "https://eva.example",
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_documented_command_works(command: str, folder: Path, variables: dict[str, str]) -> None:
    if command in NOT_RUN:
        pytest.skip(NOT_RUN[command])
    program, *arguments = shlex.split(command)
    match program:
        case "eva" if arguments[0] in SERVERS:
            stop_when_ready([sys.executable, "-m", "eva", *without_port(arguments)], folder, variables)
        case "eva":
            run([sys.executable, "-m", "eva", *arguments], folder, variables)
        case "make" if arguments == ["run"]:
            # make does not pass an interrupt on, so its last command is started directly.
            *_, last = run([*MAKE, "run", "PORT=0"], ROOT, variables).splitlines()
            stop_when_ready(shlex.split(last), ROOT, variables | {"EVA_DATA_DIR": str(folder / ".eva")})
        case "make":
            run([*MAKE, *arguments], ROOT, variables)
        case "curl":
            if shutil.which("curl") is None:
                pytest.skip("no curl")
            server = [sys.executable, "-m", "eva", "run", "--port", "0"]
            with running_process(server, ready=r"http://[\d.]+:\d+", cwd=folder, env=variables) as (_, address):
                url = arguments[-1].replace("http://127.0.0.1:8000", address)
                shown = run(["curl", "--fail", "--silent", *arguments[:-1], url], folder, variables)
                assert '"bubbles"' in shown
        case _:
            pytest.fail(f"no way to run {command!r} of {COMMANDS[command]}")


def test_commands_that_are_not_run_are_documented() -> None:
    assert set(NOT_RUN) <= set(COMMANDS)


def run(command: list[str], folder: Path, variables: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stop_when_ready(command: list[str], folder: Path, variables: dict[str, str]) -> None:
    ready = re.escape(translate("cli.working", Language.EN)) if "worker" in command else r"http://[\d.]+:\d+"
    with running_process(command, ready=ready, cwd=folder, env=variables) as (process, _):
        assert process.poll() is None


def without_port(arguments: list[str]) -> list[str]:
    """The same command on a free port."""
    if arguments[0] == "worker":
        return arguments
    if "--port" in arguments:
        at = arguments.index("--port")
        arguments = [*arguments[:at], *arguments[at + 2 :]]
    return [*arguments, "--port", "0"]
