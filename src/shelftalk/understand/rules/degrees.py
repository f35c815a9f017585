"""Degrees of adjectives: the superlatives and comparatives of English, the fields that they speak of and which way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from shelftalk.understand.rules.lexicon import SUPERLATIVE_FIELDS
from shelftalk.understand.rules.soft import SOFT
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Criterion
from shelftalk.words.stems import bag, stem
from shelftalk.words.stop import FILLER, FUNCTION

# "the lightest": the adjective -> (words of the fields it may mean, direction), the likeliest first.
SUPERLATIVES: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {}
for _adjective, _spec in SUPERLATIVE_FIELDS.items():
    SUPERLATIVES[_adjective] = tuple(
        (tuple(stem(w) for w in part.split()[:-1]), part.split()[-1]) for part in _spec.split("|")
    )
_IRREGULAR = {
    "best": "good", "worst": "bad", "least": "few", "fewest": "few", "furthest": "far", "farthest": "far", "most": "many",
    "biggest": "big", "thinnest": "thin", "slimmest": "slim", "hottest": "hot", "dimmest": "dim", "priciest": "pricey", "roomiest": "roomy",
    "tiniest": "tiny", "heaviest": "heavy", "latest": "latest", "costliest": "costly", "newest": "new", "oldest": "old",
}  # fmt: skip


def superlative(word: str) -> str | None:
    """The adjective whose superlative this is ("cheapest" -> "cheap", "heaviest" -> "heavy"), or None."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("est") and len(word) > 5:
        base = word[:-3]
        for form in (
            base,
            base + "e",
            base[:-1] + "y" if base.endswith("i") else base,
            base[:-1] if base[-1:] == base[-2:-1] else base,
        ):
            if form in SUPERLATIVES:
                return form
    return None


def opposite(adjective: str) -> str | None:
    """The adjective that wants the same fields the other way round: "big" of "small", "light" of "heavy"."""
    hints, way = SUPERLATIVES.get(adjective, (((), ""),))[0]
    for other, ((fields, turned), *_) in SUPERLATIVES.items():
        if fields[:1] == hints[:1] and {way, turned} == {"asc", "desc"}:
            return other
    return None


def more(adjective: str) -> str:
    """The comparative of a short adjective: "bigger" of "big", "heavier" of "heavy"."""
    if adjective.endswith("y"):
        return f"{adjective[:-1]}ier"
    doubled = adjective[-1] if re.search(r"(?:^|[^aeiou])[aeiou][dgmnt]$", adjective) else ""
    return f"{adjective}{doubled}{'r' if adjective.endswith('e') else 'er'}"


# Other adjectives that shoppers compare by, beside those of superlatives and of wishes.
_COMPARED = bag(
    "stiff tough dry wet smart plain dense cold round square flat mild sweet firm hard rough loose rich stable modern nice comfy warm"
)


def comparative(word: str) -> str | None:
    """The adjective whose comparative this is ("softer" -> "soft", "fluffier" -> "fluffy"), or None ("toaster", "purifier")."""
    if not word.endswith("er") or len(word) < 5:
        return None
    if (base := superlative(word[:-2] + "est")) is not None:
        return base
    root = word[:-2]
    if word.endswith("ier") and not word.endswith(("ifier", "rier")) and len(word) > 5:
        return root[:-1] + "y"
    forms = (root, root + "e", root[:-1] if root[-1:] == root[-2:-1] else root)
    return next((f for f in forms if f in _COMPARED or f in SOFT), None)


def comparing(word: str) -> bool:
    """Whether a word only compares with what was shown."""
    return word in ("expensive", "pricey", "different", "else") or comparative(word) is not None


def bare_comparison(text: Text) -> bool:
    """Whether a turn says nothing but how the products shown should differ: "softer", "a bit sturdier please"."""
    left = [t.low for t in text.tokens if t.low not in FILLER and t.low not in FUNCTION]
    return len(left) == 1 and comparative(left[0]) is not None


def plainly_said(criterion: Criterion, request: str, kinds: Sequence[str]) -> Criterion:
    """The criterion with the way of its number that its one word, an adjective before the name of a kind, says: "a warm blanket" wants
    more warmth. As it is where the adjective is denied, or speaks of something else."""
    word = criterion.words.lower()
    if criterion.want not in ("low", "high") or word not in SUPERLATIVES:
        return criterion
    found = re.search(rf"(.*)\b{word} (\w+)", request.lower(), re.DOTALL)
    nouns = {stem(w) for kind in kinds for w in re.findall(r"\w+", kind.lower())}
    if found is None or stem(found[2]) not in nouns or _DENIED.search(found[1]):
        return criterion
    name = {stem(w) for w in re.split(r"[\W_]+", criterion.field.lower()) if w}
    ways = [way for hints, way in SUPERLATIVES[word] if set(hints) & name and way in ("asc", "desc")]
    return replace(criterion, want="low" if ways[0] == "asc" else "high") if ways else criterion


_DENIED = re.compile(r"(?:\b(?:too|no|not|less|never|my)|n't)(?: an?)? $")
