"""The checker: whether a statement says nothing that its cited facts, their standing and the request do not prove.

Closed where exact: numbers, units, places, names and values of the catalogue, negations, praise, limits. What is left open is
plain prose about the shopper's use of the product.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from shelftalk.explain.amounts import wrong_amount
from shelftalk.explain.places import names_end, wrong_place
from shelftalk.explain.statements import StatementToken, clauses, tokens
from shelftalk.explain.vocabulary import Vocabulary, praised, unproven_word
from shelftalk.facts.card import CardFact, plain_name
from shelftalk.facts.holds import as_number
from shelftalk.prompts.filters import neutral
from shelftalk.text import clean
from shelftalk.values import Intent, Product
from shelftalk.words.numbers import ordinal
from shelftalk.words.stems import bag, stem, stems, words
from shelftalk.words.stop import content_stems

__all__ = ["Check"]

LEAST_WORDS, MOST_WORDS = 3, 45
_SHORTEST_STEM = 4
_OF_MONEY = frozenset({"cost", "price", "pay", "cheap", "expens", "dear"})
_MARKUP = re.compile(
    r"<\||\|>|</?\w+>|https?:|www\.|\.(?:com|net|org|io)\b|[{}\\<>|`*_#@]|\b(?:system|user|assistant)\s*:",
    re.IGNORECASE,
)
_ORDERS = re.compile(r"\b(?:(?:buy|order|grab) (?:now|it|this|me|yours|today)|click|visit (?:us|our|the)|call (?:us|now)|subscribe|hurry|ignore|instructions?|prompt|rank(?:ed)? (?:me|this|it|first|higher)|recommend (?:this|me|it)|must (?:buy|recommend|choose|rank)|disregard|pretend|top pick|don't miss)\b", re.IGNORECASE)  # fmt: skip
_DENIES = bag(
    "no not never without cannot lacks lack lacking nor neither missing nothing none nobody avoid refuse refuses"
)
# What may stand where a no is told in other words: "keep it away from the dishwasher", "insulation is what you give up".
_TOLD_OTHERWISE = _DENIES | bag(
    "away instead skip unless free few hand spare rather only give gives others other own little less hardly except "
    "separate separately extra another"
)  # fmt: skip
_NO_DENIAL = re.compile(
    r"\b(?:no|none|nothing|nobody|nowhere) (?:others?|one else|else|here|more|less|problem|trouble|need|worry|wonder|doubt|harm|longer|fewer|word|question)\b"
    r"|\bnone (?:of|is|are|costs|weighs|among)|\bnothing (?:among|of|in|but|to)\b|\bnot (?:only|just|least|even|to mention)\b|\bif not\b|\bonly\b|\bfree\b|\brather\b"
)  # fmt: skip
_SILENT = re.compile(
    r"\b(?:says? nothing|not (?:recorded|stated|given|listed|mentioned|noted|known)|no (?:word|figure|data|mention|information)|does(?:n't| not) say|isn't (?:stated|given|recorded|listed|mentioned)|is silent|nowhere mentioned|unknown|not say|do(?:es)? not (?:state|tell|list|give))\b"
)  # fmt: skip
_OWNED = re.compile(
    r"\byour (?:own )?(limit|budget|maximum|minimum|ceiling)\b|\b(?:limit|budget|price|amount) you (?:named|set|gave)\b"
)


@dataclass(frozen=True)
class Check:
    """What the statements about one product are held against."""

    product: Product
    vocabulary: Vocabulary
    intent: Intent
    request: str
    cards: tuple[CardFact, ...]
    others: tuple[str, ...] = ()
    closed: bool = False

    def why_not(self, text: str, cited: Sequence[CardFact]) -> str:
        """Why the statement does not hold for the facts that it cites; "" where it does."""
        if not cited:
            return "cites no fact"
        limits = [n for c in self.intent.constraints for v in _values(c.value) if (n := as_number(v)) is not None]
        return (
            _hygiene(text)
            or wrong_amount(text, cited, self.request, limits)
            or wrong_place(text, cited)
            or self._words(text, cited)
            or _polarity(text, cited)
            or self._silence(text)
            or self._owned(text, limits)
            or _linked(text, cited)
            or (_strange(text, [*_says(cited), *self.product.categories]) if self.closed else "")
        )

    def _words(self, text: str, cited: Sequence[CardFact]) -> str:
        said = [*_says(cited), self.request, *self.product.categories, self.intent.kind]
        if why := unproven_word(text, self.vocabulary, said, {c.fact.field for c in cited}, self.product.brand):
            return why
        wished = any(c.criterion is not None or c.constraints or c.sorted for c in cited)
        if word := praised(text, [*_says(cited), *([self.request] if wished else [])]):
            return f'praises ("{word}"), which no cited fact proves'
        return self._other_product(text)

    def _other_product(self, text: str) -> str:
        own = stems(" ".join((self.product.title, self.product.brand or "", self.request)))
        named = {t.stem for t in tokens(text) if t.large} - own
        for title in self.others:
            strange = {stem(w.lower()) for w in re.findall(r"\b[A-Z][a-z]{2,}", title)} & named
            if strange:
                return f'names another product ("{sorted(strange)[0]}")'
        return ""

    def _silence(self, text: str) -> str:
        """A field that the record holds is not said to be missing from it."""
        for sentence in re.split(r"(?<=[.!?;])\s+", text.lower()):
            if not (match := _SILENT.search(sentence)):
                continue
            part = _around(sentence, match)
            held = [c for c in self.cards if c.fact.kind != "mention"]
            for card in held:
                name = stems(plain_name(card.fact.field))
                if name and name <= stems(part):
                    return f"says that the record is silent on {card.fact.name}, which it holds"
        return ""

    def _owned(self, text: str, limits: Sequence[float]) -> str:
        match = _OWNED.search(text.lower())
        if match and not limits and not (match[1] and match[1] in self.request.lower()):
            return f'says "{match.group()}", and no limit was named'
        return ""


@lru_cache(maxsize=1)
def _neutral_stems() -> frozenset[str]:
    """The words that any statement may use: grammar, and verbs that only join a fact to the product."""
    said = Path(__file__).with_name("neutral.txt").read_text(encoding="utf-8").split()
    return frozenset({*said, *map(stem, said)})


def _strange(text: str, said: Sequence[str]) -> str:
    """The first word that neither the cited facts nor the neutral words hold: what a small model adds, it makes up."""
    known = stems(" ".join(said)) | _neutral_stems()
    for token in tokens(text):
        plain = token.amount is None and token.text[0].isalpha() and ordinal(token.text) is None
        if plain and token.stem not in known and token.text not in known:
            return f'says "{token.text}", which no cited fact does'
    return ""


def _around(sentence: str, match: re.Match[str]) -> str:
    """The clause of the sentence that holds the match."""
    start = max(sentence.rfind(mark, 0, match.start()) for mark in (",", ";", ":"))
    ends = [at for mark in (",", ";", ":") if (at := sentence.find(mark, match.end())) >= 0]
    return sentence[start + 1 : min(ends, default=len(sentence))]


def _values(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _says(cited: Sequence[CardFact]) -> Iterator[str]:
    """The words of the facts: names, values, units."""
    for card in cited:
        yield card.line
        yield card.fact.name
        yield from card.fact.parts


def _hygiene(text: str) -> str:
    if clean(text) != neutral(text) or _MARKUP.search(text) or any(unicodedata.category(c)[0] == "C" for c in text):
        return "holds markup or characters that do not belong in a sentence"
    if _ORDERS.search(text):
        return "gives an order"
    if not re.search(r"[.!?][\"'’”)]*\Z", text):
        return "is no whole sentence"
    if len(words(text)) < LEAST_WORDS or text[:1].islower():
        return "is no whole sentence"
    if len(words(text)) > MOST_WORDS:
        return f"has more than {MOST_WORDS} words"
    return ""


def _linked(text: str, cited: Sequence[CardFact]) -> str:
    """The statement says something of a fact that it cites: a number, a place, or a word of its name or value."""
    known = {s for c in cited for s, _ in content_stems(" ".join((c.fact.name, *c.fact.parts)))}
    if any(c.fact.kind == "money" for c in cited):
        known |= _OF_MONEY
    for token in tokens(text):
        if token.amount is not None or token.stem in known or names_end(token.text):
            return ""
        if len(token.stem) >= _SHORTEST_STEM and any(
            name.startswith(token.stem) for name in known
        ):  # "fold" of "foldable"
            return ""
    return "says nothing of the facts that it cites"


def _polarity(text: str, cited: Sequence[CardFact]) -> str:
    """A yes is not denied, a no not affirmed, and a value that is held not said to be absent."""
    for clause in clauses(text):
        said = {t.stem for t in clause}
        denied = _denied(clause)
        for card in cited:
            fact = card.fact
            name = {s for s, _ in content_stems(fact.name)}
            if fact.truth is True and name and name <= said and denied and not fact.name.endswith("less"):
                return f"denies what the fact says: {fact.reads}"
            if fact.truth is False and name and name <= said and not _denies(clause):
                return f"affirms what the fact denies: {fact.reads}"
            if fact.truth is None and _absent(clause, card):
                return f"says that something is absent which the fact holds: {fact.reads}"
    return ""


def _denies(clause: Sequence[StatementToken]) -> bool:
    return any(t.text in _TOLD_OTHERWISE or t.text.endswith("n't") for t in clause)


def _denied(clause: Sequence[StatementToken]) -> bool:
    text = _NO_DENIAL.sub(" ", " ".join(t.text for t in clause))
    return any(w in _DENIES or w.endswith("n't") for w in text.split())


def _absent(clause: Sequence[StatementToken], card: CardFact) -> bool:
    """Whether the clause puts "no", "not" or "without" right before a value or a counted name that the fact holds."""
    fact = card.fact
    values = {stem(w) for part in fact.parts for w in words(part)}
    counted = {s for s, _ in content_stems(fact.name)} if fact.amount and fact.unit is None else set()
    for i, token in enumerate(clause):
        if token.text not in ("no", "not", "without", "lacks", "isn't", "aren't", "never") or token.stem in values:
            continue
        if any(t.text in ("of", "among", "here") for t in clause[i + 2 : i + 4]) and token.text == "no":
            continue  # "no knife of the 16"
        after = [t for t in clause[i + 1 : i + 5] if t.text not in ("a", "an", "the", "any", "made", "of", "in")]
        if after and (
            after[0].stem in values or (after[0].stem in counted and token.text in ("no", "without", "lacks"))
        ):
            return True
    return False
