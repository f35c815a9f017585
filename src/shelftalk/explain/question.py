"""Questions about a product that was shown: "is it waterproof?", "how heavy is it?", "tell me more about the second".

They are answered from the record alone, each statement a claim of the record; no model is asked. Why-questions are `why.py`'s,
which needs the request that was answered. What tells such a turn from a new request is `understand.shown.question`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from shelftalk.explain.record import RecordExplainer, record
from shelftalk.explain.suits import Wish, settled, suits
from shelftalk.explain.verdict import called, field_verdict, value_verdict
from shelftalk.facts.asking import LITTLE, ORDINALS, YES_NO, asks_to_tell, purpose
from shelftalk.facts.card import card_facts, mention, quote
from shelftalk.facts.facts import Fact, facts_of, humanise
from shelftalk.facts.holds import same
from shelftalk.text import clean
from shelftalk.values import Claim, Evidence, Explanation, Facet, Facets, Intent, Product
from shelftalk.words.lacking import lacking
from shelftalk.words.stems import stem, stems, words
from shelftalk.words.stop import content_stems

TOLD = 6

# How shoppers ask for a field, beside its own name.
_ASKED_AS = {
    "weight": "heavy weigh weighs light", "battery life": "last lasts battery", "price": "cost costs price expensive cheap",
    "rating": "rated rating reviews good stars", "brand": "brand makes maker manufacturer", "stock": "stock available left",
    "material": "material made", "colour": "colour color colours colors", "release date": "released new old came",
    "duration": "long minutes hours", "capacity": "big hold holds large litres", "warranty": "warranty guarantee", "persons": "people persons sleep sleeps",
    "height": "tall high", "width": "wide", "length": "long", "maximum number of players": "players", "minimum age": "age old",
}  # fmt: skip


def answer_question(
    text: str, product: Product, facets: Facets, voice: RecordExplainer | None = None, wish: Wish | None = None
) -> Explanation:
    """What the record says to a question: "Yes", "No" or the fact, each statement a claim; or that the catalogue does not say.
    `voice` words it (None: the templates that travel with the package); `wish` is what the question wants, read as a request is (None: its
    purpose by its words alone)."""
    voice = voice or record()
    low = clean(text).lower().replace("\u2019", "'")
    if asks_to_tell(low, [f"{product.title} {product.id}"]):
        return tell_more(product, facets, voice)
    wish = replace(wish or Wish(purpose=purpose(clean(text))), text=low)
    facts, yes_no = facts_of(product, facets), YES_NO.match(low) is not None
    if answer := settled(product, facts, wish, voice, yes_no, all_limits=bool(wish.purpose)):
        return answer
    if wish.purpose and not _value_told(low, product, facets, facts):
        told = suits(product, facts, wish, voice, yes_no)
        if told.claims or not _value_told(low, product, facets, facts, another=True):
            return told
    asked = {s: w for s, w in content_stems(low) if w not in LITTLE and w not in ORDINALS}
    asked |= {stem(w): w for w in words(low) if any(w in names.split() for names in _ASKED_AS.values())}
    if re.search(r"\bhow much (?:is|are)\b", low):
        asked |= {stem("price"): "price"}
    lead, fact, missing = _answer(asked, low, wish, product, facets)
    if fact is not None:
        claim = _claim(fact, voice)
        return Explanation(product.id, f"{lead}{claim.text}", (claim,))
    if missing is not None:
        return Explanation(product.id, voice.silent(missing))
    shown = " ".join(dict.fromkeys(asked.values()))
    if shown and (wish.intent.criteria or wish.clause is not None):
        meant = replace(wish, purpose=shown, intent=replace(wish.intent, constraints=()))
        told = suits(product, facts, meant, voice, yes_no=False)
        if told.claims:
            return told
    return Explanation(product.id, voice.silent(f'"{shown}"') if shown else "The catalogue does not say.")


def tell_more(product: Product, facets: Facets, voice: RecordExplainer) -> Explanation:
    """What matters most of the record, in up to six claims."""
    claims = [_claim(card.fact, voice) for card in card_facts(product, facets, Intent(), most=TOLD)] or [
        voice.general(product)
    ]
    return Explanation(product.id, " ".join(c.text for c in claims), tuple(claims))


def _claim(fact: Fact, voice: RecordExplainer) -> Claim:
    return Claim(voice.fact(fact), (Evidence(fact.field, fact.value),), None, True, "record")


def _answer(
    asked: dict[str, str], low: str, wish: Wish, product: Product, facets: Facets
) -> tuple[str, Fact | None, str | None]:
    """("Yes. ", "No. " or "", the fact that answers best or None, the field that would answer and is not held)."""
    facts = facts_of(product, facets)
    facet, value = _value_asked(low, product, facets)
    fact = next((f for f in facts if facet is not None and f.field == facet.field), None)
    if fact is not None:
        return _lead(low, value_verdict(fact, value, low, wish.purpose)), fact, None
    fact = _field_asked(asked, facts)
    if fact is not None:
        return _lead(low, field_verdict(fact, low) if fact.truth is not None else None), fact, None
    said = "" if facet is not None or wish.clause is not None else quote(product.description, asked)
    return "", mention(product, said) if said else None, facet.field if facet is not None else None


def _lead(low: str, truth: bool | None) -> str:
    return "" if truth is None or not YES_NO.match(low) else "Yes. " if truth else "No. "


def _value_told(low: str, product: Product, facets: Facets, facts: Sequence[Fact], *, another: bool = False) -> bool:
    """Whether a fact tells of a value which a purpose names: a yes or no, a value that the record holds, or one that shall not be in it; or
    `another` value in its place."""
    facet, value = _value_asked(low, product, facets)
    fact = next((f for f in facts if facet is not None and f.field == facet.field), None)
    if fact is None:
        return False
    return another or fact.truth is not None or same(fact.value, value) or lacking(low, called(fact, value))


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
