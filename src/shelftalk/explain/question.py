"""Questions about a product that was shown: "is it waterproof?", "why the first?", "tell me more about the second".

`question_about` tells such a turn from a new request; `answer_question` answers it from the record alone, each statement
a claim of the record. No model is asked. Why-questions are `why.py`'s, which needs the request that was answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shelftalk.explain.record import record
from shelftalk.facts.card import card_facts, mention, quote
from shelftalk.facts.facts import Fact, facts_of, humanise
from shelftalk.facts.holds import same
from shelftalk.text import clean
from shelftalk.values import Claim, Evidence, Explanation, Facet, Facets, Intent, Product
from shelftalk.words.stems import bag, stem, stems, words
from shelftalk.words.stop import content_stems

QuestionKind = Literal["fact", "tell", "why"]
TOLD = 6


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about which of the products shown, best first: a "fact", to "tell" more, or "why" it stands where it
    does. `name` holds the shopper's words for a product that is not among those shown ("why not the Lark?")."""

    kind: QuestionKind
    products: tuple[Product, ...]
    name: str = ""

    @property
    def product(self) -> Product | None:
        """The product, where one is meant."""
        return self.products[0] if self.products else None


_ORDINALS = {w: i for i, names in enumerate(("first 1st one", "second 2nd two", "third 3rd three", "fourth 4th four", "fifth 5th five")) for w in names.split()}  # fmt: skip
_ORDINAL = re.compile(r"\b(?P<n>first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th|(?<=the )last|last(?= (?:one|pick|product|item)))\b|(?:\bnumber |\bno\.? ?|#)(?P<d>\d|one|two|three|four|five)\b")  # fmt: skip
_SINGLE = re.compile(r"\b(?:it|its|it's|this|that|this one|that one)\b")
_ALL = re.compile(r"\b(?:they|them|these|those|all of them|any of them)\b")
_WHY = re.compile(r"^(?:but |and |so |ok(?:ay)?,? )?(?:why|how come)\b(?P<rest>.*)")
_TELL = re.compile(r"^(?:please |can you |could you )?(?:tell me (?:some)?(?:more|about)|more (?:about|on|details)|(?:the )?details (?:of|on|about|for)|describe|what about|what is|what's|more info)\b")  # fmt: skip
_ASKS = re.compile(r"^(?:and |but |ok(?:ay)?,? )?(?:is|are|isn't|aren't|does|do|doesn't|has|have|can|could|will|would|how|what|which|when|who|where)\b")  # fmt: skip
_YES_NO = re.compile(
    r"^(?:and |but |ok(?:ay)?,? )?(?:is|are|isn't|aren't|does|do|doesn't|has|have|can|could|will|would)\b"
)
# What looks like a question and asks for other products.
_REQUEST = re.compile(r"\b(?:do you (?:have|sell|stock)|have you|can you (?:show|find|recommend|suggest)|is there|are there|what else|can i (?:get|have)|any others?|something|instead|cheaper|do you know|show me|i want|i need|i'd like|looking for|which (?:of|one))\b")  # fmt: skip
_LITTLE = bag("it its one number pick product item have has does is are tell about come comes much many say says really also still even does've they them these those what when who where which")  # fmt: skip
# How shoppers ask for a field, beside its own name.
_ASKED_AS = {
    "weight": "heavy weigh weighs light", "battery life": "last lasts battery", "price": "cost costs price expensive cheap",
    "rating": "rated rating reviews good stars", "brand": "brand makes maker manufacturer", "stock": "stock available left",
    "material": "material made", "colour": "colour color colours colors", "release date": "released new old came",
    "duration": "long minutes hours", "capacity": "big hold holds large litres", "warranty": "warranty guarantee", "persons": "people persons sleep sleeps",
    "height": "tall high", "width": "wide", "length": "long", "maximum number of players": "players", "minimum age": "age old",
}  # fmt: skip


def question_about(text: str, picks: Sequence[Product], focus: Product | None = None) -> Question | None:
    """The question that a turn asks about the products shown (best first), or None where it asks for products.

    "It" is the product in `focus`, the one last spoken of, else the first.
    """
    low = clean(text).lower().replace("’", "'")
    if not picks:
        return None
    meant = _meant(low, picks, focus)
    if found := _WHY.match(low):
        name = re.sub(r"^\s*(?:not|isn't|is|was|didn't you (?:pick|show))?\s*|[?!.]+$", "", found["rest"]).strip()
        if meant:
            return Question("why", meant[:1])
        return Question("why", (), name) if name else Question("why", (focus or picks[0],))
    if not meant or _REQUEST.search(low):
        return None
    if _TELL.match(low) and not _rest(low, meant):
        return Question("tell", meant)
    return Question("fact", meant) if _ASKS.match(low) or low.endswith("?") else None


