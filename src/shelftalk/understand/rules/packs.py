"""How many pieces a pack holds, where the catalogue has a field for it: "a two-pack", "pack of 3", "a pair", "single"."""

from __future__ import annotations

import re

from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.nearby import Quantity
from shelftalk.understand.rules.numbers import numbers
from shelftalk.understand.rules.tokens import Text, tokenise
from shelftalk.values import Scalar
from shelftalk.words.stems import stemmed

_PACK = stemmed("pack packs pieces piece pcs set count quantity units bundle multipack")
_OF_A_PACK = stemmed("size item items product number per in of total included")  # "port count" is no pack
_NUMBER = r"\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|a dozen|dozen|single|double|triple|twin"
_FORMS: tuple[tuple[re.Pattern[str], str | None], ...] = (
    (re.compile(rf"\b(?:pack|packs|set|sets|box|case|bundle)s?\s+(?:of|with|containing)\s+(?:just |only )?(?P<n>{_NUMBER})\b"), None),
    (re.compile(rf"\b(?P<n>{_NUMBER})[- ](?:(?!that\b|which\b|and\b|but\b|it\b)\w+[- ])?(?:packs?|pcs|pc|pieces?|piece packs?|count|ct|sets?|packers?|packed)\b"), None),
    (re.compile(rf"\b(?P<n>{_NUMBER})(?: \w+)? (?:per|in a|in each|to a|to the|at a|in the|in one) (?:pack|package|set|box|time|packet)\b"), None),
    (re.compile(r"\b(?:packs?|comes?|sold|buy|buying|want|need) (?:\w+ ){0,2}(?P<n>one|two|three|four|2|3|4) (?:at a time|at once|together)\b"), None),
    (re.compile(r"\b(?:more than one|multiple|several)(?: \w+){0,2} (?:in a|per|to a|in each|in the|in one) (?:pack|package|set|box)|(?:comes|come|contains|contain|has) (?:with )?more than one\b(?! \w+ (?:port|color|size))|more than (?:just )?a single\b|multi[- ]?packs?|multiple[- ]packs?"), "many"),
    (re.compile(r"\b(?:a|the|of|in|one|whole|those|these|any|need|want|buy|get|for) pairs?\b(?! of (?:shoes|pants|jeans|socks|gloves|earrings|glasses|scissors))|\bpairs? of\b|\bin pairs\b|\btwosomes?\b"), "2"),
    (re.compile(r"\b(?:just|only) (?:need |want |after )?(?:the )?one(?: of them)?(?: \w+)?, not (?:a|the|an) (?:whole |entire )?(?:pack|set|bunch|boxful|box|bundle|pair|couple)|\bsingles?\b(?!-use)(?! (?:charge|day|serve|serving|cup|use|handed|layer|cycle|wash|press|button|dad|mom|mother|father|guy|most|best|sim|user|touch|point))|\bone only\b|\bindividual(?:ly)? (?:\w+ )?(?:pack|sold)"), "1"),
)  # fmt: skip


_LONE = re.compile(r"\b(?:just|only|a|for) (?P<n>one|single)\b")


def pack_anchors(text: Text, index: Index) -> set[int]:
    """The tokens at which words about pack sizes begin."""
    if _field(index) is None:
        return set()
    return {text.at(m.start()) for pattern, _ in _FORMS for m in pattern.finditer(text.low)}


def packs(text: Text, index: Index, negative: list[bool]) -> tuple[list[Quantity], set[int]]:
    """Limits on the pack-size field, and the tokens they were read from; nothing where no field speaks of packs."""
    known = _field(index)
    if known is None:
        return [], set()
    wanted: dict[float, tuple[int, int, bool]] = {}
    many: tuple[int, int, bool] | None = None
    used: set[int] = set()
    for pattern, fixed in _FORMS:
        for match in pattern.finditer(text.low):
            first, last = text.at(match.start()), max(text.at(match.start()), text.at(match.end()) - 1)
            run = set(range(first, last + 1))
            if re.search(r"\bnot (?:just|only|merely) (?:an? |the )?$", text.low[: match.start()]):
                continue
            if run & used or first >= len(text.tokens):
                continue
            at = text.at(match.start("n")) if fixed is None else first
            off = negative[first] or negative[min(at, len(negative) - 1)]
            if fixed == "many":
                many = (first, last, off)
                used |= run
                continue
            value = float(fixed) if fixed else _value(match.group("n"))
            if value is None:
                continue
            if value not in wanted or wanted[value][2] is False:
                wanted[value] = (first, last, off or wanted.get(value, (0, 0, False))[2])
            used |= run
    if not wanted:
        for match in _LONE.finditer(text.low):
            first, last = text.at(match.start("n")), text.at(match.start("n"))
            if (
                first < len(text.tokens)
                and negative[first]
                and any(t.stem in index.nouns for t in text.tokens[first + 1 : first + 4])
            ):
                wanted[1.0] = (first, last, True)
                used.add(first)
    return _limits(text, known, wanted, many), used


def _limits(
    text: Text, known: Field, wanted: dict[float, tuple[int, int, bool]], many: tuple[int, int, bool] | None
) -> list[Quantity]:
    out: list[Quantity] = []
    liked = {v: w for v, w in wanted.items() if not w[2]}
    for value, (first, last, off) in wanted.items():
        if off and liked:
            continue
        held = _held(known, value)
        if held is None:
            continue
        out.append(Quantity(known.field, "!=" if off else "=", held, first, last, text.span(first, last)))
    if many is not None and not out:
        one = _held(known, 1.0)
        if one is not None:
            out.append(
                Quantity(known.field, "=" if many[2] else "!=", one, many[0], many[1], text.span(many[0], many[1]))
            )
    return out


def _held(known: Field, value: float) -> Scalar | None:
    if known.number:
        return int(value)
    return known.numeric_values.get(value)


def _value(said: str) -> float | None:
    special = {"single": 1.0, "double": 2.0, "twin": 2.0, "triple": 3.0}
    if said in special:
        return special[said]
    found = numbers(tokenise(said))
    return found[0].value if found else None


def _field(index: Index) -> Field | None:
    for known in index.fields.values():
        bounds = known.bounds()
        small = bounds is not None and bounds[1] <= 60  # a pack, not the 1,000 pieces of a puzzle
        if (
            _PACK & set(known.name)
            and set(known.name) <= _PACK | _OF_A_PACK
            and small
            and (known.kind == "number" or known.numeric_values)
        ):
            return known
    return None
