"""Gaps are counted by catalogue. What was counted before belongs to none: its catalogue is ""."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = ("tenant", "what", "key", "kinds", "day")
_COLUMNS = "tenant, what, key, kinds, day, words, requests, conversations"


def upgrade() -> None:
    _made_anew("gaps_by_catalog", sa.Column("catalog", sa.String(length=300), nullable=False, server_default=""))


def downgrade() -> None:
    op.execute("DELETE FROM gaps WHERE catalog <> ''")  # two catalogues may have counted the same words
    _made_anew("gaps_by_words")


def _made_anew(key: str, *more: sa.Column[str]) -> None:
    """The table with another primary key, which SQLite cannot change in place; rows go over without their catalogue."""
    op.drop_index("ix_gaps_day", table_name="gaps")
    op.create_table(
        "gaps_anew",
        *more,
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kinds", sa.String(length=250), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=80), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*(c.name for c in more), *_KEY, name=key),
    )
    op.execute(f"INSERT INTO gaps_anew ({_COLUMNS}) SELECT {_COLUMNS} FROM gaps")  # noqa: S608 no value in it
    op.drop_table("gaps")
    op.rename_table("gaps_anew", "gaps")
    op.create_index("ix_gaps_day", "gaps", ["day"], unique=False)
