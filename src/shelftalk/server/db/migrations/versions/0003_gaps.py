"""Wishes that no field answers and needs that nothing meets, counted by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gaps",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kinds", sa.String(length=250), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=80), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "what", "key", "kinds", "day"),
    )
    op.create_index(op.f("ix_gaps_day"), "gaps", ["day"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_gaps_day"), table_name="gaps")
    op.drop_table("gaps")
