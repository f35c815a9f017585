"""What was shown, by product and day, and what the exposure floor did by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_shown"
down_revision = "0006_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shown_products",
        sa.Column("catalog", sa.String(length=300), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("product_id", sa.String(length=512), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("exposure", sa.Float(), nullable=False),
        sa.Column("new_exposure", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("catalog", "day", "product_id"),
    )
    op.create_index("ix_shown_products_day", "shown_products", ["day"], unique=False)
    op.create_table(
        "floor_days",
        sa.Column("catalog", sa.String(length=300), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("new", sa.Float(), nullable=False),
        sa.Column("plain", sa.Float(), nullable=False),
        sa.Column("due", sa.Float(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("given_up", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("catalog", "day"),
    )
    op.create_index("ix_floor_days_day", "floor_days", ["day"], unique=False)


def downgrade() -> None:
    op.drop_table("floor_days")
    op.drop_table("shown_products")
