"""The built wheel works with the locked run-time dependencies alone, in a clean environment."""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT
from tests.processes import running_process

PACKAGES = ("eva", "core", "bot", "webhooks", "leaderboard_web", "samples")
DEVELOPMENT_ONLY = {"scipy", "tensorflow", "scikit-learn", "matplotlib", "pytest", "aiohttp", "hypothesis"}


def locked_releases(lock: Path) -> Iterator[tuple[str, str]]:
    """The names and versions of a lock file that this platform needs."""
    for line in lock.read_text("utf-8").splitlines():
        if not line.startswith((" ", "#", "-")) and line:
            requirement = Requirement(line.removesuffix("\\"))
            if requirement.marker is None or requirement.marker.evaluate():
                (pin,) = requirement.specifier
                yield requirement.name, pin.version


def link_distribution(name: str, version: str, folder: Path) -> None:
    """Link what is installed of a release into another environment; `make` has installed it from the same lock."""
    found = metadata.distribution(name)
    assert found.version == version, f"{name} is installed as {found.version}"
    for top in {path.parts[0] for path in found.files or () if path.parts[0] not in {"..", "__pycache__"}}:
        link = folder / top
        if not link.exists():
            link.symlink_to(Path(str(found.locate_file(top))))


@pytest.fixture(scope="module")
def clean_bin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment in which only the wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    # Built from a copy: setuptools would take over files of an earlier build from a folder `build`.
    source = folder / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    build = [*pip, "wheel", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", folder / "dist", source], check=True, timeout=300)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    (site_packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    for name, version in locked_releases(ROOT / "requirements/run.txt"):
        link_distribution(name, version, site_packages)
    install = [*pip, "--python", str(python), "install", "--no-compile"]
    subprocess.run([*install, "--no-index", "--no-deps", wheel], check=True, timeout=300)
    return python.parent


@pytest.fixture
def clean_environment() -> dict[str, str]:
    """Variables of a terminal in English, without any of this process's own Python settings."""
    prefixes = ("EVA_", "LC_", "LANG", "PYTHON", "VIRTUAL_ENV", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)} | {
        "LANG": "en_GB.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "EVA_DRAIN_SECONDS": "0",
    }


def test_only_run_time_dependencies_are_installed(clean_bin: Path) -> None:
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "--python", clean_bin / "python", "list", "--format=freeze"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    installed = {line.partition("==")[0].lower() for line in listing.splitlines()}
    assert "eva-stylist" in installed
    assert not installed & DEVELOPMENT_ONLY


def test_ask_judges_with_the_real_model(
    clean_bin: Path, clean_environment: dict[str, str], samples: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [clean_bin / "eva", "ask", samples / "street.jpg", "--fast"],
        cwd=tmp_path,
        env=clean_environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d+ %", done.stdout)
    assert (tmp_path / "street-eva.jpg").exists()


def test_run_serves_the_site_and_judges_an_upload(
    clean_bin: Path, clean_environment: dict[str, str], samples: Path, tmp_path: Path
) -> None:
    command = [str(clean_bin / "eva"), "run", "--port", "0"]
    with running_process(command, ready=r"http://[\d.]+:\d+", cwd=tmp_path, env=clean_environment) as (_, found):
        page = httpx.get(f"{found}/try", timeout=60)
        assert page.status_code == 200
        assert "<form" in page.text
        assert "sample" in page.text, "for visitors without a photo"
        assert httpx.get(f"{found}/readyz", timeout=60).status_code == 200
        photo = {"photo": (samples / "street.jpg").read_bytes()}
        verdict = httpx.post(f"{found}/api/judge", files=photo, timeout=60)
        assert verdict.status_code == 200
        assert verdict.json()["bars"]
