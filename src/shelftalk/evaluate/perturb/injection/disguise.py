"""Text that reads one way to a person and another to a machine: invisible characters, look-alike letters, encodings."""

from __future__ import annotations

import base64
import codecs
import random

__all__ = ["LOOK_ALIKES", "as_base64", "as_leet", "as_rot13", "as_tags", "broken_up", "look_alike", "turned_round"]

# Latin letters and the Cyrillic or Greek ones that look the same (Unicode Technical Standard 39, confusables).
LOOK_ALIKES = dict(
    zip("aceopxyiABEHKMOPTX", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0410\u0412\u0415\u041d\u041a\u041c\u041e\u0420\u0422\u0425", strict=True)
)  # fmt: skip
_INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad")


def as_tags(text: str) -> str:
    """The text in tag characters (U+E0020 on), which no screen shows and many tokenizers read."""
    return "".join(chr(0xE0000 + ord(c)) for c in text if 0x20 <= ord(c) < 0x7F)


def broken_up(text: str, rng: random.Random) -> str:
    """The text with an invisible character inside every word, against filters that look for the words."""
    words = []
    for word in text.split(" "):
        at = rng.randrange(1, len(word)) if len(word) > 1 else 0
        words.append(word[:at] + rng.choice(_INVISIBLE) + word[at:])
    return " ".join(words)


def turned_round(text: str) -> str:
    """The text backwards behind a right-to-left override, which a screen shows forwards again."""
    return f"\u202e{text[::-1]}\u202c"


def look_alike(text: str, rng: random.Random, share: float = 0.6) -> str:
    """The text with that share of the letters that have a look-alike put in the other script, at least one."""
    places = [i for i, c in enumerate(text) if c in LOOK_ALIKES]
    chosen = set(rng.sample(places, max(1, round(share * len(places))))) if places else set()
    return "".join(LOOK_ALIKES[c] if i in chosen else c for i, c in enumerate(text))


def as_base64(text: str) -> str:
    """The text in base64."""
    return base64.b64encode(text.encode()).decode()


def as_rot13(text: str) -> str:
    """The text in ROT13."""
    return codecs.encode(text, "rot13")


def as_leet(text: str) -> str:
    """The text with figures for letters."""
    return text.translate(str.maketrans("aeiostAEIOST", "431057431057"))
