"""Whether an embedder knows a language: it shows it by finding six sentences again that it is given in that language.

A name tells nothing ("any sentence-transformers model"), so the embedder is asked: of six sentences in English, the one that each
sentence in the other language means must be the nearest. By chance all six are right once in 46,656 times; the English default
embedder finds a few by words that both languages share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from shelftalk.understand.languages.table import rules

if TYPE_CHECKING:
    import numpy as np

__all__ = ["PROBES", "covers", "knows"]

# An embedder that knows these, of two scripts, is taken to know a language that has no sentences here.
_FOR_OTHERS = ("es", "zh")

PROBES = (
    "a tent for sleeping outdoors",
    "a sharp knife for vegetables",
    "a comfortable chair for the office",
    "a coat against the rain",
    "toys for small children",
    "cream for dry skin",
)


def knows(encode: Callable[[str], np.ndarray], sentences: Sequence[str]) -> bool:
    """Whether each of the sentences, translations of PROBES in their order, is nearest to its own. `encode` gives unit vectors."""
    import numpy as np

    english, other = np.stack([encode(p) for p in PROBES]), np.stack([encode(s) for s in sentences])
    return bool((np.argmax(other @ english.T, axis=1) == np.arange(len(PROBES))).all())


def covers(encode: Callable[[str], np.ndarray], language: str) -> bool:
    """Whether an embedder knows the language of an ISO 639-1 code ("und": some other), by the sentences of languages.yaml."""
    found = [rules(code) for code in ([language] if rules(language) else _FOR_OTHERS)]
    return all(rule is not None and knows(encode, rule.probe) for rule in found)
