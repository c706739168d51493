"""When the last backup was made."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
runs_with_code_of = ("0003", "0004")


def upgrade() -> None:
    """Add the column."""
    op.add_column("installation", sa.Column("backed_up_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("installation", "backed_up_at")
