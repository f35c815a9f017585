"""The topics of a conversation: what was wanted before the shopper turned to something else, and the way back to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from shelftalk.understand.reading import Shown
from shelftalk.understand.rules import Text, stems
from shelftalk.values import Intent
from shelftalk.words.stems import words as words_of
from shelftalk.words.stop import FILLER, FUNCTION

_BACK = re.compile(
    r"\b(?:(?:go|going|get|come|coming|jump|switch|turn|take me|bring me|move|head)(?: \w+)? back to|back to|return(?:ing)? to|continue with|carry on with|pick up)\b(?P<a>[^.;!?,]*)"
    r"|\b(?:the|those|my|that|these) (?P<b>[\w' -]{2,40}?) (?:again\b|from (?:before|earlier)\b|(?:that |which )?(?:you|we|i) (?:showed|had|saw|looked at|asked|talked about|spoke about|spoke of|were looking at)\b(?: \w+)?(?: (?:before|earlier|first))?)"
)
_BEFORE_THAT = re.compile(r"^\W*(?:(?:what|where|that|the|my|our|first|previous|last|other|earlier|one|ones|thing|things|search|question|request|topic|i|we|was|were|had|asked|for|about|before|beginning|start|looking|please|then|now|at)(?!\w)\W*)+$")  # fmt: skip
_AGAIN = re.compile(r"\b(?:again|from (?:before|earlier)|before|earlier|first)\b")


@dataclass(slots=True)
class Topic:
    """One thing that was talked about: what was wanted of it last, the shopper's turns, for each of them what was taken back since
    (fields and stems of words), and the picks last shown."""

    intent: Intent
    thrifty: bool = False
    said: list[str] = field(default_factory=list)
    without: list[frozenset[str]] = field(default_factory=list)
    picks: list[Shown] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Return:
    """The topic that a turn goes back to, and what else the turn says."""

    topic: Topic
    rest: str


def returned(text: Text, past: Sequence[Topic]) -> Return | None:
    """The earlier topic that the turn names or points back to, the latest that fits; None where it goes back to none."""
    match = _leads_back(text)
    if match is None or not past:
        return None
    named = match["a"] if match["a"] is not None else match["b"]
    words = {s for s in stems(named) if s not in FILLER and s not in FUNCTION}
    fits = [t for t in past if words & _words(t)]
    if not fits and _BEFORE_THAT.match(named):
        fits = [past[-1]]
    if not fits:
        return None
    topic = max(fits, key=lambda t: (len(words & _words(t)), past.index(t)))
    return Return(topic, _rest(text, match, named, topic))


def _leads_back(text: Text) -> re.Match[str] | None:
    """Where the turn leads back to something; "shoes I can return to after an injury" speaks of what the thing is for."""
    match = _BACK.search(text.low)
    if match is None or not match.group().startswith("return"):
        return match
    clause = text.low[max(text.low.rfind(mark, 0, match.start()) + 1 for mark in ",.;!?") : match.start()]
    return match if all(word in FILLER for word in words_of(clause)) else None


def unknown_return(text: Text, topics: Sequence[Topic]) -> str:
    """The thing that a turn wants to go back to and that none of the topics was about: "kettles"; "" where there is none."""
    match = _leads_back(text)
    named = match["a"] if match is not None else None
    if match is None or named is None or _BEFORE_THAT.match(named):
        return ""
    words = {s for s in stems(named) if s not in FILLER and s not in FUNCTION}
    return "" if not words or any(words & _words(t) for t in topics) else text.text[match.start("a") :].strip()


def _rest(text: Text, match: re.Match[str], named: str, topic: Topic) -> str:
    """The turn without the words that lead back, and without those that name the topic."""
    start, end = match.span()
    start = max(text.low.rfind(mark, 0, start) + 1 for mark in ",.;!?")
    inside = _limit_of(text.text[match.start() : match.end()], named)
    left = f"{text.text[:start]} {inside} {text.text[end:]}"
    return re.sub(r"^\W*(?:but|and|please|then|now)?\W*", "", left.strip(), flags=re.I)


def _limit_of(words: str, named: str) -> str:
    """What the words say beyond the name of the topic: "under 300" of "back to the tents under 300"."""
    found = re.search(
        r"\b(?:but|with|without|under|over|below|above|in|not|up to|at most|at least|less|more|only)\b.*", words, re.I
    )
    return found.group() if found and named else ""


def _words(topic: Topic) -> set[str]:
    intent = topic.intent
    named = [str(v) for c in intent.constraints for v in (c.value if isinstance(c.value, tuple) else (c.value,)) if c.field == "categories"]  # fmt: skip
    spans = [c.span for c in intent.constraints if c.field in ("categories", "kind")]
    return (
        {s for text in (*named, *spans, intent.kind, intent.query, *topic.said[:1]) for s in stems(text)}
        - FILLER
        - FUNCTION
    )
