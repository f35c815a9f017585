"""Interactions are held whole, each once by its key; kinds get the names of the field; users can be merged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_events"
down_revision = "0005_experiments"
branch_labels = None
depends_on = None

_KINDS = {"clicked": "click", "bought": "purchase", "dismissed": "dismiss", "more_like": "like"}
_NEW = ("key", "received_at", "value", "price", "currency", "text", "why", "place", "device")
_rows = sa.table(
    "interactions", *map(sa.column, ("id", "kind", "at", "session", "conversation_id", "key", "received_at"))
)


def upgrade() -> None:
    op.drop_index("ix_interactions_conversation_id", table_name="interactions")
    with op.batch_alter_table("interactions") as table:
        table.add_column(sa.Column("key", sa.String(200), nullable=True))
        table.add_column(sa.Column("received_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("value", sa.Float(), nullable=True))
        table.add_column(sa.Column("price", sa.String(40), nullable=True))
        table.add_column(sa.Column("currency", sa.String(3), nullable=True))
        table.add_column(sa.Column("text", sa.Text(), nullable=True))
        table.add_column(sa.Column("why", sa.String(8), nullable=False, server_default=""))
        table.add_column(sa.Column("place", sa.String(100), nullable=False, server_default=""))
        table.add_column(sa.Column("device", sa.String(40), nullable=False, server_default=""))
        table.alter_column(
            "conversation_id", new_column_name="session", existing_type=sa.String(32), type_=sa.String(200), existing_nullable=True,
        )  # fmt: skip
    for old, new in _KINDS.items():
        op.execute(sa.update(_rows).where(_rows.c.kind == old).values(kind=new))
    op.execute(sa.update(_rows).values(key="row-" + sa.cast(_rows.c.id, sa.String), received_at=_rows.c.at))
    op.execute(sa.update(_rows).where(_rows.c.session.is_(None)).values(session=""))
    with op.batch_alter_table("interactions") as table:
        table.alter_column("key", existing_type=sa.String(200), nullable=False)
        table.alter_column("received_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        table.alter_column("session", existing_type=sa.String(200), nullable=False)
        table.create_unique_constraint("uq_interactions_key", ["tenant", "key"])
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "interactions", "id", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False
        )
        op.execute("ALTER SEQUENCE interactions_id_seq AS bigint")
    op.create_index("ix_interactions_session", "interactions", ["session"], unique=False)
    op.create_table(
        "user_aliases",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("into", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user"),
    )
    op.create_index("ix_user_aliases_into", "user_aliases", ["into"], unique=False)
    op.create_table(
        "pseudonym_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("pseudonym_key")
    op.drop_index("ix_user_aliases_into", table_name="user_aliases")
    op.drop_table("user_aliases")
    op.drop_index("ix_interactions_session", table_name="interactions")
    kept = ("shown", *_KINDS.values())  # what the version before knows
    op.execute(sa.delete(_rows).where(_rows.c.kind.not_in(kept)))
    for old, new in _KINDS.items():
        op.execute(sa.update(_rows).where(_rows.c.kind == new).values(kind=old))
    with op.batch_alter_table("interactions") as table:
        table.drop_constraint("uq_interactions_key", type_="unique")
        table.alter_column("session", existing_type=sa.String(200), nullable=True)
    longer = sa.func.length(_rows.c.session) > 32
    op.execute(sa.update(_rows).where(sa.or_(_rows.c.session == "", longer)).values(session=None))
    with op.batch_alter_table("interactions") as table:
        table.alter_column(
            "session", new_column_name="conversation_id", existing_type=sa.String(200), type_=sa.String(32), existing_nullable=True,
        )  # fmt: skip
        for name in _NEW:
            table.drop_column(name)
    op.create_index("ix_interactions_conversation_id", "interactions", ["conversation_id"], unique=False)
