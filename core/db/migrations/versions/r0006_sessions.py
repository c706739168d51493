"""When a browser last did something, so that those that never come back can go."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and an index of the browsers by it. All count as used now: nobody wrote down when they were."""
    used = sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    op.add_column("identities", used)
    browsers = sa.text("provider = 'web'")
    op.create_index("ix_identities_browsers", "identities", ["used_at"], postgresql_where=browsers)


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_identities_browsers", "identities")
    op.drop_column("identities", "used_at")
