"""Consent by purpose, the budget that differentially private figures have spent, and whose a conversation is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_privacy"
down_revision = "0008_profiles"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("user", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_consents_user", "consents", ["tenant", "user", "purpose"], unique=False)
    op.create_table(
        "privacy_spent",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("epsilon", sa.Float(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_privacy_spent_year", "privacy_spent", ["year"], unique=False)
    op.add_column("conversations", sa.Column("user", sa.String(length=200), nullable=False, server_default=""))
    op.create_index("ix_conversations_user", "conversations", ["user"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_conversations_user", table_name="conversations")
    with op.batch_alter_table("conversations") as table:
        table.drop_column("user")
    op.drop_table("privacy_spent")
    op.drop_table("consents")
