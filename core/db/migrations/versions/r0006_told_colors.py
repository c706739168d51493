"""The colors of garments according to their owners."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
runs_with_code_of = ("0003", "0004", "0005")
"""Except what `0004` says of 0003. Former releases do not know told colors, and keep them."""


def upgrade() -> None:
    """Add the column: without a default no row is written, so looks are locked for a moment only."""
    op.add_column("looks", sa.Column("told_colors", postgresql.JSONB(none_as_null=True)))
    # As for `item_corrections`: statistics would outlive what a person said.
    op.execute("ALTER TABLE looks ALTER COLUMN told_colors SET STATISTICS 0")


def downgrade() -> None:
    """Drop the column; told colors are lost, while the colors that they replaced stay taken back."""
    op.drop_column("looks", "told_colors")
