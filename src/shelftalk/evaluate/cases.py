"""A case is one request of a suite with what is known about its right answer; an outcome is what a variant did with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shelftalk.values import Product, Request

__all__ = ["Case", "Outcome"]


@dataclass(frozen=True, slots=True)
class Case:
    """One request of a suite.

    `catalog` is the key of the suite's catalogue that the request is put to. What is known of the right answer: `grades`
    (product id -> gain), `gold` (the exact answer set; empty: nothing fits, and a refusal is right) or `label` (whether
    `product` suits); each is None where there is no such knowledge. `columns` are what figures can be sliced by.
    `group` is the id of the clean case that this one is a variation of; `meta` carries what a perturbation knows
    (target, canary, position); `overlay` are products put into the catalogue for this case (the same id replaces).
    """

    id: str
    request: Request
    catalog: str = "main"
    grades: Mapping[str, float] | None = None
    gold: frozenset[str] | None = None
    label: bool | None = None
    product: str | None = None
    columns: Mapping[str, str | float | int | bool] = field(default_factory=dict)
    group: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    overlay: tuple[Product, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a variant did with a case.

    `ranking` are product ids, best first, up to the suite's depth, with their `scores`; `answer` is Answer.to_dict() (None
    for tasks without answers); `verdict` and `probability` are set for yes/no tasks; `error` is the message of a case
    that failed; `tokens` are (prompt, completion); `repeat` counts from 0.
    """

    id: str
    ranking: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    answer: Mapping[str, Any] | None = None
    verdict: bool | None = None
    probability: float | None = None
    error: str | None = None
    latency_ms: float = 0.0
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    tokens: tuple[int, int] = (0, 0)
    repeat: int = 0
