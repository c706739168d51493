"""`deploy/systemd/update.sh` with programs that record how they are called."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / "deploy" / "systemd" / "update.sh"

Update = Callable[..., list[str]]

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
    """Commit and tag a version of a program whose installation names it; v1 has no drop-in of its units."""
    units = folder / "deploy" / "systemd"
    units.mkdir(parents=True, exist_ok=True)
    (units / "eva-web@.service").write_text(version, "utf-8")
    if version != "v1":
        (units / "eva-.service.d").mkdir()
        (units / "eva-.service.d" / "hardening.conf").write_text(version, "utf-8")
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
            [SCRIPT, version, tmp_path],
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
    for version in ("v2", "v2", "v1"):
        update(version)
        copied.append(re.findall(r"copy it to (.+)$", (tmp_path / "messages").read_text("utf-8"), re.MULTILINE))
    web, drop_in = (f"/etc/systemd/system/{name}" for name in ("eva-web@.service", "eva-.service.d/hardening.conf"))
    assert copied == [[web, drop_in], [], [web]]
