"""The recipes in `deploy`: the programs that read them accept them, and they name settings and commands that exist."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from core.settings import Settings
from eva.cli import app
from tests.conftest import ROOT
from tests.integration.deploy.checking_programs import find_fault

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


def test_a_fault_is_found(tmp_path: Path) -> None:
    (tmp_path / "fault.sh").write_text("#!/bin/sh\nrm -r $1\n", "utf-8")
    assert "SC2086" in find_fault("shellcheck", tmp_path / "fault.sh")


@pytest.mark.parametrize("script", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_have_no_known_faults(script: Path) -> None:
    assert script.stat().st_mode & 0o100, "it can be executed"
    assert find_fault("shellcheck", "--exclude=SC1091", script) == ""


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
