"""What is known of a shopper beside the request: interactions, the profile that is read from them, refusals and the context.

A profile is a set of criteria, each with the interactions that it rests on, so that history, words and corrections act in one place. All
of it is optional: a request without a shopper is answered as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from shelftalk.values.intent import Criterion
from shelftalk.values.product import plain

InteractionKind = Literal[
    "view", "click", "cart", "purchase", "rating", "review", "like", "dismiss", "search", "dwell", "shown"
]
INTERACTION_KINDS: tuple[InteractionKind, ...] = get_args(InteractionKind)
# Why a pick is "not for me".
Why = Literal["brand", "price", "look", "have", "other"]
WHYS: tuple[Why, ...] = get_args(Why)
Source = Literal["history", "session", "stated", "corrected"]


@dataclass(frozen=True, slots=True)
class Interaction:
    """What a shopper did, once. `user` is a pseudonym; `id` is unique in a shop: the same id again is the same interaction.

    `product_id` is "" for a search. `value` is a rating of 1 to 5, seconds of dwelling, or the number bought; `price` that of one piece.
    `dated` is False where only that a product was chosen is known, neither how nor when: no reason tells of either. `text` holds the words of a search or a review (untrusted); `why` a dismissal's reason, "" for none given; `session` the
    conversation or visit that it belongs to; `request` what had been asked where the product was met.
    """

    user: str
    kind: InteractionKind
    at: datetime
    product_id: str = ""
    id: str = ""
    value: float | None = None
    price: Decimal | None = None
    currency: str | None = None
    text: str = ""
    why: Why | Literal[""] = ""
    session: str = ""
    place: str = ""
    device: str = ""
    request: str = ""
    dated: bool = True


@dataclass(frozen=True, slots=True)
class ProfileLine:
    """One thing that a profile says, as a criterion: brand is Torvik, weight low, price between.

    It holds within `category` ("" everywhere). `weight` (0 to 1) is how surely, recent interactions counting more. `evidence` are the ids
    of the interactions that it rests on, () for what the shopper stated. `span` is the range of a criterion on a price or a size (both
    ends count), None else. `text` says it in plain words; `id` is the same as long as it says the same.
    """

    id: str
    criterion: Criterion
    category: str = ""
    weight: float = 1.0
    evidence: tuple[str, ...] = ()
    source: Source = "history"
    span: tuple[Decimal, Decimal] | None = None
    text: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The line as it stands in a profile that is shown."""
        return {
            "id": self.id,
            "text": self.text,
            "criterion": self.criterion.to_dict(),
            "category": self.category,
            "weight": round(self.weight, 3),
            "evidence": list(self.evidence),
            "source": self.source,
            "span": None if self.span is None else [plain(end) for end in self.span],
        }


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a shopper sent away: a product, and with `why` what else it rules out ("brand": all of that brand; "price": what costs as
    much or more; "have": its variants too). Lasts for the session where `session` is given, else until it is taken back. `at` is when it was
    sent away, None where that is not known."""

    product_id: str
    why: Why | Literal[""] = ""
    brand: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    session: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """When, where and on what a request is made; None and "" for what is not known. `season` is the place's own, `moment` the time of the
    shopper's day in words ("Friday evening"), `within_days` how soon it must be there."""

    at: datetime | None = None
    place: str = ""
    season: Literal["", "spring", "summer", "autumn", "winter"] = ""
    device: str = ""
    moment: str = ""
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class Shopper:
    """What an answer may know of who asks. `history` is newest first and bounded; `lines` are those that are switched on; `text` is the
    profile in plain words, as a prompt shows it; `owned` are the ids of what the shopper has and does not want again (None: not known)."""

    user: str = ""
    lines: tuple[ProfileLine, ...] = ()
    history: tuple[Interaction, ...] = ()
    refused: tuple[Refusal, ...] = ()
    context: Context = Context()
    text: str = ""
    owned: frozenset[str] | None = None
