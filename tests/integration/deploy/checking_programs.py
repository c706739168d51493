"""Programs that check the recipes in `deploy`."""

import shutil
import subprocess
from pathlib import Path

import pytest


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
