"""Whatever keeps something of a person says so here: what it can export and what it can erase. A part registers its own keeper.

A keeper is asked for one `Person`. What it cannot remove it says in `left`, so that nothing is passed over in silence.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

logger = logging.getLogger(__name__)

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a tenant. `user` is the pseudonym under which the database has him; `names` all that he may stand under anywhere: it,
    the shop's own id where that was given, and the pseudonyms that were merged into it. `sessions` are his conversations and visits, `texts`
    what he wrote there."""

    user: str
    tenant: str = ""
    names: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Removed:
    """What a keeper removed: a count for each place ("table interactions": 12), and in words what it could not remove and why."""

    counts: Mapping[str, int] = field(default_factory=dict)
    left: tuple[str, ...] = ()


class Keeper(Protocol):
    """A place that keeps something of persons."""

    @property
    def name(self) -> str:
        """A short name, unique among the keepers."""

    def export(self, person: Person) -> Any:
        """What is kept, ready for JSON; None or empty for nothing."""

    def erase(self, person: Person) -> Removed:
        """Removes it. Done twice it is done once."""


def export(person: Person, keepers: Sequence[Keeper]) -> dict[str, Any]:
    """All that is kept of a person (Art. 15 and 20 GDPR), by keeper."""
    held = {keeper.name: keeper.export(person) for keeper in keepers}
    return {
        "format": FORMAT, "user": person.user, "tenant": person.tenant, "exported_at": datetime.now(UTC).isoformat(),
        "kept": {name: what for name, what in held.items() if what},
    }  # fmt: skip


def erase(person: Person, keepers: Sequence[Keeper]) -> dict[str, Any]:
    """Removes all that is kept of a person (Art. 17 GDPR): {"user", "removed": {keeper: {place: count}}, "left": [...]}.

    A keeper that fails is told in `left`, and the others go on: what was removed can be repeated, so erase again once it is mended.
    """
    removed: dict[str, dict[str, int]] = {}
    left: list[str] = []
    for keeper in keepers:
        try:
            done = keeper.erase(person)
        except Exception as error:  # whatever it is, the person's other data must go
            logger.exception("%s could not be erased", keeper.name)
            left.append(f"{keeper.name}: nothing was removed: {type(error).__name__}: {error}")
            continue
        if counts := {place: count for place, count in done.counts.items() if count}:
            removed[keeper.name] = counts
        left += [f"{keeper.name}: {why}" for why in done.left]
    return {"user": person.user, "tenant": person.tenant, "erased_at": datetime.now(UTC).isoformat(),
            "removed": removed, "left": left}  # fmt: skip
