"""What a metric is, what it may look at besides the case and the outcome, and the registry that knows each by its name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.values import Product

Better = Literal["higher", "lower", "neither"]
Unjudged = Literal["irrelevant", "removed"]
Pair = tuple[Case, Outcome]


@dataclass(frozen=True, eq=False)
class MetricContext:
    """What metrics may look at besides a case and its outcome.

    `products(catalog, id)` is that product or None; `catalogue(catalog)` are all products of a catalogue (None: unknown,
    and metrics that need it do not apply); `interactions` counts the interactions of each product; `new_items` are the ids
    held out as new. `unjudged` says what a product without a judgment counts as: "irrelevant" (gain 0, as TREC does), or
    "removed" (taken out of the ranking first). `wall_s` is the time of the whole run, where the model was really asked.
    """

    products: Callable[[str, str], Product | None]
    catalogue: Callable[[str], Iterable[Product]] | None = None
    interactions: Mapping[str, int] = field(default_factory=dict)
    new_items: frozenset[str] = frozenset()
    unjudged: Unjudged = "irrelevant"
    wall_s: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a whole run over n values, with the ends of its 95% interval over requests where it has one."""

    value: float
    n: int
    low: float | None = None
    high: float | None = None


Held = float | Figure
PerCase = Callable[[Case, Outcome, MetricContext, int | None], float | None]
Whole = Callable[[Sequence[Pair], MetricContext, int | None], Held | Mapping[str, Held] | None]


@dataclass(frozen=True)
class Metric:
    """A metric: `per_case` gives a value for one request (None: does not apply), `whole` a figure, or several by name, that
    exist for a run only. `cut` metrics may be written `name@k`: k is then passed on, None where it is not given. Values
    without a `unit` are shares, between 0 and 1."""

    name: str
    about: str
    better: Better = "higher"
    per_case: PerCase | None = None
    whole: Whole | None = None
    cut: bool = False
    unit: str = ""


METRICS: dict[str, Metric] = {}


def register(metric: Metric) -> Metric:
    """The metric, known to `find` from now on; a name may be taken once."""
    if metric.name in METRICS:
        raise ValueError(f"two metrics are named {metric.name!r}")
    METRICS[metric.name] = metric
    return metric


def find(name: str) -> tuple[Metric, int | None]:
    """The metric of that name and its cut ("ndcg@10": 10). UsageError names what there is."""
    bare, at, tail = name.partition("@")
    metric = METRICS.get(bare)
    if metric is None:
        known = ", ".join(f"{m.name}[@k]" if m.cut else m.name for m in METRICS.values())
        near = difflib.get_close_matches(bare, METRICS, 1)
        hint = f" (did you mean {near[0]}{at}{tail}?)" if near else ""
        raise UsageError(f"there is no metric {name!r}{hint}; there are: {known}")
    if not at:
        return metric, None
    if not metric.cut or not tail.isdecimal() or int(tail) < 1:
        form = f"{bare}@10" if metric.cut else bare
        raise UsageError(f"metric {name!r} cannot be read; write it as {form!r}")
    return metric, int(tail)


def direction(name: str) -> Better:
    """Whether more of it is better; "neither" where it is no matter of better, or the metric is unknown here."""
    metric = METRICS.get(name.partition("@")[0].partition(".")[0])
    return metric.better if metric else "neither"


def unit(name: str) -> str:
    """The unit of a metric's values ("ms"), "" where it has none."""
    metric = METRICS.get(name.partition("@")[0].partition(".")[0])
    return metric.unit if metric else ""


def is_share(name: str) -> bool:
    """Whether a metric's values lie between 0 and 1."""
    metric = METRICS.get(name.partition("@")[0])
    return metric is not None and not metric.unit


def request_of(case: Case) -> str:
    """What a case is a case of: the clean request that it is a variation of, or itself."""
    return case.group or case.id


def shown(outcome: Outcome, k: int | None = None) -> tuple[str, ...]:
    """The product ids a shopper gets to see, best first: the answer's picks, or the ranking where there is no answer."""
    picks = outcome.answer.get("picks") if outcome.answer else None
    ids = tuple(str(p["product_id"]) for p in picks) if picks is not None else outcome.ranking
    return ids[:k]
