"""A database and a folder that Eva's servers share."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic import SecretStr

from core.settings import Settings
from tests.conftest import ROOT
from tests.databases import run_in_thread

ENVIRONMENT = {
    "EVA_ENGINE": "scripted",
    "EVA_ENV": "development",
    "PYTHONPATH": str(ROOT),
    # All of these visitors share one address.
    "EVA_WRITES_PER_MINUTE": "10000",
    "EVA_NEW_VISITORS_PER_IP_PER_HOUR": "10000",
    "EVA_ADMINS": "telegram:moderator",
    "EVA_PAGE_CACHE_SECONDS": "0",
    "EVA_PHOTOS_PER_IP_PER_DAY": "10000",
    # No load balancer has to notice the end.
    "EVA_DRAIN_SECONDS": "0",
}

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Installation:
    """A database with tables, and a folder for images and the secret key."""

    database_url: str
    folder: Path

    def seed(
        self,
        create: Callable[Concatenate[Settings, Arguments], Coroutine[Any, Any, Result]],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Call a function that writes people and looks; what it returns."""
        settings = Settings(data_dir=self.folder, database_url=SecretStr(self.database_url))
        return run_in_thread(create(settings, *arguments, **named))

    @contextmanager
    def running_server(self, **settings: str) -> Iterator[str]:
        """Run `eva run` on a free port with scripted verdicts; yields its URL and prints its output at the end.

        Args:
            settings: more environment variables.
        """
        own = {"DATABASE_URL": self.database_url, "EVA_DATA_DIR": str(self.folder)}
        with subprocess.Popen(
            [sys.executable, "-u", "-m", "tests.scripted_eva", "run", "--port", "0"],
            cwd=self.folder,
            env=os.environ | ENVIRONMENT | own | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as server:
            assert server.stdout is not None
            output, match = "", None
            # At the end of the process a line is empty.
            while match is None and (line := server.stdout.readline()):
                output += line
                match = re.search(r"http://\S+", line)
            try:
                assert match, output
                yield match[0].removesuffix("/try")
            finally:
                server.terminate()
                print(output, server.communicate()[0])  # noqa: T201  (pytest shows it with a failure)
