"""The tables of what was shown: by product and day, and what the exposure floor did by day. Nothing in them says to whom."""

from __future__ import annotations

from sqlalchemy import Float, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from shelftalk.server.db.tables import Base


class ShownRow(Base):
    """How often a product was shown on a day (UTC), with what exposure (1 / log2(1 + rank) each), and how much of it while it was new.
    `catalog` is the folder of the catalogue."""

    __tablename__ = "shown_products"

    catalog: Mapped[str] = mapped_column(String(300), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, index=True)
    product_id: Mapped[str] = mapped_column(String(512), primary_key=True)
    times: Mapped[int] = mapped_column(Integer, default=0)
    exposure: Mapped[float] = mapped_column(Float, default=0.0)
    new_exposure: Mapped[float] = mapped_column(Float, default=0.0)


class FloorRow(Base):
    """Sums over the answers of a day (UTC) to which the exposure floor applied; the columns are those of
    `shoppers.exposure.Tally`."""

    __tablename__ = "floor_days"

    catalog: Mapped[str] = mapped_column(String(300), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, index=True)
    answers: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[float] = mapped_column(Float, default=0.0)
    new: Mapped[float] = mapped_column(Float, default=0.0)
    plain: Mapped[float] = mapped_column(Float, default=0.0)
    due: Mapped[float] = mapped_column(Float, default=0.0)
    places: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    given_up: Mapped[float] = mapped_column(Float, default=0.0)
