"""Everything that serves can be imported with the locked run-time packages alone."""

import subprocess
import sys

from packaging.utils import canonicalize_name

from tests.conftest import ROOT

SERVING = ("core", "bot", "webhooks", "leaderboard_web", "eva")
WITHOUT = ("core.training", "core.db.migrations", "bot.testing")
"""Packages for training and tests, which need more, and scripts that only Alembic can run."""
SCRIPT = """
import importlib, pkgutil, sys
from importlib.metadata import packages_distributions

locked, serving, without = ({locked!r}, {serving!r}, {without!r})

class OnlyLocked:
    owners = packages_distributions()

    def find_spec(self, name, path=None, target=None):
        owners = self.owners.get(name, [])
        if owners and not any(owner.lower().replace("_", "-").replace(".", "-") in locked for owner in owners):
            raise ModuleNotFoundError(f"{{name}} of {{owners}} is not in requirements/run.txt", name=name)
        return None

sys.meta_path.insert(0, OnlyLocked())
for package in serving:
    for module in pkgutil.walk_packages([package], package + "."):
        if not module.name.startswith(without) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


def test_serving_imports_locked_packages_only() -> None:
    lines = (ROOT / "requirements" / "run.txt").read_text("utf-8").splitlines()
    locked = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line and line[0] != "#"}
    script = SCRIPT.format(locked=locked | {"eva-stylist"}, serving=SERVING, without=WITHOUT)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
