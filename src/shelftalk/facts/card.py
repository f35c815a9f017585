"""The card of a product: the few facts that matter to one request, each with its standing among what fits, as prompts show them.

"weight: 1.3 kg, lightest of 16"; "waterproof: yes, 3 of 16". What the criteria touch comes first, in order of importance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shelftalk.facts.facts import Fact, facts_of, humanise, plain_number, safe, spoken
from shelftalk.facts.holds import same
from shelftalk.text import clean
from shelftalk.values import Constraint, Criterion, Facets, Intent, Product
from shelftalk.words.stems import stems, words
from shelftalk.words.stop import content_stems
from shelftalk.words.units import split_unit

if TYPE_CHECKING:
    from shelftalk.catalog.standing import Standing, Stands

__all__ = [
    "CardFact",
    "Nearness",
    "card_facts",
    "clauses",
    "mention",
    "nearest_clause",
    "plain_name",
    "quote",
    "wanted_value",
    "wants",
    "without_clauses",
]

# What the screen shows beside the reason, or says nothing of what the product is like.
_BESIDE = frozenset(
    {"title", "categories", "availability", "stock", "released_at", "list_price", "review_count", "brand"}
)
# How near each of some texts stands to the request in meaning, beside the kind of thing that it is said of.
Nearness = Callable[[Sequence[str], str], Sequence[float]]
QUOTED_NEAR = 0.2  # how near a clause must stand to be quoted, and where nothing else is known
QUOTED_ALONE = 0.15
_CLAUSE = re.compile(r"(?<=[.!?;:])\s+|\s*\n\s*|,\s+(?=(?:and|but|with|for|so|which)\b)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LONGEST_QUOTE = 120
_MEANT = 3  # words of a clause that is chosen by its meaning


@dataclass(frozen=True, slots=True)
class CardFact:
    """One fact of a card. `standing` is None where none was looked up; `line` is how a prompt shows the fact.

    `criterion` and `constraints` are those of the request that speak of its field; `sorted` says that the request sorts by it,
    `touched` that other words of the request stand in it.
    """

    fact: Fact
    standing: Standing | None = None
    line: str = ""
    criterion: Criterion | None = None
    constraints: tuple[Constraint, ...] = ()
    sorted: bool = False
    touched: bool = False

    @property
    def asked(self) -> bool:
        """Whether the request speaks of it."""
        return self.criterion is not None or bool(self.constraints) or self.sorted or self.touched


def card_facts(
    product: Product,
    facets: Facets,
    intent: Intent,
    scope: Stands | None = None,
    most: int = 5,
    nearness: Nearness | None = None,
) -> tuple[CardFact, ...]:
    """At most `most` facts: what criteria touch (the most important first), what limits and the sort touch, the price, what
    other words of the request touch, then the fields nearest to it in meaning. Without a scope no fact has a standing. By `nearness`
    is chosen what is quoted of the description, if anything; without it the first clause that shares a word is quoted, and of other
    fields the commonest come first."""
    scope = scope.of(product) if scope is not None else None
    facts = {fact.field: fact for fact in facts_of(product, facets)}
    criteria = {_bare(c.field): c for c in sorted(intent.criteria, key=lambda c: c.importance)}
    order = dict.fromkeys(_bare(c.field) for c in sorted(intent.criteria, key=lambda c: -c.importance))
    sort = _bare(intent.sort.field) if intent.sort else None
    order |= dict.fromkeys(_bare(c.field) for c in intent.constraints)
    order |= dict.fromkeys([*([sort] if sort else []), "price"])
    placed = [facts.pop(field) for field in order if field in facts and field not in ("categories", "title")]
    found = [
        _placed(
            fact, criteria.get(fact.field), [c for c in intent.constraints if _bare(c.field) == fact.field], fact.field == sort, scope
        )
        for fact in placed[:most]
    ]  # fmt: skip
    rest = [fact for fact in facts.values() if fact.field not in _BESIDE]
    touched = list(_touched(rest, product, intent, quoted=nearness is None))
    own = [] if touched or any(c.asked for c in found) else _described(product)
    if nearness:
        said, near = _nearest_clause(product, nearness, [card.fact for card in found])
        touched = [*([said] if said and near >= QUOTED_NEAR else []), *touched]
        own = [said] if said and QUOTED_ALONE <= near < QUOTED_NEAR else []
    others = _nearest(rest, product, nearness) if nearness else _commonest(rest, facets)
    for fact in dict.fromkeys([*touched, *own, *others]):
        if len(found) >= most:
            break
        card = _placed(fact, None, (), False, scope if nearness else None)
        found.append(replace(card, touched=fact in touched))
    return tuple(found)


def wants(intent: Intent) -> list[str]:
    """The criteria as prompts state them, the most important first: "weight low", "setup pop-up", "foldable yes"."""
    return [_want(c) for c in sorted(intent.criteria, key=lambda c: -c.importance)]


def refused_word(constraint: Constraint) -> str:
    """The shopper's words of which every refused value of a limit holds one beside others ("polyester" of "60% cotton, 40% polyester" and
    "recycled polyester"), by which the refusal is told; "" where the values themselves tell it."""
    said = [part for part in clean(constraint.span).split(", ") if part]
    values = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
    if constraint.operator not in ("!=", "not in") or not said or not all(isinstance(v, str) for v in values):
        return ""
    held = [clean(str(v)).lower() for v in values]
    words = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(part.lower()) for part in said)})(?!\w)")
    more = set(held) - {part.lower() for part in said}
    return " or ".join(said) if more and all(words.search(v) for v in held) else ""


def plain_name(field: str) -> str:
    """A field's name in plain words, without the unit that it ends in: "weight" of weight_kg."""
    return humanise(clean(split_unit(_bare(field))[0]))


