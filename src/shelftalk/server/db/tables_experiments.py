"""The tables of experiments: what runs, who was exposed to what, and lists that were shown at random. Users stand in them by pseudonym."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shelftalk.server.db.tables import Base, UtcDateTime, now

_ID = BigInteger().with_variant(Integer(), "sqlite")


class ExperimentRow(Base):
    """An experiment; `slots` are its ranges of the traffic's slots, `spans` those of each variant among its own, `phases` since when
    which weights hold. `stopped_at` is None while it runs."""

    __tablename__ = "experiments"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    salt: Mapped[str] = mapped_column(String(32))
    slots: Mapped[list[list[int]]] = mapped_column(JSON)
    spans: Mapped[dict[str, list[list[int]]]] = mapped_column(JSON)
    phases: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime, nullable=True)
    why: Mapped[str] = mapped_column(String(400), default="")


class ExposureRow(Base):
    """An answer that the variant could have made a difference to. The unit is the user or, where `user` is "", the conversation
    (`session`); `degraded` says that the language model could not answer."""

    __tablename__ = "exposures"
    __table_args__ = (
        Index("ix_exposures_experiment_at", "experiment", "at"),
        Index("ix_exposures_user", "tenant", "user"),
    )

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    experiment: Mapped[str] = mapped_column(String(40))
    variant: Mapped[str] = mapped_column(String(40))
    tenant: Mapped[str] = mapped_column(String(100), default="")
    user: Mapped[str] = mapped_column(String(200), default="")
    session: Mapped[str] = mapped_column(String(200), default="", index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ms: Mapped[float] = mapped_column(Float, default=0.0)
    picks: Mapped[int] = mapped_column(Integer, default=0)
    degraded: Mapped[bool] = mapped_column(Boolean, default=False)


class SlateRow(Base):
    """A list that was drawn at random among candidates, with the probability of each candidate that was shown (in `record`, see
    experiments/slates.py). `request` is None where the words of requests are not kept."""

    __tablename__ = "slates"
    __table_args__ = (Index("ix_slates_user", "tenant", "user"),)

    id: Mapped[int] = mapped_column(_ID, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(100), default="")
    user: Mapped[str] = mapped_column(String(200), default="")
    session: Mapped[str] = mapped_column(String(200), default="", index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    request: Mapped[str | None] = mapped_column(Text, nullable=True)
    record: Mapped[dict[str, Any]] = mapped_column(JSON)
