"""Who sees which variant: a stable salted hash of the unit, and a table of slots that changes no more than it must.

A unit (a user, or a conversation where the user is not known) falls into one of 10,000 slots by SHA-256. The slots are handed out
twice: those of the whole traffic to experiments, so that nobody is in two at once (one layer of Tang et al. 2010, "Overlapping
Experiment Infrastructure"), and, under a salt of the experiment's own, those of the experiment to its variants. Every process that
reads the same table assigns alike, after a restart too. Where weights change, only so many slots change hands as the shares differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from math import floor

from shelftalk.errors import UsageError

SLOTS = 10_000
Spans = tuple[tuple[int, int], ...]  # half-open ranges of slots, ascending


def slot(salt: str, unit: str) -> int:
    """The slot of a unit, 0 to 9,999: SHA-256 of salt and unit, so the same everywhere and unrelated under another salt."""
    digest = hashlib.sha256(f"{salt}\0{unit}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % SLOTS


def holder(spans: Mapping[str, Spans], number: int) -> str | None:
    """Who holds a slot, None for nobody."""
    return next((name for name, held in spans.items() if any(low <= number < high for low, high in held)), None)


def size(spans: Spans) -> int:
    """The number of slots in some ranges."""
    return sum(high - low for low, high in spans)


def shares(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights as shares of 1. UsageError for one that is not above 0."""
    for name, weight in weights.items():
        if not 0 < weight < float("inf"):
            raise UsageError(
                f"the weight of variant {name!r} is {weight}; a weight is above 0 (stop the experiment to end it)"
            )
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()}


def divide(weights: Mapping[str, float], before: Mapping[str, Spans] | None = None) -> dict[str, Spans]:
    """All slots handed out to the variants by weight, to the nearest slot (largest remainders).

    With `before`, a variant keeps its slots as far as its share allows, so that the least possible number changes hands: half the sum
    of the differences of the shares.
    """
    wanted = _counts(shares(weights))
    held = {name: _slots((before or {}).get(name, ())) for name in wanted}
    free = sorted(set(range(SLOTS)) - {n for name, have in held.items() for n in have[: wanted[name]]})
    out, at = {}, 0
    for name, number in wanted.items():
        kept = held[name][:number]
        more = free[at : at + number - len(kept)]
        at += len(more)
        out[name] = _spans([*kept, *more])
    return out


def take(share: float, taken: Iterable[Spans], before: Spans = ()) -> Spans:
    """Slots of the traffic for a share of it (above 0, up to 1), those of `before` first. UsageError where others have taken too much."""
    if not 0 < share <= 1:
        raise UsageError(f"the share of the traffic is {share}; it must be above 0 and at most 1")
    number = max(1, round(share * SLOTS))
    others = {n for spans in taken for n in _slots(spans)}
    kept = _slots(before)[:number]
    free = [n for n in range(SLOTS) if n not in others and n not in set(kept)]
    if len(kept) + len(free) < number:
        left = (SLOTS - len(others)) / SLOTS
        raise UsageError(
            f"{share:.0%} of the traffic is asked for, but other running experiments leave {left:.0%}; stop one of them, or give a "
            "smaller --share"
        )
    return _spans([*kept, *free[: number - len(kept)]])


def _counts(shares_of: Mapping[str, float]) -> dict[str, int]:
    exact = {name: share * SLOTS for name, share in shares_of.items()}
    counts = {name: floor(value + 1e-9) for name, value in exact.items()}
    short = sorted(exact, key=lambda name: counts[name] - exact[name])
    for name in short[: SLOTS - sum(counts.values())]:
        counts[name] += 1
    return counts


def _slots(spans: Spans) -> list[int]:
    return [n for low, high in spans for n in range(low, high)]


def _spans(slots: Sequence[int]) -> Spans:
    out: list[tuple[int, int]] = []
    for n in sorted(slots):
        if out and out[-1][1] == n:
            out[-1] = (out[-1][0], n + 1)
        else:
            out.append((n, n + 1))
    return tuple(out)
