"""The values that travel down the path: a request becomes an Intent, Candidates, a Ranking, Picks with Claims, an Answer.

This module knows no stage, no model and no database. Everything here is immutable, and `to_dict` of an Answer is the
documented wire format (`shelftalk schema answer` prints its JSON Schema).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

ANSWER_VERSION = "1.1"

Scalar = str | bool | int | float | Decimal
AttributeValue = str | bool | int | float | tuple[str, ...]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "between", "in", "not in"]
OPERATORS: tuple[Operator, ...] = ("=", "!=", "<", "<=", ">", ">=", "between", "in", "not in")
Direction = Literal["asc", "desc"]
Want = Literal["low", "high", "is", "not"]
Kind = Literal["money", "number", "text", "boolean", "list", "date"]

CORE_FIELDS = (
    "id", "title", "description", "brand", "price", "currency", "list_price", "categories", "attributes", "rating",
    "review_count", "availability", "stock", "images", "released_at", "url",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """One item of a shop's catalogue, as the feed gave it: text is untrusted and is kept letter for letter."""

    id: str
    title: str
    description: str = ""
    brand: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    list_price: Decimal | None = None
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    rating: float | None = None
    review_count: int | None = None
    availability: str | None = None
    stock: int | None = None
    images: tuple[str, ...] = ()
    released_at: str | None = None
    url: str | None = None

    def value(self, name: str) -> Any:
        """The value of a field by the name a facet carries (a core field, or an attribute's bare name), or None."""
        if name in CORE_FIELDS and name not in ("id", "attributes"):
            return (
                getattr(self, name) or None if name in ("description", "categories", "images") else getattr(self, name)
            )
        return self.attributes.get(name, self.attributes.get(name.removeprefix("attributes.")))


@dataclass(frozen=True, slots=True)
class Facet:
    """A field that requests may constrain or sort by, with what the catalogue holds in it.

    `values` are the commonest values with their counts, most frequent first (text, boolean and list fields; all of them
    when `distinct == len(values)`); `minimum` and `maximum` are set for money, numbers and dates (ISO strings).
    `unit` is the unit that the field's name carries ("hours" of battery_life_hours), None where it carries none.
    `mean` is the mean over the products that have it (money and numbers), for requests like "cheaper than average".
    `categories` are the categories whose products carry the field, () where that is not known: "the lightest tent" then
    means the weight field that tents have.
    """

    field: str
    kind: Kind
    count: int
    distinct: int
    values: tuple[tuple[Scalar, int], ...] = ()
    minimum: Scalar | None = None
    maximum: Scalar | None = None
    unit: str | None = None
    mean: float | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facets:
    """What the understand stage may name: the facets of one version of one catalogue, commonest field first."""

    facets: tuple[Facet, ...] = ()
    products: int = 0
    version: int = 0
    currency: str | None = None

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.facets)

    def get(self, name: str) -> Facet | None:
        """The facet of that field, or None."""
        return next((f for f in self.facets if f.field == name), None)


