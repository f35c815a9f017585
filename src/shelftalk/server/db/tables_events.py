"""The tables of what shoppers did. Users stand in them by pseudonym (privacy/pseudonym.py), never by a shop's own id."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Float, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shelftalk.server.db.tables import Base, UtcDateTime, now


class InteractionRow(Base):
    """What a user did, once: `key` is unique in a tenant. `id` is the order in which rows came, `at` when it happened.

    `price` is a decimal number as text, exact on every database; `session` a conversation or visit, "" for none; `request` what had
    been asked where the product was met.
    """

    __tablename__ = "interactions"
    __table_args__ = (
        UniqueConstraint("tenant", "key", name="uq_interactions_key"),
        Index("ix_interactions_user_at", "tenant", "user", "at"),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    tenant: Mapped[str] = mapped_column(String(100), default="")
    key: Mapped[str] = mapped_column(String(200))
    user: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(16))
    product_id: Mapped[str] = mapped_column(String(512), default="", index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    value: Mapped[float | None] = mapped_column(Float, nullable=True)
    price: Mapped[str | None] = mapped_column(String(40), nullable=True)
    currency: Mapped[str | None] = mapped_column(String(3), nullable=True)
    text: Mapped[str | None] = mapped_column(Text, nullable=True)
    request: Mapped[str | None] = mapped_column(Text, nullable=True)
    why: Mapped[str] = mapped_column(String(8), default="")
    session: Mapped[str] = mapped_column(String(200), default="", index=True)
    place: Mapped[str] = mapped_column(String(100), default="")
    device: Mapped[str] = mapped_column(String(40), default="")


class UserAlias(Base):
    """A user whose profile was merged into another's: what still comes of the one is the other's."""

    __tablename__ = "user_aliases"

    tenant: Mapped[str] = mapped_column(String(100), primary_key=True, default="")
    user: Mapped[str] = mapped_column(String(200), primary_key=True)
    into: Mapped[str] = mapped_column(String(200), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class PseudonymKey(Base):
    """By what the key of the pseudonyms in this database is told from another; a single row. The key itself is never here."""

    __tablename__ = "pseudonym_key"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, default=1)
    fingerprint: Mapped[str] = mapped_column(String(16))