def wanted_value(criterion: Criterion) -> str:
    """A wish for a named value in plain words: "kind: construction kit", "lumbar support", "no fragrance"."""
    name = plain_name(criterion.field)
    if isinstance(criterion.value, bool):
        return name if criterion.value is (criterion.want == "is") else f"no {name}"
    return f"{name}: {clean(str(criterion.value))}"


def _want(criterion: Criterion) -> str:
    if criterion.want in ("low", "high"):
        return f"{plain_name(criterion.field)} {criterion.want}"
    name = humanise(clean(_bare(criterion.field)))
    if isinstance(criterion.value, bool):
        return f"{name} {'yes' if criterion.value is (criterion.want == 'is') else 'no'}"
    return f"{name} {'not ' if criterion.want == 'not' else ''}{criterion.value}"


def _bare(field: str) -> str:
    return field.removeprefix("attributes.")


def _placed(
    fact: Fact, criterion: Criterion | None, constraints: Sequence[Constraint], by_it: bool, scope: Stands | None
) -> CardFact:
    """The fact with its standing; "middle of 16" is said only of what a criterion touches."""
    standing = _standing(fact, criterion, constraints, scope) if scope else None
    told = standing.words(fact.field) if standing else ""
    dull = told.startswith("middle of") and criterion is None
    shared = standing is not None and not standing.number and standing.alike >= standing.of
    line = fact.reads if not told or dull or shared else f"{fact.reads}, {told}"
    return CardFact(fact, standing, line, criterion, tuple(constraints), by_it)


def _standing(
    fact: Fact, criterion: Criterion | None, constraints: Sequence[Constraint], scope: Stands
) -> Standing | None:
    if fact.amount is not None:
        return scope.place(fact.field, fact.amount)
    if fact.truth is not None:
        return scope.count(fact.field, fact.truth)
    if fact.kind not in ("text", "list") or not fact.parts:
        return None
    if fact.kind == "text":
        return scope.count(fact.field, fact.value)
    asked = [criterion.value] if criterion is not None and criterion.value is not None else []
    asked += [v for c in constraints for v in (c.value if isinstance(c.value, tuple) else (c.value,))]
    named = next((v for v in asked if same(fact.value, v)), None)
    named = fact.value[0] if named is None and len(fact.value) == 1 else named
    return None if named is None else scope.count(fact.field, named)


