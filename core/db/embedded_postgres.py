"""A PostgreSQL server in a folder, reached by a Unix socket, for installations without DATABASE_URL.

Any number of processes may use one folder: the first starts the server, the last stops it. Users are counted by
`flock`, which the operating system releases when a process dies; so after a `kill -9` the next process finds the server
running, uses it, and stops it in the end.

Who may use it is the concern of `core.db.postgres_system`. For root it runs under another user id, which must be able
to enter all parent folders. Private folders are not opened for that: the database is then in /var/lib/eva.

See ADR 0006.
"""

import fcntl
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psutil
import structlog

from core.db.postgres_system import (
    ADMIN_ROLE,
    ROLE,
    PostgresPrograms,
    ServerUser,
    check_private_folder,
    create_private_folder,
    is_accessible_to_others,
    short_hash,
    write_access_rules,
)
from core.errors import EmbeddedPostgresError

log = structlog.get_logger()

INITDB_USER = "nobody"
"""Creates the cluster for root: `initdb` needs a user with an account. The files change their owner afterward."""
ROOT_FOLDER = Path("/var/lib/eva")
MAX_SOCKET_PATH_BYTES = 100
"""Limit of the path of a Unix socket, with a margin (Linux 107, macOS 103)."""
SOCKET_NAME = ".s.PGSQL.5432"
START_TIMEOUT = 120.0
"""Seconds for a start, including the recovery after a crash."""
SERVER_OPTIONS = (
    "unix_socket_permissions=0700",
    "wal_recycle=off",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_checkpoints=off",
)
"""No personal data in the log of the server; old write-ahead logs are deleted and not overwritten."""
WAIT_OPTIONS = ("-w", "-t", "60", "-s")
"""Of pg_ctl: wait for a minute, and print errors only."""
ACCEPTING_CONNECTIONS, REJECTING_CONNECTIONS = 0, 1
"""Exit codes of pg_isready; other codes: no server."""


