"""What the studio shows of exposure: how it is shared over the catalogue, what the tail and new products get, what the floor did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shelftalk.server.db.gaps import day
from shelftalk.server.db.shown import Shown
from shelftalk.server.page.plots import HEIGHT, WIDTH
from shelftalk.server.shown import MEETING
from shelftalk.shoppers.exposure import Tally, gini, head_of

DAYS = 7
_DECILES = 10


@dataclass(frozen=True, slots=True)
class ExposureView:
    """The section's values: figures by name, the plot of deciles (None without any exposure), and what the floor did ("" where it is off)."""

    days: int
    counted: bool
    figures: Mapping[str, str]
    plot: Mapping[str, Any] | None
    floor: str


def exposure_view(server: Any, days: int = DAYS) -> ExposureView:
    """What was shown in the last days, read from the database."""
    settings = server.settings.exposure
    first = day(days - 1)
    shown = server.shown.store.by_product(first)
    met = server.interactions.product_counts(kinds=MEETING, tenant=None)
    tally = sum(server.shown.store.tallies(first).values(), Tally())
    figures = told(shown, server.shelf.catalog.count(), met)
    return ExposureView(days, bool(settings.keep_days), figures, deciles(shown, server.shelf.catalog.count()), floor(tally, settings.share))  # fmt: skip


def told(shown: Mapping[str, Shown], products: int, met: Mapping[str, int]) -> dict[str, str]:
    """The figures by name; {} where nothing was shown. The tail are the products outside those with 80% of the interactions."""
    total = sum(s.exposure for s in shown.values())
    if not total:
        return {}
    head = head_of(met)
    tail = sum(s.exposure for i, s in shown.items() if i not in head) / total
    new = sum(s.new_exposure for s in shown.values()) / total
    return {
        "products shown": f"{len(shown):,} of {products:,}",
        "Gini's index": f"{gini((s.exposure for s in shown.values()), max(products, len(shown))):.2f}",
        "of it to the long tail": f"{tail:.0%}" if met else "not known",
        "of it to new products": f"{new:.1%}",
    }


def deciles(shown: Mapping[str, Shown], products: int) -> dict[str, Any] | None:
    """Bars of the share of exposure that each tenth of the catalogue gets, the most shown first, in a box of 720 by 180; None without any."""
    shares = shares_of([s.exposure for s in shown.values()], max(products, len(shown)))
    if not shares:
        return None
    step = WIDTH / _DECILES
    bars: list[dict[str, Any]] = [
        {
            "x": round(n * step + 4, 1), "y": round(HEIGHT * (1 - share), 1), "w": round(step - 8, 1),
            "h": round(HEIGHT * share, 1), "text": f"{share:.0%}", "name": "most shown" if n == 0 else f"{n + 1}.",
        }
        for n, share in enumerate(shares)
    ]  # fmt: skip
    ticks = [{"y": round(HEIGHT * (1 - share), 1), "text": f"{share:.0%}"} for share in (0.5, 1.0)]
    return {"bars": bars, "ticks": ticks, "width": WIDTH, "height": HEIGHT, "said": ", ".join(b["text"] for b in bars)}


def shares_of(exposures: Sequence[float], products: int, parts: int = _DECILES) -> list[float]:
    """The share of all exposure that each part of the products gets, the most shown first; a product on the edge of two parts is shared
    between them. [] without exposure."""
    held, total = sorted(exposures, reverse=True), sum(exposures)
    if total <= 0 or products < 1:
        return []
    size, shares = products / parts, [0.0] * parts
    for place, gain in enumerate(held):
        for part in range(int(place / size), min(parts, int((place + 1) / size) + 1)):
            inside = min(place + 1.0, (part + 1) * size) - max(float(place), part * size)
            shares[part] += gain / total * max(0.0, inside)
    return shares


def floor(tally: Tally, share: float) -> str:
    """What the floor did, in a sentence; "" where it is off and did nothing."""
    if not tally.answers:
        return f"The floor is {share:.0%}; no answer was given under it yet." if share else ""
    got, plain = (part / tally.total if tally.total else 0.0 for part in (tally.new, tally.plain))
    cost = tally.given_up / tally.answers
    return (
        f"The floor ({share:.0%}) changed {tally.changed:,} of {tally.answers:,} answers: new products got {got:.1%} of the exposure, "
        f"against {plain:.1%} by rank alone; relevance given up: {cost:.4f} of 1 on average."
    )