def _touched(facts: Iterable[Fact], product: Product, intent: Intent, quoted: bool = True) -> Iterator[Fact]:
    """The facts whose name or value holds a word of the request, then, `quoted`, a clause of the description that holds another."""
    asked = dict(content_stems(" ".join((intent.query, *intent.preferences, *intent.unanswered))))
    asked = {s: w for s, w in asked.items() if s not in stems(" ".join((product.title, *product.categories)))}
    held: set[str] = set()
    for fact in facts:
        if hit := stems(" ".join((fact.name, *fact.parts))) & asked.keys():
            held |= hit
            yield fact
    said = quote(product.description, asked.keys() - held) if quoted else ""
    if said:
        yield mention(product, said)


def _nearest_clause(product: Product, nearness: Nearness, beside: Sequence[Fact]) -> tuple[Fact | None, float]:
    """The fact of the clause of the description that is nearest to the request, and how near it is; None where there is none."""
    found = nearest_clause(product, nearness, beside)
    return (None, 0.0) if found is None else (mention(product, found[0]), found[1])


def nearest_clause(product: Product, nearness: Nearness, beside: Sequence[Fact] = ()) -> tuple[str, float] | None:
    """The clause of the description that is nearest to what was said, and how near it is; None where there is none. A number that
    stands `beside` is not said again."""
    numbers = {plain_number(f.amount) for f in beside if f.amount is not None}
    told = [s for s in _quotable(product.description, _MEANT) if not numbers & set(_NUMBER.findall(s))]
    near = nearness(told, _kind(product)) if told else ()
    best = max(range(len(near)), key=near.__getitem__, default=None)
    return None if best is None else (told[best], near[best])


def mention(product: Product, said: str) -> Fact:
    """The fact that the product's description says this."""
    return Fact(0, "description", product.description, "mention", "text", f'text: "{said}"', parts=(said,))


def _described(product: Product) -> list[Fact]:
    """The first short clause of the description, where nothing of the record was asked for."""
    return [mention(product, said) for said in list(_quotable(product.description, _MEANT))[:1]]


def quote(text: str, asked: Iterable[str]) -> str:
    """The first short clause of the text that holds a word asked for and can be quoted; "" where none does."""
    wanted = set(asked)
    return next((said for said in _quotable(text) if wanted & stems(said)), "") if wanted else ""


def without_clauses(text: str, left_out: Callable[[str], object]) -> str:
    """The text without the clauses that are to be left out; what stands on either side of one stays apart."""
    every = _CLAUSE.split(text)
    kept = [clause for clause in every if not left_out(spoken(clean(clause)))]
    if len(kept) == len(every):
        return text
    return " ".join(c if c.endswith((".", "!", "?", ";", ":")) else f"{c};" for c in kept)


def clauses(text: str) -> Iterator[str]:
    """The clauses of a text as they are spoken, without the marks around them."""
    for clause in _CLAUSE.split(clean(text)):
        if said := spoken(clause).strip(" .,;:!?"):
            yield said


def _quotable(text: str, least: int = 1) -> Iterator[str]:
    """The short clauses of a text, of `least` words at least, that can be quoted as they stand."""
    for said in clauses(text):
        if least <= len(words(said)) and len(said) <= _LONGEST_QUOTE and '"' not in said and safe(said):
            yield said


def _nearest(facts: Sequence[Fact], product: Product, nearness: Nearness) -> list[Fact]:
    """The facts by how near what they say stands to the request in meaning, the nearest first; where they are not near, what the
    description begins with goes before them. A no that nobody asked about comes last."""
    said = [fact.name if fact.truth else fact.reads for fact in facts]
    near = dict(zip(facts, nearness(said, _kind(product)), strict=True)) if facts else {}
    order = sorted(facts, key=lambda f: (f.truth is False, -near[f]))
    close = [f for f in order if f.truth is not False and near[f] >= QUOTED_ALONE]
    return [*close, *_described(product), *(f for f in order if f not in close)]


def _kind(product: Product) -> str:
    """What the product is called, of which its texts speak anyway."""
    return product.categories[-1] if product.categories else product.title


def _commonest(facts: Iterable[Fact], facets: Facets) -> list[Fact]:
    """The facts by how many products carry their field, the catalogue's commonest first."""
    place = {facet.field: n for n, facet in enumerate(facets)}
    return sorted(facts, key=lambda f: (f.field == "rating", place.get(f.field, len(place))))
