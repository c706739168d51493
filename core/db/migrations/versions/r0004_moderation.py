"""Looks that wait for a moderator without open reports, and retried updates in the moderation log."""

import sqlalchemy as sa
from alembic import op

from core.db.index_builds import IndexBuild

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
runs_with_code_of = ("0003",)
"""Except its page of the moderation log, from the first retried update on."""

WAITS = "report_count > 0 OR suspended_at IS NOT NULL"
"""A suspended look has no reports once its reporters erased themselves."""
CHECK = "ck_moderation_log_ck_moderation_log_action"
"""Alembic put its prefix before that of the first migration."""
ACTIONS = "'hide', 'restore', 'ban', 'unban', 'dismiss'"
index_builds = (IndexBuild(name="ix_looks_reported_new", table="looks", definition=f"(id) WHERE {WAITS}"),)


def upgrade() -> None:
    """Widen the index of looks for moderators, and the actions of the log."""
    # Both at once and before anything else: moderators lock a look first and then write to the log.
    op.execute("LOCK TABLE looks, moderation_log IN ACCESS EXCLUSIVE MODE")
    _create_index(WAITS)
    _replace_index()
    _replace_actions(f"{ACTIONS}, 'retry'")


def downgrade() -> None:
    """Restore both; entries of retried updates are lost. Looks cannot be read or written meanwhile."""
    op.execute("LOCK TABLE looks, moderation_log IN ACCESS EXCLUSIVE MODE")
    _create_index("report_count > 0")
    _replace_index()
    op.execute("DELETE FROM moderation_log WHERE action = 'retry'")
    _replace_actions(ACTIONS)


def _create_index(condition: str) -> None:
    """Build the new index, unless that was done before the transaction; a new table is empty."""
    invalid = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('ix_looks_reported_new') AND NOT indisvalid"
    if op.get_bind().execute(sa.text(invalid)).first():
        # Of another process whose build failed; no build runs under this lock.
        op.execute("DROP INDEX ix_looks_reported_new")
    op.execute(f"CREATE INDEX IF NOT EXISTS ix_looks_reported_new ON looks (id) WHERE {condition}")


def _replace_index() -> None:
    """Give the new index the name of the old one."""
    op.execute("DROP INDEX ix_looks_reported")
    op.execute("ALTER INDEX ix_looks_reported_new RENAME TO ix_looks_reported")


def _replace_actions(actions: str) -> None:
    op.execute(f"ALTER TABLE moderation_log DROP CONSTRAINT {CHECK}")
    op.execute(f"ALTER TABLE moderation_log ADD CONSTRAINT {CHECK} CHECK (action IN ({actions}))")
