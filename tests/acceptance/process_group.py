"""Eva's processes on this machine, each with a log of its own."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from core.db.embedded_postgres import EmbeddedPostgres
from core.i18n.translations import Language, translate
from tests.conftest import ROOT
from tests.processes import free_port

READY_SECONDS = 180.0
"""A start takes 5 s, and longer where many processes compete."""
LOG_TAIL_LINES = 30
WORKING_TEXTS = [translate("cli.working", language) for language in Language]
"""What a worker prints when it has started."""
END_EVENT = "process_draining"
"""What it logs when it begins to end."""


class ProcessGroup:
    """Web processes and workers that share an embedded Postgres; each can be killed and started again."""

    def __init__(self, folder: Path, telegram_url: str, telegram_token: str, *, web_processes: int = 1) -> None:
        """Configure a web process or several, and two workers, without starting them.

        Args:
            folder: holds their data and their logs.
            telegram_url: where the Bot API is.
            telegram_token: of the bot.
            web_processes: their number.
        """
        self.folder = folder
        self.ports = [free_port() for _ in range(web_processes)]
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "EVA_ENV": "development",
            "EVA_ENGINE": "scripted",
            "EVA_DATA_DIR": str(folder / "eva"),
            "EVA_DRAIN_SECONDS": "0",
            "EVA_PHOTOS_PER_PERSON_PER_DAY": "100000",
            "EVA_TELEGRAM_TOKEN": telegram_token,
            "EVA_TELEGRAM_WEBHOOK_SECRET": "secret",
            "EVA_TELEGRAM_API_URL": telegram_url,
            "EVA_TELEGRAM_MESSAGES_PER_SECOND": "1000",
            "EVA_PUBLIC_URL": f"http://127.0.0.1:{self.ports[0]}",
        }
        self.environment.pop("DATABASE_URL", None)
        self.web_ports = {f"web {port}": port for port in self.ports}
        self.commands = {name: ["serve", "--port", str(port)] for name, port in self.web_ports.items()}
        self.commands |= {"first worker": ["worker"], "second worker": ["worker"]}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The database of the processes, for one more user of it."""
        return EmbeddedPostgres(self.folder / "eva" / "postgres")

    def start(self, name: str) -> None:
        """Start a process."""
        command = [sys.executable, "-m", "eva", *self.commands[name]]
        with self._log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )

    def start_all(self) -> None:
        """Start all processes, the first one before the others: it may have to create the database."""
        first, *others = self.commands
        self.start(first)
        self.wait_until_ready(first)
        for name in others:
            self.start(name)
        for name in others:
            self.wait_until_ready(name)

    def wait_until_ready(self, name: str) -> None:
        """Wait until a web process is ready, or a worker can be told to end.

        Raises:
            TimeoutError: it was not in READY_SECONDS.
        """
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if name in self.web_ports:
                with suppress(httpx.TransportError):
                    url = f"http://127.0.0.1:{self.web_ports[name]}/readyz"
                    if httpx.get(url, timeout=10, verify=False).status_code == 200:
                        return
            elif any(text in self._log(name).read_text("utf-8").rpartition(END_EVENT)[2] for text in WORKING_TEXTS):
                return
            time.sleep(0.2)
        raise TimeoutError(f"{name}\n{self.log_tails()}")

    def kill(self, name: str) -> None:
        """Kill it, and start it again unless another one of Eva's does that, as with the database."""
        if name == "database":
            with suppress(FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
                psutil.Process(int((self.postgres.data_folder / "postmaster.pid").read_text().split()[0])).kill()
            return
        self.running[name].send_signal(signal.SIGKILL)
        self.running[name].wait()
        self.start(name)

    def restart(self, name: str) -> float:
        """Restart a process as a deployment does; returns the seconds until it had ended."""
        started = time.monotonic()
        self.running[name].send_signal(signal.SIGTERM)
        exit_code = self.running[name].wait(60)
        seconds = time.monotonic() - started
        assert exit_code == 0, f"{name} ended after {seconds:.1f} s with {exit_code}\n{self.log_tails()}"
        self.start(name)
        self.wait_until_ready(name)
        return seconds

    def log_tails(self) -> str:
        """The last lines of each log."""
        parts = []
        for name in self.commands:
            if self._log(name).exists():
                lines = self._log(name).read_text("utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
                parts.append("\n".join([f"--- {name}", *lines]))
        return "\n".join(parts)

    def stop(self) -> None:
        """End all processes."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(60)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"
