"""Which secret key the processes that use this database sign with."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

SELECT_KEY = text("SELECT secret_fingerprint FROM installation")
RECORD_KEY = text("""
INSERT INTO installation (secret_fingerprint) VALUES (:fingerprint)
ON CONFLICT (id) DO UPDATE SET secret_fingerprint = excluded.secret_fingerprint
""")


async def get_secret_fingerprint(connection: AsyncConnection) -> str | None:
    """The fingerprint of the key with which the last process was started; None before the first start."""
    return (await connection.execute(SELECT_KEY)).scalar_one_or_none()


async def record_secret_fingerprint(connection: AsyncConnection, fingerprint: str) -> str | None:
    """Store the fingerprint of the key of a process that starts; the one stored before, if it is another."""
    former = await get_secret_fingerprint(connection)
    if former == fingerprint:
        return None
    await connection.execute(RECORD_KEY, {"fingerprint": fingerprint})
    return former
