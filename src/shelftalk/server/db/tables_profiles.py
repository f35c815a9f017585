"""The tables of what shoppers made of their profiles. Profiles themselves are read from the interactions and stored nowhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from shelftalk.server.db.tables import Base, UtcDateTime, now


class ProfileLineRow(Base):
    """What was done to one line: `line` is what it says instead or what was added (as it was, where it is deleted), None where it was only
    switched. `user` is a pseudonym."""

    __tablename__ = "profile_lines"

    tenant: Mapped[str] = mapped_column(String(100), primary_key=True, default="")
    user: Mapped[str] = mapped_column(String(200), primary_key=True)
    line_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    line: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), nullable=True)
    is_on: Mapped[bool] = mapped_column(Boolean, default=True)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, nullable=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)


class ProfileSwitchRow(Base):
    """Whether a profile is used at all, which aspects of it are not, and before when nothing counts, since it was forgotten."""

    __tablename__ = "profile_switches"

    tenant: Mapped[str] = mapped_column(String(100), primary_key=True, default="")
    user: Mapped[str] = mapped_column(String(200), primary_key=True)
    is_on: Mapped[bool] = mapped_column(Boolean, default=True)
    aspects_off: Mapped[list[str]] = mapped_column(JSON, default=list)
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime, nullable=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
