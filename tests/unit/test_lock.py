"""`requirements/*.txt` lock every package that is installed, with hashes, and agree with `pyproject.toml`."""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

FOLDER = ROOT / "requirements"
LOCKS = sorted(FOLDER.glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))


class Pin(NamedTuple):
    """One locked release."""

    name: str
    version: Version
    marker: Marker | None
    hashes: tuple[str, ...]

    def applies(self, environment: dict[str, str]) -> bool:
        return self.marker is None or self.marker.evaluate(environment)


def read_lock(path: Path) -> list[Pin]:
    """The pins of a lock; fails on a line that is neither a pin nor a comment."""
    pins = []
    for entry in path.read_text("utf-8").replace("\\\n", " ").splitlines():
        if not entry.strip() or entry.lstrip().startswith("#"):
            continue
        requirement, *options = re.split(r"\s+--hash=", entry.strip())
        parsed = Requirement(requirement)
        (specifier,) = parsed.specifier
        assert specifier.operator == "==", entry
        pins.append(Pin(canonicalize_name(parsed.name), Version(specifier.version), parsed.marker, tuple(options)))
    return pins


def environments() -> list[dict[str, str]]:
    """The Pythons and systems that Eva runs on, as marker variables."""
    return [
        {key: str(value) for key, value in default_environment().items()}
        | {
            "python_version": python,
            "python_full_version": f"{python}.7",
            "sys_platform": system,
            "platform_machine": machine,
            "platform_system": system.title(),
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
        for python in PYTHONS
        for system, machine in SYSTEMS
    ]


def missing_pins(requirements: list[str], pins: list[Pin]) -> set[str]:
    """Requirements that the lock does not satisfy on some system."""
    return {
        requirement
        for requirement in requirements
        for environment in environments()
        if (parsed := Requirement(requirement)).marker is None or parsed.marker.evaluate(environment)
        if sum(
            pin.name == canonicalize_name(parsed.name)
            and pin.applies(environment)
            and parsed.specifier.contains(pin.version, prereleases=True)
            for pin in pins
        )
        != 1
    }


def build_requirements() -> list[str]:
    return [line for line in (FOLDER / "build.in").read_text("utf-8").splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_pin_has_hashes(path: Path) -> None:
    pins = read_lock(path)
    assert pins
    for pin in pins:
        assert pin.hashes, pin.name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in pin.hashes), pin.name


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_lock_names_no_index_and_no_path(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host|(?:^|\s)/\w|\bfile:|@ ", text)


def test_lock_satisfies_the_dependencies() -> None:
    requirements = [*PROJECT["dependencies"], *build_requirements()]
    assert not missing_pins(requirements, read_lock(FOLDER / "run.txt")), "run `make lock`"


def test_development_lock_satisfies_every_extra() -> None:
    extras = [
        requirement
        for group in PROJECT["optional-dependencies"].values()
        for requirement in group
        if not requirement.startswith(f"{PROJECT['name']}[")
    ]
    requirements = [*PROJECT["dependencies"], *build_requirements(), *extras]
    assert not missing_pins(requirements, read_lock(FOLDER / "dev.txt")), "run `make lock`"


def test_missing_and_outdated_pins_are_noticed() -> None:
    pins = [Pin("numpy", Version("2.4.6"), None, ())]
    assert not missing_pins(["numpy>=2.0"], pins)
    assert missing_pins(["numpy>=3.0", "polars>=1.0"], pins) == {"numpy>=3.0", "polars>=1.0"}


def test_serving_and_tests_use_the_same_releases() -> None:
    run, dev = (
        {(pin.name, pin.version, str(pin.marker)): set(pin.hashes) for pin in read_lock(FOLDER / name)}
        for name in ("run.txt", "dev.txt")
    )
    assert run
    for pin, hashes in run.items():
        same = {other: found for other, found in dev.items() if other[:2] == pin[:2]}
        assert same, pin
        assert hashes in same.values(), pin


def test_the_build_backend_is_locked() -> None:
    backend = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    assert build_requirements() == backend


def test_make_installs_nothing_without_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    installs = re.findall(r"^.*\bpip install\b.*$|^.*\$\(PIP\) install.*$", makefile, re.MULTILINE)
    assert installs
    for line in installs:
        assert "--require-hashes" in line or ("--no-index" in line and "--no-deps" in line), line