@dataclass(frozen=True, slots=True)
class Constraint:
    """A hard limit: `field operator value`; value is a list for "in" and "not in", a pair for "between" (inclusive).

    `span` holds the words of the request it was read from, "" when unknown. A missing value in a record fails every
    operator but "!=" and "not in". A list field satisfies "=" when it contains the value. Text compares without case.
    """

    field: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]
    span: str = dataclasses.field(default="", compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The constraint as it stands in an answer."""
        return {"field": self.field, "operator": self.operator, "value": plain(self.value)}


@dataclass(frozen=True, slots=True)
class Sort:
    """The superlative asked for: `Sort("price", "asc")` is "the cheapest"."""

    field: str
    direction: Direction
    span: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A soft wish as a field, which way, and how much it matters: "quiet enough for a baby's room" is low noise_db.

    `want` is "low" or "high" (numbers), "is" or "not" (with `value`: yes or no, or a named value). `importance` is 1 (mild)
    to 3 (above all). `words` are the shopper's words that it was read from. A criterion orders; it excludes nothing.
    """

    field: str
    want: Want
    value: Scalar | None = None
    importance: int = 2
    words: str = dataclasses.field(default="", compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The criterion as it stands in an answer."""
        return {
            "field": self.field,
            "want": self.want,
            "value": plain(self.value),
            "importance": self.importance,
            "words": self.words,
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Criterion:
        """The criterion that `to_dict` wrote down; importance and words may be missing."""
        return cls(
            found["field"], found["want"], found.get("value"), found.get("importance", 2), found.get("words") or ""
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """A request as understood.

    `constraints` are hard and conjunctive; `limit` is the number wanted (None: not said); `preferences` are soft wishes
    in the shopper's words; `exclude` are product ids or words that picks must not carry; `query` is the text that
    retrieval searches with; `shopping` is False for a turn that asks for no product (a greeting, a poem); `kind` is the name
    of the thing asked for, where the request says one plainly ("kettle"). `criteria` are the wishes that fields of the
    catalogue answer, `unanswered` the shopper's words for those that none does; `kinds` are categories chosen for a need that
    names no product.
    """

    constraints: tuple[Constraint, ...] = ()
    sort: Sort | None = None
    limit: int | None = None
    preferences: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    query: str = ""
    shopping: bool = True
    kind: str = field(default="", compare=False)
    criteria: tuple[Criterion, ...] = ()
    unanswered: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def named_kinds(self) -> tuple[str, ...]:
        """The kinds of product in question: those of a limit on the category, else those chosen."""
        for c in self.constraints:
            if c.field == "categories" and c.operator in ("=", "in"):
                return tuple(str(v) for v in (c.value if isinstance(c.value, tuple) else (c.value,)))
        return self.kinds

    @classmethod
    def from_dict(cls, intent: Mapping[str, Any]) -> Intent:
        """The intent that `to_dict` wrote down (the words of the request that its limits were read from are not kept)."""
        sort = intent["sort"]
        limits = ((c["field"], c["operator"], c["value"]) for c in intent["constraints"])
        return cls(
            tuple(Constraint(f, o, tuple(v) if isinstance(v, list) else v) for f, o, v in limits),
            Sort(sort["field"], sort["direction"]) if sort else None,
            intent["limit"],
            tuple(intent["preferences"]),
            tuple(intent["exclude"]),
            intent["query"],
            intent["shopping"],
            criteria=tuple(map(Criterion.from_dict, intent.get("criteria", ()))),
            unanswered=tuple(intent.get("unanswered", ())),
            kinds=tuple(intent.get("kinds", ())),
        )

    def to_dict(self) -> dict[str, Any]:
        """The intent as it stands in an answer."""
        return {
            "constraints": [c.to_dict() for c in self.constraints],
            "sort": {"field": self.sort.field, "direction": self.sort.direction} if self.sort else None,
            "limit": self.limit,
            "preferences": list(self.preferences),
            "exclude": list(self.exclude),
            "query": self.query,
            "shopping": self.shopping,
            "criteria": [c.to_dict() for c in self.criteria],
            "unanswered": list(self.unanswered),
            "kinds": list(self.kinds),
        }


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
class Turn:
    """One earlier turn of a conversation; `content` is untrusted whatever the role.

    `intent` is what a user's turn stands for where that was given rather than read (a shopper edited what was understood).
    """

    role: Literal["user", "assistant"]
    content: str
    intent: Intent | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a shopper asks: the text, the turns before it, and optionally the candidates to choose from and the number wanted.

    `exclude` are ids of products that must not be picked (those the shopper waved away). `intent`, where given, is what is
    meant: nothing is read then, and the text only tells which words the reasons answer.
    """

    request: str
    id: str = ""
    history: tuple[Turn, ...] = ()
    candidates: tuple[str, ...] | None = None
    k: int | None = None
    exclude: tuple[str, ...] = ()
    intent: Intent | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that retrieval offers, with its scores by source ("dense", "bm25", "fused"); higher is better."""

    product: Product
    score: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What retrieve found, best first. `relaxed` are the constraints given up to find anything; `no_match` says that
    nothing in the catalogue satisfies the intent as asked (candidates are then near misses, or none); `unlike` that the catalogue
    has nothing like the thing asked for (candidates are then the nearest by their words, and none of them is offered)."""

    candidates: tuple[Candidate, ...] = ()
    relaxed: tuple[Constraint, ...] = ()
    no_match: bool = False
    matching: int = 0
    notes: tuple[str, ...] = ()
    unlike: bool = False


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that a language model read and wrote."""

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.prompt + other.prompt, self.completion + other.completion)


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt: the messages for the model, and the id@version of the template they came from.

    A last message of role "assistant" is a prefix that the model continues.
    """

    messages: tuple[Message, ...]
    template: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in their final order with the score they were ordered by, and the strategy that did it."""

    candidates: tuple[Candidate, ...] = ()
    strategy: str = "none"
    tokens: Tokens = Tokens()
    prompt: str | None = None
    notes: tuple[str, ...] = ()


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
class Pick:
    """A recommended product with its reason; `label` says what it is the best of what fits in ("lightest"), "" for nothing."""

    product: Product
    rank: int
    score: float
    reason: str
    claims: tuple[Claim, ...] = ()
    label: str = ""

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

    def to_dict(self) -> dict[str, Any]:
        """The answer in its wire format; `comparison` is there only where it was asked for.

        `opening` is one sentence over all picks, "" where nothing holds for all; `follow_up` a question back, or null.
        """
        table = {} if self.comparison is None else {"comparison": dict(self.comparison)}
        return {
            "version": ANSWER_VERSION,
            "id": self.id,
            "request": self.request,
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
        }


def plain(value: Any) -> Any:
    """A value as JSON holds it: money as a decimal string, tuples as lists, the rest as it is."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    return value


def with_notes(answer: Answer, notes: Sequence[str]) -> Answer:
    """The same answer with more notes."""
    return replace(answer, notes=(*answer.notes, *notes))
