"""Words that no pick may carry. What a product is, not what its description mentions, decides."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shelftalk.text import clean
from shelftalk.values import Product


class Unwanted:
    """Tells which products carry any of the words or phrases, as whole words and without case."""

    def __init__(self, words: Sequence[str]) -> None:
        wanted = [w for w in (clean(word).lower() for word in words) if w]
        self._names = frozenset(w.replace(" ", "_") for w in wanted)
        phrases = "|".join(r"\s+".join(map(re.escape, w.split())) for w in wanted)
        self._pattern = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)") if wanted else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def carried_by(self, product: Product) -> bool:
        """Whether title, brand, a category or an attribute's value holds one, or an attribute of that name is true."""
        if self._pattern is None:
            return False
        texts = [product.title, product.brand or "", *product.categories]
        for name, value in product.attributes.items():
            if value is True and name.lower() in self._names:
                return True
            if isinstance(value, str):
                texts.append(value)
            elif isinstance(value, tuple):
                texts.extend(map(str, value))
        return any(self._pattern.search(clean(text).lower()) for text in texts)
