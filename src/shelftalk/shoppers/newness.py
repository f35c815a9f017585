"""Which products are new to a shop: by the day of their release or of their import, and by how often anyone met them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from shelftalk.settings import ExposureSettings
from shelftalk.values import Product


@dataclass(frozen=True)
class Newness:
    """Whether a product is new: released in the `days` before `today`, or without a release date added in them, or with fewer than `few`
    interactions.

    `added` are the days on which products came into the catalogue, `counts` the interactions of each: where it is empty nothing is
    known of any, and `few` plays no part. What is not released yet is not new: nobody can have it.
    """

    today: date
    days: int
    few: int = 0
    added: Mapping[str, date] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def by(
        cls,
        settings: ExposureSettings,
        added: Mapping[str, date] | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> Newness:
        """What the settings call new."""
        day = settings.today or datetime.now(UTC).date()
        return cls(day, settings.days, settings.few, added or {}, counts or {})

    def __call__(self, product: Product) -> bool:
        """Whether the product is new."""
        day = self.day(product)
        if day is not None and day > self.today:
            return False
        if day is not None and self.today - day < timedelta(days=self.days):
            return True
        return bool(self.few and self.counts) and self.counts.get(product.id, 0) < self.few

    def day(self, product: Product) -> date | None:
        """The day of its release, else of its import; None where neither is known. A year or a month alone is no day."""
        try:
            return date.fromisoformat((product.released_at or "")[:10])
        except ValueError:
            return self.added.get(product.id)
