"""Experiments, exposures, and lists that were shown at random."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_experiments"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("name", sa.String(length=40), primary_key=True),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("phases", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=400), nullable=False),
    )
    op.create_table(
        "exposures",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("experiment", sa.String(length=40), nullable=False),
        sa.Column("variant", sa.String(length=40), nullable=False),
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("user", sa.String(length=200), nullable=False),
        sa.Column("session", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ms", sa.Float(), nullable=False),
        sa.Column("picks", sa.Integer(), nullable=False),
        sa.Column("degraded", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_exposures_experiment_at", "exposures", ["experiment", "at"])
    op.create_index("ix_exposures_user", "exposures", ["tenant", "user"])
    op.create_index("ix_exposures_session", "exposures", ["session"])
    op.create_table(
        "slates",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("user", sa.String(length=200), nullable=False),
        sa.Column("session", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
    )
    op.create_index("ix_slates_user", "slates", ["tenant", "user"])
    op.create_index("ix_slates_session", "slates", ["session"])
    op.create_index("ix_slates_at", "slates", ["at"])


def downgrade() -> None:
    op.drop_table("slates")
    op.drop_table("exposures")
    op.drop_table("experiments")
