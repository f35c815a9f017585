"""An experiment as it runs: its definition, its slots, and since when which weights hold."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.experiments.assign import SLOTS, Spans, divide, holder, shares, size, slot, take
from shelftalk.experiments.definition import Definition

_LAYER = "shelftalk"  # the salt of the whole traffic: all experiments share one layer


@dataclass(frozen=True, slots=True)
class Unit:
    """Who is assigned and counted: a user by pseudonym or, where none is known, a conversation. Neither: nobody."""

    tenant: str = ""
    user: str = ""
    session: str = ""

    @property
    def key(self) -> str:
        """What is hashed; "" for nobody."""
        if self.user:
            return f"{self.tenant}\0user\0{self.user}"
        return f"{self.tenant}\0session\0{self.session}" if self.session else ""


@dataclass(frozen=True, slots=True)
class Experiment:
    """`slots` are its part of the traffic, `spans` the variants' parts of its own. Runs while `stopped_at` is None."""

    definition: Definition
    salt: str
    slots: Spans
    spans: Mapping[str, Spans]
    phases: tuple[tuple[datetime, Mapping[str, float]], ...]
    started_at: datetime
    stopped_at: datetime | None = None
    why: str = ""

    @property
    def name(self) -> str:
        """The definition's."""
        return self.definition.name

    def variant(self, unit: Unit) -> str | None:
        """The variant of a unit, None for one that takes no part."""
        if not unit.key or holder({"": self.slots}, slot(_LAYER, unit.key)) is None:
            return None
        return holder(self.spans, slot(self.salt, unit.key))

    def changed(
        self, at: datetime, taken: Iterable[Spans], *, weights: Mapping[str, float] | None = None, share: float | None = None
    ) -> Experiment:  # fmt: skip
        """The experiment with other weights or another share of the traffic from then on; no more units are moved than must be."""
        if self.stopped_at is not None:
            raise UsageError(f"experiment {self.name!r} is stopped; start another one")
        wanted = dict(self.definition.weights, **(weights or {}))
        if unknown := set(wanted) - set(self.definition.weights):
            raise UsageError(f"experiment {self.name!r} has no variant {sorted(unknown)[0]!r}")
        arms = tuple(replace(arm, weight=wanted[arm.name]) for arm in self.definition.variants)
        definition = replace(self.definition, variants=arms, share=self.definition.share if share is None else share)
        return replace(
            self, definition=definition, slots=take(definition.share, taken, self.slots),
            spans=divide(wanted, self.spans), phases=(*self.phases, (at, shares(wanted))),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """What is told of it."""
        return {
            **self.definition.to_dict(),
            "state": "running" if self.stopped_at is None else "stopped",
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "stopped_at": None if self.stopped_at is None else self.stopped_at.isoformat(timespec="seconds"),
            "why": self.why,
            "traffic": size(self.slots) / SLOTS,
            "phases": [{"at": at.isoformat(timespec="seconds"), "shares": dict(held)} for at, held in self.phases],
        }


def begin(definition: Definition, at: datetime, taken: Iterable[Spans]) -> Experiment:
    """A new experiment beside those that have `taken` their slots. UsageError for a definition that cannot be, or too much traffic."""
    definition.checked()
    weights = definition.weights
    return Experiment(
        definition, secrets.token_hex(8), take(definition.share, taken), divide(weights), ((at, shares(weights)),), at
    )
