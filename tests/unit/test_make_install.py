"""`make install` on a machine that lacks something, with a Python that only records how it is called."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

PYTHON = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
*"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*--require-hashes*) exit "$STATUS" ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in a folder with a space in its name, whose environment has no pip."""
    folder = tmp_path / "a clone"
    for path, text in (("python", PYTHON), (".venv/bin/python", "#!/bin/sh\nexit 1\n")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
        (folder / path).chmod(0o755)
    (folder / "requirements").mkdir()
    for path in ("pyproject.toml", "requirements/run.txt"):
        (folder / path).touch()
    shutil.copy(ROOT / "Makefile", folder)
    return folder


def install(clone: Path, status: int = 0) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run `make install` with the exit status of pip; returns the calls of Python as well."""
    calls = clone / "calls"
    calls.write_text("", "utf-8")
    done = subprocess.run(
        ["make", "install", "PYTHON=./python"],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "CALLS": str(calls), "STATUS": str(status)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, calls.read_text("utf-8").splitlines()


def test_an_environment_without_pip_is_made_again(clone: Path) -> None:
    """Debian without python3-venv leaves one, and Ctrl-C does."""
    done, calls = install(clone)
    assert (done.returncode, calls.count("-m venv --clear .venv")) == (0, 1), done.stderr
    assert install(clone)[1] == [], "everything is there"
    (clone / ".venv" / "run").unlink()
    done, calls = install(clone)
    assert (done.returncode, calls.count("-m venv --clear .venv")) == (0, 0), "what is installed stays"


def test_packages_that_cannot_be_installed_are_explained(clone: Path) -> None:
    """Without a network, on a full disk, or with a Python that has no packages yet."""
    done, _ = install(clone, status=1)
    assert done.returncode != 0
    assert "Python 3.11 to 3.14" in done.stderr
    assert not (clone / ".venv" / "run").exists()
