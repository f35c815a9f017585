"""The words of a request that full-text search looks for: the ones that say something about a product."""

from __future__ import annotations

import re

from shelftalk.text import clean

# Words that stand in requests whatever is asked for. They are left out of the search, not of the index: a text's length,
# which BM25 weighs, counts all its words.
_SAID = (
    "a an and are as at be but by for from has have if in into is it its of on or so such than that the their them then "
    "there these they this those to was were will with "
    "i i'd i'll i'm i've me my mine we our us you your yours he him his she her hers who whom whose which what "
    "am been being can could did do does had may might must shall should would "
    "any some something anything someone somebody please want wants wanted need needs needed looking look find show buy "
    "get give gimme recommend suggest suggestion suggestions recommendation recommendations hi hello hey thanks thank"
)
STOP_WORDS = frozenset(_SAID.split())
_WORD = re.compile(r"[^\s]+")


def content_words(text: str) -> str:
    """The text's words in order without stop words; all of them where nothing else would be left."""
    words = _WORD.findall(clean(text))
    kept = [w for w in words if w.lower().strip(".,;:!?\"'()") not in STOP_WORDS]
    return " ".join(kept or words)
