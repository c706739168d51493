"""What a person prefers, and what Eva has asked them: to guess first, and the name for a look."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns, and an index for what is undone."""
    op.add_column("people", sa.Column("guesses_first", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("people", sa.Column("naming", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_people_naming", "people", "looks", ["naming"], ["id"], ondelete="SET NULL")
    op.create_index("ix_people_naming", "people", ["naming"], postgresql_where=sa.text("naming IS NOT NULL"))
    op.create_index("ix_inbox_undone", "inbox", ["received_at"], postgresql_where=sa.text("done_at IS NULL"))


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_inbox_undone", "inbox")
    op.drop_index("ix_people_naming", "people")
    op.drop_constraint("fk_people_naming", "people", type_="foreignkey")
    op.drop_column("people", "naming")
    op.drop_column("people", "guesses_first")
