"""The grammar under which the model words a claim: frames in which only true things can be said.

The model writes the statement and cites its facts; the value and the citation stand fixed, and how the statement is built
(its verb, its subject, an article or none, what the thing is called) is the model's choice, token by token, by what it
finds likeliest. How the fact stands to the wish is computed and joined to it, since a language model compares no
prices. The whole is checked like anything else.
"""

from __future__ import annotations

import re
from typing import Any

from shelftalk.explain.job import Point
from shelftalk.explain.lexicon import AUDIENCE, HEADS
from shelftalk.explain.phrase import (
    EXTENT,
    MONTHS,
    OWNING,
    article,
    boolean,
    endings,
    is_adjective,
    label,
    labelled,
    plural,
    said,
    singular,
    statements,
    suits,
    uncounted,
)
from shelftalk.facts.facts import Fact, money, plain_number, quantity
from shelftalk.facts.words import stems

_META = re.compile(r"([.^$*+?()\[\]{}|\\/])")
_CORE = ("price", "brand", "rating", "review_count", "stock", "categories", "released_at", "title", "description")
_COUNT_PREFIX = re.compile(r"^(?:number of|quantity of|count of) ")
# Counts that the record words alone: whom it is for, and the ends of a range.
_FIXED_COUNT = re.compile(rf"{AUDIENCE.pattern}|^(?:minimum|maximum) \w+s$")
_RUNTIME = re.compile(r"^(?:battery life|battery|playtime|play time|runtime|run time|burn time)$")


def group(point: Point) -> str:
    """The kind of fact by which the prompt chooses its examples."""
    fact = point.fact
    if fact.kind == "mention":
        return "description"
    if fact.field in _CORE:
        return fact.field
    if fact.truth is not None:
        return "yes" if fact.truth else "no"
    if fact.kind == "number":
        return "measure" if fact.unit else "number"
    return fact.kind


def relation(point: Point) -> str:
    """The kind of ending by which the prompt chooses its examples: "none", "asked", "limit", "not" or "contrast"."""
    ending = endings(point)[0]
    if not ending:
        return "none"
    if "otherwise" in ending:
        return "contrast"
    if ", not " in ending:
        return "not"
    if "of these picks" in ending and " and " not in ending:
        return "best"
    return "limit" if any(ch.isdigit() for ch in ending) else "asked"


def speaks(point: Point) -> bool:
    """Whether a claim of the point can be written under a grammar at all: nothing in it needs an escape."""
    texts = [p for f in point.facts for p in f.parts]
    return not any('"' in t or "\\" in t for t in texts) and sum(map(len, texts)) < 200


def schema(point: Point) -> dict[str, Any]:
    """The JSON Schema of one claim: a string that the pattern allows."""
    return {"type": "string", "pattern": pattern(point)}


def pattern(point: Point) -> str:
    """The regular expression of all statements that the model may choose from, with their citation."""
    cited = _literal(f" [{', '.join(str(i) for i, _ in enumerate(point.facts, 1))}]")
    return f"^({'|'.join(dict.fromkeys(frames(point)))}){cited}$"


def frames(point: Point) -> list[str]:
    """The ways of saying the facts of the point, each a regular expression without its ending."""
    fact = point.fact
    if fact.field in _CORE:
        return _core(point)
    if fact.truth is not None:
        return _boolean(fact)
    if fact.kind == "number":
        return _number(fact)
    return _text(fact)


def _core(point: Point) -> list[str]:
    fact = point.fact
    extra = {f.field: f for f in point.facts[1:]}
    parts = [_literal(p) for p in fact.parts]
    if fact.kind == "mention":
        return [f"(Its|The) {fact.name} (mentions|speaks of) {parts[0]}"]
    match fact.field:
        case "price":
            was = extra.get("list_price")
            text = money(fact.value, fact.currency) + (f", down from {money(was.value, was.currency)}" if was else "")
            return [f"(It costs|It sells for|It is priced at|The price is|Its price is) {_literal(text)}"]
        case "brand":
            return [f"(It is from|It is made by|It comes from|The brand is|Its brand is) {parts[0]}"]
        case "rating":
            rating, reviews = _literal(plain_number(fact.value)), extra.get("review_count")
            counted = f" (in|from|with) {_reviews(reviews)}" if reviews else ""
            return [f"(It is rated|It has a rating of|Its rating is) {rating}{counted}"]
        case "review_count":
            return [f"It has {_reviews(fact)}"]
        case "stock":
            verb = "is" if fact.value == 1 else "are"
            return (
                [f"There {verb} {_literal(plain_number(fact.value))} in stock"]
                if fact.value > 0
                else ["It is out of stock"]
            )
        case "categories":
            return [f"It is listed under ({'|'.join(dict.fromkeys(reversed(parts)))})"]
        case "released_at":
            year, month, _ = fact.parts[0].split("-")
            return [f"It was (released|launched) in {MONTHS[int(month) - 1]} {year}"]
        case "title":
            return [
                f"It is listed as {parts[0]}",
                *([] if plural(fact.parts[0]) else [f"It is ({article(fact.parts[0])}|the) {parts[0]}"]),
            ]
    return [_literal(statements(point)[0])]


