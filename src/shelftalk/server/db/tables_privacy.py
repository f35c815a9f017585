"""The tables of privacy: what persons consented to and when, and what of the yearly budget the figures that left the shop have spent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Float, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from shelftalk.server.db.tables import Base, UtcDateTime, now

_ID = BigInteger().with_variant(Integer(), "sqlite")


class ConsentRow(Base):
    """A change of consent. Rows are only added: the last one of a purpose holds, the others say what held before. `user` is a pseudonym."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_user", "tenant", "user", "purpose"),)

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(100), default="")
    user: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(String(20))
    given: Mapped[bool] = mapped_column(Boolean)
    by: Mapped[str] = mapped_column(String(8), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class SpentRow(Base):
    """A release of differentially private figures of a tenant's shoppers in a year (UTC), and the budget that it took."""

    __tablename__ = "privacy_spent"

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(100), default="")
    year: Mapped[int] = mapped_column(Integer, index=True)
    epsilon: Mapped[float] = mapped_column(Float)
    what: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
