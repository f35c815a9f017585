"""How shoppers ask about a product that they are shown: the words that stand for it, and those that ask for more about it.

Shared by what recognises such a question (understand/followup.py) and what answers it (explain/question.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from shelftalk.words.stems import bag, words
from shelftalk.words.stop import content_stems

ORDINALS = {w: i for i, names in enumerate(("first 1st one", "second 2nd two", "third 3rd three", "fourth 4th four", "fifth 5th five")) for w in names.split()}  # fmt: skip
# Words of a question that name no field.
LITTLE = bag(
    "it its one number pick product item have has does is are tell about come comes much many say says really also still even does've "
    "they them these those what when who where which"
)
_TELL = re.compile(
    r"^(?:please |can you |could you )?(?:tell me (?:some)?(?:more|about)|more (?:about|on|details)"
    r"|(?:the )?details (?:of|on|about|for)|describe|what about|what is|what's|more info)\b"
)
_NO_FIELD = {*ORDINALS, "last", "more", "info", "details", "describe"}


def asks_to_tell(low: str, titles: Iterable[str]) -> bool:
    """Whether a turn in lower case asks for more about the products of these titles, and for nothing in particular."""
    if not _TELL.match(low):
        return False
    named = {w for title in titles for w in words(title)} | _NO_FIELD
    return not any(w not in named and w not in LITTLE for _, w in content_stems(low))
