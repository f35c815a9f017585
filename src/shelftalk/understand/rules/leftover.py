"""Numbers of a request that became no limit: said in the notes, so that nothing is dropped in silence."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from shelftalk.understand.rules.dates import AHEAD
from shelftalk.values import Intent
from shelftalk.words.stop import FILLER

# A number by itself; a time of day ("6 am") and how often something happens ("50 times a day") limit no product.
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)*(?![\w-]|[.,]\d| ?(?:am|pm|a\.m|p\.m|o'clock|times)\b)", re.I)
_SIDES = re.compile(r"(?<![\w.,-])\d+(?:\.\d+)?(?: ?[x\u00d7] ?\d+(?:\.\d+)?)+(?!\d)")
_FEW_WORDS = 3  # "rtx 2060" is a name, not a sentence with a limit in it


def unread(
    request: str, intent: Intent, told: Iterable[str] = (), numbered: Callable[[str], Collection[str]] | None = None
) -> tuple[str, ...]:
    """A note for each number that stands alone in a sentence and that no constraint, order or count was read from, nor any of
    the notes that are `told` already speaks of. `numbered` gives the numbers that titles have behind a word: where they have others
    than the one asked for, the note says so."""
    if not intent.shopping or len(request.split()) < _FEW_WORDS:
        return ()
    spans = [c.span for c in intent.constraints] + ([intent.sort.span] if intent.sort else [])
    read = {n for span in spans for n in re.findall(r"\d+(?:[.,]\d+)*", span)} | {str(intent.limit)}
    read |= {str(v) for c in intent.constraints for v in (c.value if isinstance(c.value, tuple) else (c.value,))}
    read |= {n for note in told for n in re.findall(r"\d+(?:[.,]\d+)*", note)}
    request = AHEAD.sub(" ", request)
    sides = [m.group() for m in _SIDES.finditer(request) if not set(re.findall(r"\d+(?:\.\d+)?", m.group())) <= read]
    found = dict.fromkeys((*sides, *(m.group() for m in _NUMBER.finditer(_SIDES.sub(" ", request)))))
    return tuple(_note(request, n, numbered) for n in found if n not in read)


def _note(request: str, number: str, numbered: Callable[[str], Collection[str]] | None) -> str:
    name = re.search(rf"([^\W\d_]{{3,}})[ -]?{re.escape(number)}(?![\w.,]\d)", request)
    others = numbered(name[1]) if name and numbered and name[1].lower() not in FILLER else ()
    if name and others and number not in others:
        return f"nothing here is called '{name[0]}'"
    return f"'{number}' was not read as a limit; it is a word to search for"
