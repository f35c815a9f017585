"""Questions about products shown that name them by place, by title or by a pronoun: "does the second come in blue", "is the Lark
waterproof?", "more about it".

`shown.question` recognises a question by its form; this adds what is recognised by the product that is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shelftalk.facts.asking import ORDINALS, asks_to_tell
from shelftalk.words.stems import words

if TYPE_CHECKING:
    from shelftalk.understand.reading import Shown

_ORDINAL = re.compile(
    r"\b(?P<n>first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th|(?<=the )last|last(?= (?:one|pick|product|item)))\b"
    r"|(?:\bnumber |\bno\.? ?|#)(?P<d>\d|one|two|three|four|five)\b"
)
_SINGLE = re.compile(r"\b(?:it|its|it's|this|that|this one|that one)\b")
_ALL = re.compile(r"\b(?:they|them|these|those|all of them|any of them)\b")
_ASKS = re.compile(
    r"^(?:and |but |ok(?:ay)?,? )?(?:is|are|isn't|aren't|does|do|doesn't|has|have|can|could|will|would|how|what|which|when|who|where)\b"
    r"(?! about\b)(?! (?:if|it|they|this|these) (?:has to|have to|need to|needs to|matter)\b)"
)
# What looks like a question and asks for other products.
_REQUEST = re.compile(
    r"\b(?:do you (?:have|sell|stock)|have you|can you (?:show|find|recommend|suggest)|is there|are there|what else"
    r"|can i (?:get|have)|any others?|something|instead|cheaper|do you know|show me|i want|i need|i'd like|looking for|which (?:of|one))\b"
)
_LEAD = len("and the ")  # a question may stand behind the product's place: "number 2: is it wireless?"


def asked_about(low: str, picks: Sequence[Shown], focus: Sequence[Shown] = ()) -> tuple[Shown, ...]:
    """The picks that a turn (in lower case) asks about by naming them; none where it asks for products."""
    low = low.strip()
    meant = _meant(low, picks, focus)
    if not meant or _REQUEST.search(low):
        return ()
    place = _ORDINAL.search(low)
    behind = low.endswith("?") and place is not None and place.start() <= _LEAD
    if behind or _ASKS.match(low):
        return meant
    # "what about the last one?" asks about it; "what about Sony?" may as well ask for others
    told = asks_to_tell(low, [f"{p.title} {p.id}" for p in meant])
    return meant if told and (place or not low.startswith("what about")) else ()


def _meant(low: str, picks: Sequence[Shown], focus: Sequence[Shown]) -> tuple[Shown, ...]:
    """The products that the words refer to: by place, by a word that only one title has, by a pronoun."""
    if found := _ORDINAL.search(low):
        key = found["n"] or found["d"]
        place = len(picks) - 1 if key == "last" else int(key) - 1 if key.isdigit() else ORDINALS[key]
        return (picks[place],) if 0 <= place < len(picks) else ()
    titles = [set(words(f"{p.title} {p.id}")) for p in picks]
    said = {w for w in words(low) if len(w) > 3}
    hits = [sum(w in title and sum(w in other for other in titles) == 1 for w in said) for title in titles]
    if max(hits) and hits.count(max(hits)) == 1 and not _ALL.search(low) and not _SINGLE.search(low):
        return (picks[hits.index(max(hits))],)
    if _ALL.search(low):
        return tuple(picks)
    return (*focus, *picks)[:1] if _SINGLE.search(low) else ()
