"""Interactions take every id that the catalogue takes: up to 512 characters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _length(200, 512)


def downgrade() -> None:
    _length(512, 200)


def _length(old: int, new: int) -> None:
    with op.batch_alter_table("interactions") as table:
        table.alter_column("product_id", existing_type=sa.String(old), type_=sa.String(new), existing_nullable=False)
