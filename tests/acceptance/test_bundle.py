"""The bundle for AWS Elastic Beanstalk: unpacked, its hooks run in the platform's order, and the site starts."""

import asyncio
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import yaml

from tests.conftest import ROOT
from tests.processes import free_port, running_process
from tools.make_bundle import write_bundle

MAX_BYTES = 40 * 2**20
"""Elastic Beanstalk takes 500 MB; the model and the site are about 13."""


async def test_the_bundle_deploys(empty_url: str, environment: dict[str, str], tmp_path: Path) -> None:
    bundle, folder, programs = tmp_path / "eva.zip", tmp_path / "staging", tmp_path / "bin"
    assert write_bundle(bundle) < MAX_BYTES
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
        assert archive.getinfo("Procfile").external_attr >> 16 == 0o644
    assert (folder / "requirements.txt").read_bytes() == (ROOT / "requirements" / "run.txt").read_bytes()
    programs.mkdir()
    (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n', "utf-8")
    python = programs / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n', "utf-8")
    python.chmod(0o755)
    extensions = yaml.safe_load((folder / ".ebextensions" / "eva.config").read_text("utf-8"))
    properties = extensions["option_settings"]["aws:elasticbeanstalk:application:environment"]
    variables = {
        **environment,
        **{name: value for name, value in properties.items() if name.startswith("EVA_")},
        "DATABASE_URL": empty_url,
        "EVA_ENGINE": "litert",
        "EVA_SECRET_KEY": "s" * 32,
        "EVA_STORAGE_URL": (tmp_path / "pictures").as_uri(),
        "PYTHONPATH": str(programs),
        "PYTHONUNBUFFERED": "1",
    }

    def run(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    hook = ".platform/hooks/predeploy/01_migrate.sh"
    assert run(f"bash {hook}") == "", "an instance that is not the leader does not migrate"
    for step in extensions["container_commands"].values():
        assert step["leader_only"]
        run(step["command"])
    assert run(f"bash {hook}")
    assert not (folder / ".leader").exists()

    procfile = (folder / "Procfile").read_text("utf-8")
    (web,) = re.findall(r"^web: (.*)$", procfile, re.MULTILINE)
    ports = re.findall(r"EVA_METRICS_PORT=(\d+)", procfile)
    assert len(set(ports)) == 2, "both processes run on every instance"
    web = web.replace(ports[0], str(free_port())).replace("python", str(python))
    command = [*shlex.split(web)[:-1], "0"]
    with running_process(command, ready=r"http://[\d.]+:\d+", cwd=folder, env=variables) as (_, address):
        health = extensions["option_settings"]["aws:elasticbeanstalk:environment:process:default"]
        response = await asyncio.to_thread(httpx.get, f"{address}{health['HealthCheckPath']}", timeout=30)
        assert response.status_code == int(health["MatcherHTTPCode"])