def _meant(low: str, picks: Sequence[Product], focus: Product | None) -> tuple[Product, ...]:
    """The products that the words refer to: by place, by a word that only one title has, by a pronoun."""
    if found := _ORDINAL.search(low):
        key = found["n"] or found["d"]
        place = len(picks) - 1 if key == "last" else int(key) - 1 if key.isdigit() else _ORDINALS[key]
        return (picks[place],) if place < len(picks) else ()
    titles = [set(words(f"{p.title} {p.id}")) for p in picks]
    said = {w for w in words(low) if len(w) > 3}
    hits = [sum(w in title and sum(w in other for other in titles) == 1 for w in said) for title in titles]
    if max(hits) and hits.count(max(hits)) == 1 and not _ALL.search(low) and not _SINGLE.search(low):
        return (picks[hits.index(max(hits))],)
    if _ALL.search(low):
        return tuple(picks)
    return (focus or picks[0],) if _SINGLE.search(low) else ()


def _rest(low: str, meant: Sequence[Product]) -> list[str]:
    """The words that ask for something, without those that name the product."""
    named = {w for p in meant for w in words(f"{p.title} {p.id}")} | set(_ORDINALS) | {"last", "more", "info", "details", "describe"}  # fmt: skip
    return [w for _, w in content_stems(low) if w not in named and w not in _LITTLE]


def answer_question(text: str, product: Product, facets: Facets) -> Explanation:
    """What the record says to a question: "Yes", "No" or the fact, each statement a claim; or that the catalogue does not say."""
    low = clean(text).lower().replace("’", "'")
    if _TELL.match(low) and not _rest(low, (product,)):
        return tell_more(product, facets)
    asked = {s: w for s, w in content_stems(low) if w not in _LITTLE and w not in _ORDINALS}
    asked |= {stem(w): w for w in words(low) if any(w in names.split() for names in _ASKED_AS.values())}
    if re.search(r"\bhow much (?:is|are)\b", low):
        asked |= {stem("price"): "price"}
    lead, fact, missing = _answer(asked, low, product, facets)
    if fact is not None:
        claim = _claim(fact)
        return Explanation(product.id, f"{lead}{claim.text}", (claim,))
    if missing is not None:
        return Explanation(product.id, record().silent(missing))
    shown = " ".join(dict.fromkeys(asked.values()))
    return Explanation(product.id, record().silent(f'"{shown}"') if shown else "The catalogue does not say.")


def tell_more(product: Product, facets: Facets) -> Explanation:
    """What matters most of the record, in up to six claims."""
    claims = [_claim(card.fact) for card in card_facts(product, facets, Intent(), most=TOLD)] or [
        record().general(product)
    ]
    return Explanation(product.id, " ".join(c.text for c in claims), tuple(claims))


def _claim(fact: Fact) -> Claim:
    return Claim(record().fact(fact), (Evidence(fact.field, fact.value),), None, True, "record")


def _answer(asked: dict[str, str], low: str, product: Product, facets: Facets) -> tuple[str, Fact | None, str | None]:
    """("Yes. ", "No. " or "", the fact that answers best or None, the field that would answer and is not held)."""
    facts = facts_of(product, facets)
    yes_no = _YES_NO.match(low) is not None
    facet, value = _value_asked(low, product, facets)
    fact = next((f for f in facts if facet is not None and f.field == facet.field), None)
    if fact is not None:
        yes = fact.truth if fact.truth is not None else same(fact.value, value)
        return (("Yes. " if yes else "No. ") if yes_no else ""), fact, None
    fact = _field_asked(asked, facts)
    if fact is not None:
        return (("Yes. " if fact.truth else "No. ") if yes_no and fact.truth is not None else ""), fact, None
    said = "" if facet is not None else quote(product.description, asked)
    return "", mention(product, said) if said else None, facet.field if facet is not None else None


def _value_asked(low: str, product: Product, facets: Facets) -> tuple[Facet | None, object]:
    """The facet whose value or yes-or-no name the question says ("waterproof", "blue"), the longest such words first."""
    titled = set(words(product.title))  # "the Lark" names the product and asks for no brand
    low = re.sub(r"\bthe ([^\W_]+)", lambda found: "it" if found[1] in titled else found[0], low)
    said = f" {' '.join(words(low))} "
    best: tuple[int, Facet | None, object] = (0, None, None)
    for facet in facets:
        if facet.kind == "boolean":
            name = " ".join(words(humanise(facet.field)))
            if f" {name} " in said and len(name) > best[0]:
                best = (len(name), facet, True)
        elif facet.kind in ("text", "list") and _may_hold(product, facet):
            for value, _ in facet.values:
                text = " ".join(words(str(value)))
                if len(text) > 2 and f" {text} " in said and len(text) > best[0]:
                    best = (len(text), facet, value)
    return best[1], best[2]


def _may_hold(product: Product, facet: Facet) -> bool:
    """Whether products like this one carry the field at all."""
    if product.value(facet.field) is not None:
        return True
    return bool(set(facet.categories) & set(product.categories))


def _field_asked(asked: dict[str, str], facts: Sequence[Fact]) -> Fact | None:
    """The fact whose name, or the way shoppers ask for it, shares most words with the question."""

    def hits(fact: Fact) -> float:
        name = fact.name.lower()
        usual = next((w for field, w in _ASKED_AS.items() if field == name or name.endswith(f" {field}")), "")
        own = len(set(asked) & stems(name))
        return 2 * own + len(set(asked) & stems(usual)) - 0.1 * len(name.split())

    best = max(facts, key=hits, default=None)
    return best if best is not None and hits(best) > 0.5 and best.kind != "title" else None
