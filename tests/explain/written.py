"""The reasons of data/wishes as the checker sees them: facts with standing made from their lines, facets from the fields of their kind."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from shelftalk.catalog.standing import Standing
from shelftalk.explain.check import Check
from shelftalk.explain.statements import statements
from shelftalk.explain.vocabulary import Vocabulary
from shelftalk.facts.card import CardFact
from shelftalk.facts.facts import Fact, attribute_fact, money
from shelftalk.values import Criterion, Facet, Facets, Intent, Product
from shelftalk.words.stems import bag
from shelftalk.words.units import unit_of
from shelftalk.written import Kind, Reason, WrittenSet, read_written

_STANDING = re.compile(
    r", (?:(?:(\d+)(?:st|nd|rd|th) )?((?:most )?[a-z]+|middle) of (\d+)|(\d+) of (\d+)|all (\d+) alike)\Z"
)
_LOW = bag("lightest cheapest shortest narrowest lowest quietest smallest dimmest thinnest")


@lru_cache(maxsize=1)
def written() -> WrittenSet:
    """The written set."""
    return read_written()


def card(line: str) -> CardFact:
    """A line of the set as a fact with its standing."""
    found = _STANDING.search(line)
    bare = line[: found.start()] if found else line
    name, _, value = bare.partition(": ")
    return CardFact(
        replace(_fact(name, value), field=_fact(name, value).field.replace(" ", "_")),
        _standing(found),
        line,
        Criterion(name, "low"),
    )


def _standing(found: re.Match[str] | None) -> Standing | None:
    if found is None:
        return None
    if found[4]:
        return Standing(int(found[5]), alike=int(found[4]), number=False)
    if found[6]:
        return Standing(int(found[6]), 1, 1, alike=int(found[6]))
    of, place = int(found[3]), int(found[1] or 1)
    if found[2] == "middle":
        return Standing(of, of // 2, of - of // 2 + 1)
    low = found[2] in _LOW
    return Standing(of, place if low else of - place + 1, of - place + 1 if low else place, alike=1)


def _fact(name: str, value: str) -> Fact:
    if name == "text":
        quote = value.strip('"')
        return Fact(0, "description", quote, "mention", "text", f'text: "{quote}"', parts=(quote,))
    if match := re.fullmatch(r"([\d.,]+) EUR", value):
        amount = Decimal(match[1].replace(",", ""))
        return Fact(
            0, name, amount, "money", name, f"{name}: {money(amount, 'EUR')}", currency="EUR", amount=float(amount)
        )
    if value in ("yes", "no"):
        return Fact(0, name, value == "yes", "boolean", name, f"{name}: {value}", truth=value == "yes")
    if match := re.fullmatch(r"(-?[\d.,]+)(?: ?(.+))?", value):
        amount_ = float(match[1].replace(",", ""))
        unit = unit_of(match[2])
        if match[2] is None or unit:
            field = f"{name}_{match[2]}" if match[2] else name
            return Fact(
                0, field.replace(" ", "_"), amount_, "number", name, f"{name}: {value}", unit=unit, amount=amount_
            )
        return Fact(0, name, value, "number", name, f"{name}: {value}", amount=amount_, parts=(value,))
    return attribute_fact(name, value, Facets()) or Fact(
        0, name, value, "text", name, f"{name}: {value}", parts=(value,)
    )


@lru_cache(maxsize=256)
def vocabulary(kind: str) -> Vocabulary:
    """The words of a shop with this kind."""
    return Vocabulary.of(facets(kind), Product("x", kind, categories=(kind,)))


def facets(kind: str) -> Facets:
    """The facets that a shop with this kind would have."""
    return Facets(tuple(_facet(spec, kind) for spec in written().kinds[kind].fields), 100)


def _facet(spec, kind: str) -> Facet:  # type: ignore[no-untyped-def]
    values = tuple((v, 5) for v in spec.values)
    return Facet(spec.name, spec.kind, 50, max(2, len(values)), values, categories=(kind,))


def refused(reason: Reason, text: str | None = None) -> list[str]:
    """Why statements of a written reason do not hold; [] where all do."""
    cards = tuple(card(f) for f in reason.facts)
    product = Product("x", f"Norvo Alto 3 {reason.kind}", brand="Norvo", categories=(reason.kind,))
    check = Check(product, vocabulary(reason.kind), Intent(kind=reason.kind), reason.request, cards)
    out = []
    for one in statements(text or reason.text):
        cited = [cards[n - 1] for n in one.cited if n <= len(cards)]
        if why := check.why_not(one.text, cited):
            out.append(f"{why}: {one.text} {list(one.cited)}")
    return out


def kinds() -> list[Kind]:
    """The kinds of the set."""
    return list(written().kinds.values())
