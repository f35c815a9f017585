"""What explain is asked, and the points that a reason is made of. A point is what one claim is to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shelftalk.facts.facts import Fact
from shelftalk.catalog.standing import Scope
from shelftalk.values import Constraint, Direction, Intent, Product


@dataclass(frozen=True, slots=True)
class ExplainJob:
    """The picks of one answer, best first, to be explained to the shopper who wrote `request`.

    `relaxed` are the constraints that retrieval gave up; a pick that misses one says so. `among` are the products that a
    superlative may be claimed over (the picks themselves where it is empty).
    """

    request: str
    intent: Intent
    products: tuple[Product, ...]
    relaxed: tuple[Constraint, ...] = ()
    among: tuple[Product, ...] = ()
    scope: Scope | None = None


PointKind = Literal["met", "missed", "sort", "wish", "general"]


@dataclass(frozen=True, slots=True)
class Point:
    """What one claim is to say: the facts it rests on, the constraint it meets or misses, the words it answers.

    `superlative` is set where the fact is the lowest ("asc") or highest ("desc") of the products given, and several were
    given; `quoted` is the shopper's own word found in a long text (kind "mention" facts); `variant` turns the wording; `brief`
    leaves out "as you asked", which another claim of the same reason says already.
    """

    kind: PointKind
    facts: tuple[Fact, ...]
    constraint: Constraint | None = None
    answers: str | None = None
    superlative: Direction | None = None
    quoted: str | None = None
    variant: int = 0
    brief: bool = False
    score: float = field(default=0.0, compare=False)

    @property
    def fact(self) -> Fact:
        """The fact that the point is about (others only accompany it)."""
        return self.facts[0]

    @property
    def missed(self) -> bool:
        """Whether the point owns up to a wish that the product does not meet."""
        return self.kind == "missed"
