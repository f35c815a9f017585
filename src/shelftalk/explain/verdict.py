"""Whether a fact answers a question with yes or no: only where the record settles it, and turned round where the question asks for the
absence of a thing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shelftalk.facts.asking import LITTLE, ORDINALS, YES_NO
from shelftalk.facts.facts import Fact
from shelftalk.facts.holds import same
from shelftalk.words.lacking import lacking, not_borne
from shelftalk.words.stems import stem, stems, words
from shelftalk.words.stop import content_stems

__all__ = ["WHOM", "beside", "called", "field_verdict", "value_verdict"]

# What turns a question round, so that no plain yes or no answers it.
_TURNED = re.compile(
    r"\b(?:not|no|never|without|nothing|free|except|but|unless|avoid\w*|hates?)\b|n't\b|\b(?:allerg|intoleran|sensitiv|react|itch)\w*"
)
# Names of yes-or-no fields whose yes says that something is not there: "fragrance free".
_NONE_OF = re.compile(r"^(?:no|non|without) | free$|free$|less$")
# Words of whom it is for and of what they do not bear, beside the thing itself.
_LITTLE = {stem(w) for w in LITTLE | ORDINALS.keys()}
WHOM = stems(
    "people person kid kids child children son daughter adult adults year years old age aged allergic allergy intolerant sensitive reacts "
    "avoid without free contain eat wear touch tolerate have any use using"
)


def called(fact: Fact, value: object) -> str:
    """The words by which a question names a value, or a field of yes or no."""
    return " ".join(words(fact.name if fact.truth is not None else str(value)))


def value_verdict(fact: Fact, value: object, low: str, good_for: str) -> bool | None:
    """Whether a fact answers a question for a value with yes or no; None where it settles neither: another value is no proof that the thing
    is not in it, and a question that is turned round or asks for more has no plain answer."""
    said = called(fact, value)
    held = fact.truth if fact.truth is not None else same(fact.value, value)
    if lacking(low, said):
        return False if held else None if fact.truth is None or not_borne(low) else True
    if _turned(low, said) or (good_for and beside(good_for, [said])):
        return None
    if held or fact.truth is not None:
        return held
    partly = good_for or stems(said) & stems(" ".join(fact.parts))
    return None if partly else False


def field_verdict(fact: Fact, low: str) -> bool | None:
    """Whether a fact of yes or no answers a question that speaks of its field; None where that is doubtful."""
    name = " ".join(words(fact.name))
    said = [w for w in (name, *words(fact.name)) if re.search(rf"(?<!\w){re.escape(w)}(?!\w)", low)]
    lacked = any(lacking(low, w) for w in said if not _NONE_OF.search(w))
    if _NONE_OF.search(name) and name not in said:
        kept_out = bool(fact.truth)
        return (None if not_borne(low) else kept_out or None) if lacked else (False if kept_out else None)
    if lacked:
        return False if fact.truth else None if not_borne(low) else True
    return None if _turned(low, *said) else fact.truth


def _turned(low: str, *said: str) -> bool:
    """Whether a question says no, beside how it begins and the words that it asks about."""
    rest = YES_NO.sub("", low)
    for name in said:
        rest = rest.replace(name, " ")
    return _TURNED.search(rest) is not None


def beside(said: str, read: Iterable[str]) -> set[str]:
    """The stems of what is asked beside the words that were read and those of whom it is for."""
    known = {s for part in read for s in stems(part)}
    return dict(content_stems(said)).keys() - known - WHOM - _LITTLE
