"""What Eva asked about a look: whether she waits for a guess, or to hear which style it really is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WAITING_ALREADY = """
UPDATE looks SET asked = 'guess' FROM people
WHERE people.id = looks.person_id AND people.guesses_first AND looks.photo_key IS NOT NULL
    AND looks.guessed_style IS NULL AND looks.corrected_style IS NULL AND looks.shared_at IS NULL
"""


def upgrade() -> None:
    """Add the column; looks that their owners would still be asked about wait."""
    op.add_column("looks", sa.Column("asked", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_looks_asked"), "looks", "asked IN ('guess', 'correct')")
    op.execute(WAITING_ALREADY)


def downgrade() -> None:
    """Remove it."""
    op.drop_column("looks", "asked")
