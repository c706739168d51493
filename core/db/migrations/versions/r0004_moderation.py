"""Looks that wait for a moderator without open reports, and retried updates in the moderation log."""

from alembic import op

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


def upgrade() -> None:
    """Widen the index of looks for moderators, and the actions of the log."""
    _lock_looks()
    _create_index(WAITS)
    _replace_actions(f"{ACTIONS}, 'retry'")
    _replace_index()


def downgrade() -> None:
    """Restore both; entries of retried updates are lost."""
    _lock_looks()
    _create_index("report_count > 0")
    op.execute("DELETE FROM moderation_log WHERE action = 'retry'")
    _replace_actions(ACTIONS)
    _replace_index()


def _lock_looks() -> None:
    """Wait for transactions that have locked a look and will write it.

    With the weaker lock of CREATE INDEX alone, they and the replacement of the index would wait for each other.
    """
    op.execute("LOCK TABLE looks IN EXCLUSIVE MODE")


def _create_index(condition: str) -> None:
    """Build the new index while the old one is in use: meanwhile looks can be read, though not written."""
    op.execute(f"CREATE INDEX ix_looks_reported_new ON looks (id) WHERE {condition}")


def _replace_index() -> None:
    """Give the new index the name of the old one; this locks out readers of looks, so it comes last."""
    op.execute("DROP INDEX ix_looks_reported")
    op.execute("ALTER INDEX ix_looks_reported_new RENAME TO ix_looks_reported")


def _replace_actions(actions: str) -> None:
    op.execute(f"ALTER TABLE moderation_log DROP CONSTRAINT {CHECK}")
    op.execute(f"ALTER TABLE moderation_log ADD CONSTRAINT {CHECK} CHECK (action IN ({actions}))")
