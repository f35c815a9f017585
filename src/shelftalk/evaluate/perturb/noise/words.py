"""Words that noise must not touch: a number or a denial changed is another request."""

from __future__ import annotations

import re

__all__ = ["NEGATIONS", "NUMBERS", "denials", "figures", "keeps_capital"]

_DENIALS = """no not nor none never nothing nobody neither without except excluding exclude avoid cannot minus but
    isn't aren't wasn't don't doesn't didn't won't can't couldn't shouldn't wouldn't mustn't hate dislike non
    isnt arent dont doesnt wont cant free instead rather"""
_NUMBERS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half third quarter
    dozen couple pair single double triple first second"""
NEGATIONS, NUMBERS = frozenset(_DENIALS.split()), frozenset(_NUMBERS.split())
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


def denials(text: str) -> list[str]:
    """The words of denial in the text, sorted."""
    return sorted(w for w in (m.lower().replace("’", "'") for m in _WORD.findall(text)) if w in NEGATIONS)


def figures(text: str) -> list[str]:
    """The numbers in the text, in figures and in words, sorted."""
    return sorted([*_FIGURE.findall(text), *(w for w in map(str.lower, _WORD.findall(text)) if w in NUMBERS)])


def keeps_capital(head: str) -> bool:
    """Whether the first word is an abbreviation, an "I", or is followed by another capital, as a brand's name is."""
    words = re.findall(r"[\w'-]+", head)[:2]
    return not words or words[0].isupper() or (len(words) > 1 and words[1][:1].isupper())
