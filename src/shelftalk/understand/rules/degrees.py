"""Degrees of adjectives: the superlatives and comparatives of English, the fields that they speak of and which way."""

from __future__ import annotations

import re

from shelftalk.understand.rules.soft import SOFT
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.stems import bag, stem
from shelftalk.words.stop import FILLER, FUNCTION

# "the lightest": the adjective -> (words of the fields it may mean, direction). "" stands for any size-like field.
_SUPERLATIVES = """
cheap: price asc
inexpensive: price asc
affordable: price asc
economical: price asc
costly: price desc
expensive: price desc
pricey: price desc
light: weight asc
heavy: weight desc
big: size screen display capacity volume diameter person area desc | length width height desc
large: size screen display capacity volume diameter person area desc | length width height desc
huge: size screen display capacity volume diameter person area desc | length width height desc
small: size screen display capacity volume diameter person area asc | length width height asc
tiny: size screen display capacity volume diameter person area asc | length width height asc
roomy: capacity volume size person area desc
spacious: capacity volume size person area desc
compact: size volume width weight asc
long: length desc | life runtime playtime duration desc
short: length asc
tall: height desc
wide: width desc
narrow: width asc
thin: thickness depth asc
slim: thickness depth width asc
thick: thickness desc
deep: depth desc
bright: brightness lumen luminous light desc
dim: brightness lumen asc
dark: brightness lumen asc
quiet: noise decibel loudness sound asc
loud: noise decibel loudness volume desc
new: released release year asc_date
recent: released release year asc_date
latest: released release year asc_date
old: released release year age asc
powerful: power wattage watt output desc
strong: power wattage strength suction load desc
fast: speed rpm page desc | recharge charging charge time duration heat asc
quick: speed desc | recharge charging charge time duration heat asc
slow: speed asc | recharge charging charge time duration desc
far: distance range reach desc
sharp: megapixel resolution pixel dpi desc
clear: megapixel resolution pixel dpi desc
crisp: megapixel resolution pixel dpi desc
detailed: megapixel resolution pixel dpi desc
precise: precision accuracy dpi resolution desc_fine
accurate: precision accuracy dpi resolution desc_fine
warm: warmth insulation desc | color colour kelvin asc
cool: color colour kelvin asc
hot: heat temperature power wattage desc
durable: durability warranty life desc
last: life runtime playtime desc
popular: review popularity sold desc
loved: review desc
reviewed: review desc
young: age asc
rated: rating desc
"""
SUPERLATIVES: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {}
for _line in _SUPERLATIVES.strip().splitlines():
    _adjective, _spec = _line.split(":")
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
