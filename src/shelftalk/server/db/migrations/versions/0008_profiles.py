"""What shoppers made of their profiles: lines changed, switched off, deleted or added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_profiles"
down_revision = "0007_shown"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "profile_lines",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("user", sa.String(length=200), nullable=False),
        sa.Column("line_id", sa.String(length=32), nullable=False),
        sa.Column("line", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user", "line_id"),
    )
    op.create_table(
        "profile_switches",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("user", sa.String(length=200), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("aspects_off", sa.JSON(), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user"),
    )


def downgrade() -> None:
    op.drop_table("profile_switches")
    op.drop_table("profile_lines")
