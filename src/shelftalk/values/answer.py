"""What a shopper gets: picks, each with a reason and the claims it is built on. `to_dict` of an Answer is the documented wire format
(`shelftalk schema answer` prints its JSON Schema).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from shelftalk.values.intent import Constraint, Intent
from shelftalk.values.product import Product, plain
from shelftalk.values.prompt import Tokens
from shelftalk.values.ranking import Slate

ANSWER_VERSION = "1.3"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question back to the shopper where a need has two readings, with two to four answers to tap.

    An answer is a text to show and the text to send as the next turn.
    """

    question: str
    answers: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """The question as it stands in an answer."""
        return {"question": self.question, "answers": [{"text": t, "request": r} for t, r in self.answers]}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A field of the product's record and the value it holds there."""

    field: str
    value: Any

    def to_dict(self) -> dict[str, Any]:
        """The evidence as it stands in an answer."""
        return {"field": self.field, "value": plain(self.value)}


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about a product, the evidence it rests on, and the words of the request that it speaks to.

    `source` says who worded it: "model", or "record" where no wording of the model held and the record speaks for itself.
    """

    text: str
    evidence: tuple[Evidence, ...] = ()
    answers: str | None = None
    verified: bool = False
    source: Literal["model", "record"] = "model"

    def to_dict(self) -> dict[str, Any]:
        """The claim as it stands in an answer."""
        return {
            "text": self.text,
            "evidence": [e.to_dict() for e in self.evidence],
            "answers": self.answers,
            "verified": self.verified,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reason for one pick: one to three sentences, and the claims they are built on."""

    product_id: str
    reason: str
    claims: tuple[Claim, ...] = ()
    tokens: Tokens = Tokens()
    dropped: int = 0
    regenerated: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a product suits a need, and the probability of yes among yes and no (0 to 1)."""

    product_id: str
    suits: bool
    probability: float
    tokens: Tokens = Tokens()
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Variants:
    """What the variants of one thing are together: the ids of all, and of those that can be had the lowest and highest price (None
    without one, or in several currencies) and the values of each field in which they differ."""

    ids: tuple[str, ...]
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The variants as they stand in an answer."""
        return {
            "product_ids": list(self.ids),
            "price_min": plain(self.price_min),
            "price_max": plain(self.price_max),
            "options": {name: list(values) for name, values in self.options.items()},
        }


@dataclass(frozen=True, slots=True)
class PickSource:
    """What brought a pick into the list beside the request: a candidate source's name ("liked", "taste", "new"), in words, and the ids of
    the interactions that it rests on."""

    name: str
    text: str
    because: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The source as it stands in an answer."""
        return {"source": self.name, "text": self.text, "because": list(self.because)}


@dataclass(frozen=True, slots=True)
class Pick:
    """A recommended product with its reason; `label` says what it is the best of what fits in ("lightest"), "" for nothing. Where the
    product is one of several `variants`, it is the one that fits best. `sources` say what else than its title, facts and reason speaks for it."""

    product: Product
    rank: int
    score: float
    reason: str
    claims: tuple[Claim, ...] = ()
    label: str = ""
    variants: Variants | None = None
    sources: tuple[PickSource, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The pick as it stands in an answer."""
        return {
            "product_id": self.product.id,
            "rank": self.rank,
            "score": round(self.score, 6),
            "title": self.product.title,
            "price": plain(self.product.price),
            "currency": self.product.currency,
            "reason": self.reason,
            "claims": [c.to_dict() for c in self.claims],
            "label": self.label,
            "variants": self.variants.to_dict() if self.variants else None,
            "sources": [source.to_dict() for source in self.sources],
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything a shopper, a page or a scorer gets to see of one request."""

    id: str
    request: str
    intent: Intent
    picks: tuple[Pick, ...] = ()
    relaxed: tuple[Constraint, ...] = ()
    no_match: bool = False
    notes: tuple[str, ...] = ()
    model: str | None = None
    engine: str | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    tokens: Tokens = Tokens()
    comparison: Mapping[str, Any] | None = None
    opening: str = ""
    follow_up: FollowUp | None = None
    language: str = "en"
    exposure: Mapping[str, Any] | None = None
    experiment: tuple[str, str] | None = None
    slate: Slate | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer in its wire format; `comparison` is there only where it was asked for, `exposure` only where new products were given
        places, `experiment` (its name and the variant) only where the answer is part of one; `slate`, which is for the logs, never.

        `opening` is one sentence over all picks, "" where nothing holds for all; `follow_up` a question back, or null; `language` the
        ISO 639-1 code of the language that the request was read in, "und" for one that could not be told.
        """
        table = {} if self.comparison is None else {"comparison": dict(self.comparison)}
        placed = {} if self.exposure is None else {"exposure": dict(self.exposure)}
        part = (
            {}
            if self.experiment is None
            else {"experiment": dict(zip(("name", "variant"), self.experiment, strict=True))}
        )
        return {
            "version": ANSWER_VERSION,
            "id": self.id,
            "request": self.request,
            "language": self.language,
            "intent": self.intent.to_dict(),
            "opening": self.opening,
            "picks": [p.to_dict() for p in self.picks],
            "follow_up": self.follow_up.to_dict() if self.follow_up else None,
            "relaxed": [c.to_dict() for c in self.relaxed],
            "no_match": self.no_match,
            "notes": list(self.notes),
            "model": self.model,
            "engine": self.engine,
            "prompts": dict(self.prompts),
            "timings_ms": {k: round(v, 1) for k, v in self.timings_ms.items()},
            "tokens": {"prompt": self.tokens.prompt, "completion": self.tokens.completion},
            **table,
            **placed,
            **part,
        }


def with_notes(answer: Answer, notes: Sequence[str]) -> Answer:
    """The same answer with more notes."""
    return replace(answer, notes=(*answer.notes, *notes))