def _reviews(fact: Fact) -> str:
    return f"{_literal(plain_number(fact.value))} {'review' if fact.value == 1 else 'reviews'}"


def _boolean(fact: Fact) -> list[str]:
    """Spelling tells whether it is something or has something; how to say so the model decides."""
    bare = OWNING.sub("", fact.name)
    name = _literal(bare)
    if labelled(fact.name):
        return [_literal(boolean(fact.name, bool(fact.truth))[0])]
    if is_adjective(fact.name):
        return [f"It is {name}" if fact.truth else f"It is not {name}"]
    thing = name if uncounted(bare) else f"{article(bare)} {name}"
    if fact.truth:
        return [f"It (has|comes with|offers|includes) {thing}"]
    return [f"It has no {name}", f"It (comes without|lacks) {thing}"]


def _number(fact: Fact) -> list[str]:
    amount = float(fact.amount or 0)
    value = _literal(quantity(amount, fact.unit, fact.name))
    if labelled(fact.name) or (fact.unit is None and _FIXED_COUNT.search(fact.name.lower())):
        return [_literal(statement) for statement in statements(Point("general", (fact,)))]
    counted = _COUNT_PREFIX.sub("", fact.name)
    if fact.unit is None and (counted != fact.name or plural(fact.name)):
        thing = _literal(singular(counted) if amount == 1 else counted)
        return [f"It (has|comes with|offers) {value} {thing}"]
    name = _literal(fact.name)
    found = [f"(The|Its) {name} is {value}", f"It (has|offers) {article(fact.name)} {name} of {value}"]
    dimension = fact.unit.dimension if fact.unit else ""
    if dimension == "mass" and fact.name in ("weight", "item weight", "product weight"):
        found = [f"It weighs {value}", *found[:1]]
    elif dimension == "time" and _RUNTIME.search(fact.name):
        found += [f"The battery lasts {value}"] if "battery" in fact.name else [f"It lasts {value}"]
        found += [f"It offers {value} of {name}"]
    elif dimension == "length" and fact.name in EXTENT:
        found = [f"It is {value} {EXTENT[fact.name]}", *found[:1]]
    elif dimension in ("volume", "data", "charge") and fact.name == "capacity":
        found += [f"It holds {value}"]
    return found


def _text(fact: Fact) -> list[str]:
    parts = [said(fact, p) for p in fact.parts]
    value = _literal(parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}")
    name, verb = _literal(fact.name), "are" if plural(fact.name) else "is"
    found = [f"(The|Its) {name} {verb} {value}"]
    kept = " ".join(w for w in fact.name.split() if w.lower() not in HEADS)
    single = len(parts) == 1 and len(parts[0].split()) <= 3
    if fact.name in ("color", "colour", "colors", "colours", "size", "sizes"):
        found.append(f"It comes in {value}" if "size" not in fact.name else f"It comes in {name} {value}")
    elif fact.name in ("material", "fabric", "materials"):
        found.append(f"It is made of {value}")
    elif labelled(fact.name):
        return [_literal(f"{label(fact.name)}: {', '.join(fact.parts)}")]
    elif AUDIENCE.search(fact.name.lower()) and single and not suits(fact):
        return found
    elif suits(fact):
        found.append(f"It (suits|is for) {value}")
    elif single and kept and not plural(fact.name):
        if stems(kept) <= stems(parts[0]):  # filter type: permanent filter
            return [*found, f"It has {article(parts[0])} {value}"]
        if stems(kept) & stems(parts[0]):
            return found
        thing = _literal(kept)
        found.append(f"It has {value} {thing}" if uncounted(kept) else f"It has {article(parts[0])} {value} {thing}")
    elif single and fact.name in ("type", "product type"):
        found.append(f"It is ({article(parts[0])} )?{value}")
    return found


def _literal(text: str) -> str:
    return _META.sub(r"\\\1", text)
