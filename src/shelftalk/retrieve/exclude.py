"""Words that no pick may carry: in its title, brand, categories and values, and in its description unless that says it is without."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shelftalk.text import clean
from shelftalk.values import Product

# Before a word these say that the product is without it, or is only held against it.
_WITHOUT = (
    r"\b(?:no|non|not|never|without|w/o|zero|free (?:of|from)|instead of|rather than|unlike|than|(?:alternatives?|compared) to|"
    r"replac(?:es|ing)|avoids?|excludes?|excluding|faux|imitation|vegan|(?:contains?|made|has|have|with|needs?) (?:no|neither)|n't (?:\w+ )?)"
    r"(?:[ -](?:added|any|a|an|the|real|animal|use of|made (?:of|from|with)|contain(?:s|ing)?|\w+,|\w+ (?:or|and|nor))){0,4}[ -]?"
)


def _in_any_number(word: str) -> str:
    """A pattern of a word and of its plural or singular: "nut" is in "nuts", "berry" in "berries"."""
    one = re.sub(r"(?<=[a-z]{2})ies$|(?<=[a-z]{2}[b-df-hj-np-tv-z])y$", "(?:y|ies)", word) if word.isascii() else word
    if one != word:
        return one
    one = re.sub(r"(?<=[sxz])es$|(?<=[cs]h)es$|(?<=[a-z]{2}[^s])s$", "", word)
    return rf"{re.escape(one)}(?:s|es)?" if word.isalpha() else re.escape(word)


class Unwanted:
    """Tells which products carry any of the words or phrases, as whole words in singular or plural and without case."""

    def __init__(self, words: Sequence[str]) -> None:
        wanted = [w for w in (clean(word).lower() for word in words) if w]
        self._names = frozenset(w.replace(" ", "_") for w in wanted)
        phrases = "|".join(r"\s+".join(_in_any_number(word) for word in w.split()) for w in wanted)
        self._pattern = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)") if wanted else None
        self._freed = (
            re.compile(
                rf"{_WITHOUT}(?<!\w)(?:{phrases})(?!\w)|(?<!\w)(?:{phrases})[ -](?:free|resistant|proof|repellent)\b"
            )
            if wanted
            else None
        )

    def __bool__(self) -> bool:
        return self._pattern is not None

    def carried_by(self, product: Product) -> bool:
        """Whether a text of the product holds one that it does not say to be without ("nickel-free", "no added sugar"), or an attribute
        of that name is true."""
        if self._pattern is None or self._freed is None:
            return False
        texts = [product.title, product.brand or "", *product.categories, product.description or ""]
        for name, value in product.attributes.items():
            if value is True and name.lower() in self._names:
                return True
            if isinstance(value, str):
                texts.append(value)
            elif isinstance(value, tuple):
                texts.extend(map(str, value))
        return any(self._pattern.search(self._freed.sub(" ", clean(text).lower())) for text in texts)
