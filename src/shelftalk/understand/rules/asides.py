"""The parts of a message that ask for nothing: orders to the assistant, and what the shopper already owns.

Told apart sentence by sentence, and clause by clause where a sentence steers, so that a real request beside them is still answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import takewhile

from shelftalk.understand.rules.soft import ASKS, CHORE, STEERING, small_talk
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.stems import words
from shelftalk.words.stop import FILLER

_SENTENCE = re.compile(r"(?:[^.!?;\n]|[.!?;](?!\s|$))+(?:[.!?;\n]+|$)")
_CLAUSE = re.compile(r"(?:[^,()\u2013\u2014]|(?<=\d),(?=\d))+(?:[,()\u2013\u2014]+|$)")
_JOINS = re.compile(r"(?:\W*\b(?:and|but|or|then|now|also|please|you (?:must|should|will|shall|have to)))*\W*$", re.I)
_ROLE = re.compile(r"^\W*(?:you are|you're|from now on|obey|act as|pretend|system|assistant)\b", re.I)
_LEAD = re.compile(
    r"^\W*(?:(?:please|(?:can|could|would|will) you|then|and|also|first|now|next|hey|hi|hello|i (?:want|need) you to)\W+)*",
    re.I,
)

_ALL_THE_SAME = re.compile(
    r"(?:n't|\bnot|\bnever) (?:really |even |particularly )?(?:care|bothered|fussed|matter)(?: to me)? (?:if|whether|about it being)\b(?:(?! (?:as long as|so long as|but|so)\b)[^.!?,;]){0,60}|\bwhether [^.!?,;]{0,40} or not\b"
)


def asked(request: str, names_something: Callable[[str], bool]) -> tuple[str, str | None]:
    """The sentences of a request that ask for products, and what was left out (None: nothing was).

    Only where one part tries to steer the assistant or sets it another chore, and another one asks for a product or
    names something of the shop.
    """
    parts = [part for m in _SENTENCE.finditer(request) for part in _clauses(m.group())]
    steered = STEERING.search(request) is not None
    kept = [p for p in parts if not (steered and (STEERING.search(p) or _ROLE.match(p))) and not _chore(p)]
    if len(kept) == len(parts):
        return request, None
    before = "".join(takewhile(lambda part: part in kept, parts)) if steered else ""
    if not any(ASKS.search(p) or names_something(p) for p in kept) and not _means_something(before):
        return request, None
    return _joined(kept), _joined([p for p in parts if p not in kept])


def _means_something(text: str) -> bool:
    """Whether a text is more than small talk: what stands before an order to the assistant may name what is not sold here."""
    return not small_talk(text.lower()) and any(word not in FILLER for word in words(text))


def _joined(parts: list[str]) -> str:
    """The parts as one text, in which those that did not follow each other stand apart."""
    stripped = [part.strip(" \t\r\n,()\u2013\u2014") for part in parts]
    return " ".join(p if p[-1:] in ".!?;" else f"{p}," for p in stripped).rstrip(" ,")


def _clauses(sentence: str) -> list[str]:
    """The sentence; one that steers in its clauses, where what is said before an order in the same clause stands apart."""
    if not STEERING.search(sentence):
        return [sentence]
    found: list[str] = []
    for clause in _CLAUSE.findall(sentence):
        order = STEERING.search(clause)
        before = _JOINS.sub("", clause[: order.start()]) if order else ""
        found += [before, clause[len(before) :]] if _means_something(before) else [clause]
    return found


def _chore(sentence: str) -> bool:
    """Whether the sentence begins by telling the assistant to do something else: "a desk to write a letter at" does not."""
    lead = _LEAD.match(sentence)
    return CHORE.match(sentence, lead.end() if lead else 0) is not None


def all_the_same(text: Text) -> set[int]:
    """The tokens of what somebody does not insist on: "I don't care if it's wireless or not"."""
    spans = [(m.start(), m.end()) for m in _ALL_THE_SAME.finditer(text.low)]
    return {i for i, t in enumerate(text.tokens) if any(start <= t.start < end for start, end in spans)}