class EmbeddedPostgres:
    """A PostgreSQL server in a folder, as a context manager that any number of processes can use.

    All methods block: a start takes a second, the first one a few.
    """

    def __init__(
        self,
        folder: Path,
        *,
        options: Sequence[str] = (),
        programs: Path | None = None,
        root_folder: Path = ROOT_FOLDER,
    ) -> None:
        """Configure the server without starting it.

        Args:
            folder: contains the database; created if it does not exist.
            options: settings of the server, e.g. `fsync=off`; they apply if this process starts it.
            programs: folder of `initdb`, `postgres` and so on; those of the wheel by default.
            root_folder: for what root has to put where other users can read it.

        Raises:
            EmbeddedPostgresError: there is no user that the server could run as.
        """
        folder = folder.absolute()
        self._user = ServerUser.choose()
        if self._user.is_own and not is_accessible_to_others(folder):
            folder = root_folder / f"postgres-{short_hash(folder)}"
        self.folder = folder
        self.data_folder = folder / "data"
        self._socket_folder = folder
        if len(os.fsencode(folder / SOCKET_NAME)) > MAX_SOCKET_PATH_BYTES:
            parent = root_folder if self._user.is_own else Path(tempfile.gettempdir())
            self._socket_folder = parent / f"eva-{short_hash(folder)}"
        self._server_options = tuple(options)
        self._programs = PostgresPrograms(self._user, folder, root_folder, programs)
        self._root_folder = root_folder
        self._user_lock: int | None = None

    @property
    def url(self) -> str:
        """URL of the database `eva`."""
        return self.database_url("eva")

    def database_url(self, database: str) -> str:
        """URL of a database of this server, for Eva's role."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self._socket_folder))}"

    def admin_url(self, database: str) -> str:
        """URL of a database of this server, for the superuser; Eva herself does not use it."""
        return f"postgresql://{ADMIN_ROLE}@/{database}?host={quote(str(self._socket_folder))}"

    def start(self) -> None:
        """Start the server, or register as one more user of it.

        Raises:
            EmbeddedPostgresError: it is not installed, does not start, or others have access to its folders.
        """
        self._create_folders()
        with self._exclusive_lock():
            user_lock = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(user_lock, fcntl.LOCK_SH)
                if not self.is_created():
                    self._create_cluster()
                self._ensure_started()
                self._create_database()
            except BaseException:
                # Also for Ctrl-C: a lock that stays open counts as a user, and the server would never stop.
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
                    arguments = ("stop", "-D", self.data_folder, "-m", "fast", *WAIT_OPTIONS)
                    self._programs.run_checked("pg_ctl", *arguments, user=self._user.uid)
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
        start_lock = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(start_lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(start_lock)

    def _create_folders(self) -> None:
        try:
            if self._user.is_own and self._root_folder in {*self.folder.parents, *self._socket_folder.parents}:
                self._root_folder.mkdir(parents=True, exist_ok=True)
                check_private_folder(self._root_folder, self._user)
            for folder in (self.folder, self._socket_folder):
                create_private_folder(folder, self._user)
            if self.data_folder.exists():
                check_private_folder(self.data_folder, self._user)
        except OSError as error:
            raise EmbeddedPostgresError(f"its folder cannot be created, {type(error).__name__}") from error

    def _create_cluster(self) -> None:
        """Create an empty cluster under a temporary name, so that an interrupted attempt is never used."""
        log.info("embedded_postgres_creating")
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        arguments = ("-U", ADMIN_ROLE, "-E", "UTF8", "--locale=C", "--auth-local=peer", "--auth-host=reject")
        if self._user.is_own:
            self.folder.chmod(0o711)
            shutil.chown(unfinished, INITDB_USER)
        try:
            self._programs.run_checked("initdb", "-D", unfinished, *arguments, "--no-instructions", user=INITDB_USER)
        finally:
            self.folder.chmod(0o700)
        self._user.take(unfinished)
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
            write_access_rules(self.data_folder, self._user)
            arguments = ("start", "-D", self.data_folder, "-l", self.folder / "log", "-o", command, *WAIT_OPTIONS)
            started = self._programs.run("pg_ctl", *arguments, user=self._user.uid)
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
        """Create Eva's role and database, unless they exist; an interrupted attempt is never used."""
        owner = self._query("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'eva'")
        if owner == ROLE:
            return
        if owner:
            raise EmbeddedPostgresError(f"an earlier version of Eva created {self.folder}; move it away")
        if not self._query("SELECT 1 FROM pg_roles WHERE rolname = 'eva'"):
            # The group exists from version 15 on.
            group = self._query("SELECT 'IN ROLE ' || rolname FROM pg_roles WHERE rolname = 'pg_checkpoint'")
            self._query(f"CREATE ROLE eva LOGIN {group}")
        self._query("DROP DATABASE IF EXISTS eva_new")
        self._query("CREATE DATABASE eva_new OWNER eva")
        # For `core.db.vacuum`.
        self._query("GRANT EXECUTE ON FUNCTION pg_switch_wal TO eva", database="eva_new")
        if self._query("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"):
            # For `core.db.similar_looks`; it takes a superuser.
            self._query("CREATE EXTENSION vector", database="eva_new")
        self._query("ALTER DATABASE eva_new RENAME TO eva")

    def _query(self, statement: str, *, database: str = "postgres") -> str:
        """Execute SQL as the superuser; what it returns, as text."""
        connection = ("-h", self._socket_folder, "-U", ADMIN_ROLE, "-d", database)
        return self._programs.run_checked("psql", *connection, "-XAtqc", statement).strip()

    def _pg_isready(self) -> int:
        connection = ("-h", self._socket_folder, "-U", ADMIN_ROLE, "-d", "postgres")
        return self._programs.run("pg_isready", *connection, "-q").returncode
