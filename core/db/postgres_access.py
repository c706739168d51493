"""Who may use the embedded PostgreSQL: the user it runs as, its folders, and its rules for connections.

The server listens on a Unix socket only, in a folder that its user alone may enter. The operating system tells it who
connects (`peer`), and it accepts the user that Eva runs as, and no other. Eva's role is not a superuser.

PostgreSQL refuses to run as root. For root it runs under a user id of its own, which has no account, so that no other
program runs under it.
"""

import os
import pwd
import stat
from dataclasses import dataclass
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
