"""What an experiment is: its variants and their weights, what decides, what must not get worse, for how long a unit is watched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.experiments.metrics import Guardrail, metric

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
MOST_VARIANTS = 8


@dataclass(frozen=True, slots=True)
class Arm:
    """A variant: its name, and the settings and prompts that it changes, as `shelftalk eval run --variant` spells them ("": none)."""

    name: str
    given: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Definition:
    """An experiment. The first variant is the control. `window` is the time after a unit's first exposure in which what it does counts;
    a unit is judged when it is over. `alpha` bounds the chance of any false difference on the primary metric, whenever one looks.
    `least` units a variant are needed before anything is concluded; the intervals are narrowest near `expected` units."""

    name: str
    variants: tuple[Arm, ...]
    metric: str = "click_through"
    guardrails: tuple[Guardrail, ...] = ()
    share: float = 1.0
    window: timedelta = timedelta(days=7)
    alpha: float = 0.05
    least: int = 200
    expected: int = 10_000

    @property
    def control(self) -> Arm:
        """The variant that the others are compared with."""
        return self.variants[0]

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each variant."""
        return {arm.name: arm.weight for arm in self.variants}

    def checked(self) -> Definition:
        """The definition itself. UsageError says what of it cannot be."""
        _named(self.name, "the experiment")
        names = [arm.name for arm in self.variants]
        for name in names:
            _named(name, "a variant")
        if not 2 <= len(names) <= MOST_VARIANTS:
            raise UsageError(
                f"an experiment has 2 to {MOST_VARIANTS} variants, the control first; {len(names)} are given"
            )
        if len(set(names)) < len(names):
            raise UsageError(
                f"two variants are named {next(n for n in names if names.count(n) > 1)!r}; give each its own name"
            )
        metric(self.metric)
        guarded = [metric(rail.metric).name for rail in self.guardrails]
        if self.metric in guarded or len(set(guarded)) < len(guarded):
            raise UsageError("a metric is either the one that decides or a guardrail, and each is given once")
        if not 0 < self.alpha < 0.5:
            raise UsageError(f"alpha is {self.alpha}; it must be between 0 and 0.5")
        if not timedelta(minutes=1) <= self.window <= timedelta(days=90):
            raise UsageError("the window must be from a minute to 90 days")
        if self.least < 2 or self.expected < 2:
            raise UsageError("the numbers of units must be 2 or more")
        return self

    def to_dict(self) -> dict[str, Any]:
        """As it is stored and reported."""
        return {
            "name": self.name,
            "variants": [{"name": a.name, "given": a.given, "weight": a.weight} for a in self.variants],
            "metric": self.metric,
            "guardrails": [rail.to_dict() for rail in self.guardrails],
            "share": self.share,
            "window_s": self.window.total_seconds(),
            "alpha": self.alpha,
            "least": self.least,
            "expected": self.expected,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Definition:
        """The definition that `to_dict` told of."""
        return cls(
            told["name"],
            tuple(Arm(a["name"], a["given"], a["weight"]) for a in told["variants"]),
            told["metric"],
            tuple(Guardrail(g["metric"], g["margin"], g["relative"]) for g in told["guardrails"]),
            told["share"],
            timedelta(seconds=told["window_s"]),
            told["alpha"],
            told["least"],
            told["expected"],
        )


def parse_arms(texts: Sequence[str], weights: str = "") -> tuple[Arm, ...]:
    """The variants of NAME or NAME:KEY=VALUE,... in order, with the weights of "control=80,warm=20" (equal without)."""
    split = [tuple(part.strip() for part in text.partition(":")[::2]) for text in texts]
    given = parse_weights(weights)
    if unknown := set(given) - {name for name, _ in split}:
        raise UsageError(f"--weights names {sorted(unknown)[0]!r}, which is no variant of the experiment")
    if given and (missing := [name for name, _ in split if name not in given]):
        raise UsageError(f"--weights says nothing of {missing[0]!r}; give each variant's weight, or none")
    return tuple(Arm(name, text, given.get(name, 1.0)) for name, text in split)


def parse_span(text: str) -> timedelta:
    """A time such as 30m, 12h or 7d. UsageError for another form."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise UsageError(f"{text!r} is no time; write 30m, 12h or 7d")
    return float(found[1]) * _UNITS[found[2]]


def parse_weights(text: str) -> dict[str, float]:
    """The weights of "control=80,warm=20"; none of ""."""
    out: dict[str, float] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, value = (p.strip() for p in part.partition("="))
        if not re.fullmatch(r"\d+(\.\d+)?", value):
            raise UsageError(f"--weights {text!r}: {part!r} is not NAME=NUMBER")
        out[name] = float(value)
    return out


def _named(name: str, what: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{what} is named {name!r}; a name is 1 to 40 of a-z, 0-9, '_', '.', '-', and begins with a letter or digit"
        )
