"""Questions about a product that was shown: "is it waterproof?", "how heavy is it?", "tell me more about the second".

They are answered from the record alone, each statement a claim of the record; no model is asked. Why-questions are `why.py`'s,
which needs the request that was answered. What tells such a turn from a new request is `understand.shown.question`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shelftalk.explain.record import RecordExplainer, record
from shelftalk.facts.asking import LITTLE, ORDINALS, asks_to_tell
from shelftalk.facts.card import card_facts, mention, quote
from shelftalk.facts.facts import Fact, facts_of, humanise
from shelftalk.facts.holds import same
from shelftalk.text import clean
from shelftalk.values import Claim, Evidence, Explanation, Facet, Facets, Intent, Product
from shelftalk.words.stems import stem, stems, words
from shelftalk.words.stop import content_stems

TOLD = 6

_YES_NO = re.compile(
    r"^(?:and |but |ok(?:ay)?,? )?(?:is|are|isn't|aren't|does|do|doesn't|has|have|can|could|will|would)\b"
)
# How shoppers ask for a field, beside its own name.
_ASKED_AS = {
    "weight": "heavy weigh weighs light", "battery life": "last lasts battery", "price": "cost costs price expensive cheap",
    "rating": "rated rating reviews good stars", "brand": "brand makes maker manufacturer", "stock": "stock available left",
    "material": "material made", "colour": "colour color colours colors", "release date": "released new old came",
    "duration": "long minutes hours", "capacity": "big hold holds large litres", "warranty": "warranty guarantee", "persons": "people persons sleep sleeps",
    "height": "tall high", "width": "wide", "length": "long", "maximum number of players": "players", "minimum age": "age old",
}  # fmt: skip


def answer_question(text: str, product: Product, facets: Facets, voice: RecordExplainer | None = None) -> Explanation:
    """What the record says to a question: "Yes", "No" or the fact, each statement a claim; or that the catalogue does not say.
    `voice` words it (None: the templates that travel with the package)."""
    voice = voice or record()
    low = clean(text).lower().replace("’", "'")
    if asks_to_tell(low, [f"{product.title} {product.id}"]):
        return tell_more(product, facets, voice)
    asked = {s: w for s, w in content_stems(low) if w not in LITTLE and w not in ORDINALS}
    asked |= {stem(w): w for w in words(low) if any(w in names.split() for names in _ASKED_AS.values())}
    if re.search(r"\bhow much (?:is|are)\b", low):
        asked |= {stem("price"): "price"}
    lead, fact, missing = _answer(asked, low, product, facets)
    if fact is not None:
        claim = _claim(fact, voice)
        return Explanation(product.id, f"{lead}{claim.text}", (claim,))
    if missing is not None:
        return Explanation(product.id, voice.silent(missing))
    shown = " ".join(dict.fromkeys(asked.values()))
    return Explanation(product.id, voice.silent(f'"{shown}"') if shown else "The catalogue does not say.")


def tell_more(product: Product, facets: Facets, voice: RecordExplainer) -> Explanation:
    """What matters most of the record, in up to six claims."""
    claims = [_claim(card.fact, voice) for card in card_facts(product, facets, Intent(), most=TOLD)] or [
        voice.general(product)
    ]
    return Explanation(product.id, " ".join(c.text for c in claims), tuple(claims))


def _claim(fact: Fact, voice: RecordExplainer) -> Claim:
    return Claim(voice.fact(fact), (Evidence(fact.field, fact.value),), None, True, "record")


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
