"""The profile of a product: its facts, what reviews say, who buys it, with what, and whether more or fewer do than before.

Nothing is said of fewer than `least` (5) different shoppers: what would be is None or left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shelftalk.facts.facts import facts_of
from shelftalk.shoppers.profiles.chance import tail
from shelftalk.shoppers.profiles.reviews import Aspect, Encode, aspects_of, wrong
from shelftalk.text import clean
from shelftalk.values import Facets, Interaction, Product, ProfileLine

__all__ = ["K", "Counts", "ItemProfile", "Shared", "build_item_profile", "shared_lines", "trend_spans"]

K = 5  # the fewest shoppers that anything is said of
DAYS = 28  # of the period that is held against the one before
_BY_CHANCE = 0.05
_MOST = 8


@dataclass(frozen=True, slots=True)
class Shared:
    """A line that `buyers` of `of` buyers' profiles share, and the share of all shoppers whose profiles say it."""

    line: ProfileLine
    buyers: int
    of: int
    base: float

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a profile that is shown: what it says, without what it rests on."""
        kept = self.line.to_dict()
        said = {name: kept[name] for name in ("criterion", "category")}
        return {**said, "buyers": self.buyers, "of": self.of, "base": round(self.base, 3)}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many different shoppers did something with a product: in the period up to now, and in the one before; None for fewer than 5."""

    kind: str
    now: int | None
    before: int | None

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a profile that is shown."""
        return {"kind": self.kind, "now": self.now, "before": self.before}


@dataclass(frozen=True, slots=True)
class ItemProfile:
    """What is known of a product. `facts` are as sentences say them; `buyers` is None for fewer than 5."""

    product_id: str
    title: str
    facts: tuple[str, ...] = ()
    reviews: int = 0
    rating: float | None = None
    aspects: tuple[Aspect, ...] = ()
    buyers: int | None = None
    shared: tuple[Shared, ...] = ()
    bought_with: tuple[tuple[str, str, int], ...] = ()
    trend: tuple[Counts, ...] = ()
    days: int = DAYS

    def to_dict(self) -> dict[str, Any]:
        """The profile as it is shown."""
        return {
            "product_id": self.product_id,
            "title": self.title,
            "facts": list(self.facts),
            "reviews": {"count": self.reviews, "mean": self.rating, "aspects": [a.to_dict() for a in self.aspects]},
            "buyers": self.buyers,
            "who_buys": [one.to_dict() for one in self.shared],
            "bought_with": [{"product_id": i, "title": title, "buyers": n} for i, title, n in self.bought_with],
            "trend": {"days": self.days, "counts": [one.to_dict() for one in self.trend]},
            "at_least": K,
        }


def trend_spans(now: datetime, days: int = DAYS) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]]:
    """(from, to) of the period up to now and of the one before it; the ends do not count."""
    start = now - timedelta(days=days)
    return (start, now), (start - timedelta(days=days), start)


def build_item_profile(
    product: Product,
    facets: Facets,
    *,
    reviews: Sequence[Interaction] = (),
    buyers: int = 0,
    shared: Sequence[Shared] = (),
    bought_with: Mapping[str, int] | None = None,
    titles: Mapping[str, str] | None = None,
    counts: Sequence[Mapping[str, int]] = ({}, {}),
    encode: Encode | None = None,
) -> ItemProfile:
    """The profile of a product. `buyers` is how many different shoppers bought it, `bought_with` how many of them bought each other
    product (`titles` are theirs), `counts` how many did each thing in the period and in the one before. Aspects that do not stand up
    to being held against the reviews are left out."""
    said = [one for one in reviews if one.kind == "review" and one.text.strip()]
    once = list({one.id: one for one in said}.values())
    aspects = [a for a in aspects_of(product, facets, once, encode) if not wrong([a], once)]
    rated = [one.value for one in reviews if one.kind in ("rating", "review") and one.value is not None]
    beside = [(i, n) for i, n in (bought_with or {}).items() if n >= K and i != product.id]
    beside.sort(key=lambda pair: (-pair[1], pair[0]))
    now, before = counts
    return ItemProfile(
        product.id, clean(product.title), tuple(fact.reads for fact in facts_of(product, facets) if fact.field != "title"), len(once),
        round(sum(rated) / len(rated), 2) if len(rated) >= K else None, tuple(aspects), _told(buyers),
        tuple(shared) if buyers >= K else (),
        tuple((i, clean((titles or {}).get(i, i)), n) for i, n in beside[:_MOST]),
        tuple(Counts(kind, _told(now.get(kind, 0)), _told(before.get(kind, 0))) for kind in sorted({*now, *before})),
    )  # fmt: skip


def _told(many: int) -> int | None:
    return many if many >= K else None


def shared_lines(buyers: Sequence[Sequence[ProfileLine]], everyone: Sequence[Sequence[ProfileLine]]) -> list[Shared]:
    """The lines that at least 5 buyers' profiles share, more of them than chance brings among `everyone` (the buyers too), the furthest
    above first. Profiles of buyers are to be made without the product itself, which would else explain itself.

    Only what was read from interactions counts: what shoppers said of themselves is theirs.
    """
    if len(buyers) < K or len(everyone) < len(buyers):
        return []
    lines = {line.id: line for held in buyers for line in held if line.source == "history"}
    among = Counter(name for held in buyers for name in {line.id for line in held if line.source == "history"})
    at_large = Counter(name for held in everyone for name in {line.id for line in held if line.source == "history"})
    found = []
    for name, many in among.items():
        holding = max(at_large[name], many)
        if many >= K and tail(many, len(buyers), holding, len(everyone)) <= _BY_CHANCE:
            plain = replace(lines[name], evidence=(), text="", weight=1.0, span=None)
            found.append(Shared(plain, many, len(buyers), holding / len(everyone)))
    return sorted(found, key=lambda s: (-s.buyers / s.of / max(s.base, 1e-9), s.line.id))[:_MOST]
