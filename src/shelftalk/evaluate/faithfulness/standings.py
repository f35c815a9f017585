"""Superlatives and comparisons of a claim, held against where the cited values stand among what fits.

"Second lightest of the 16", "nothing here costs less", "only two are longer", "cheaper than most". Standard library alone.
"""

from __future__ import annotations

import re

from shelftalk.evaluate.faithfulness.language import DENIALS, NUMBER_WORDS, ORDINALS, end_of, goes_with
from shelftalk.evaluate.faithfulness.records import AnsweredRequest, Cited

__all__ = ["comparisons", "ends", "ordinal"]


def ends(said: str, facts: list[Cited], asked: AnsweredRequest) -> list[str]:
    """Superlatives, with the place before them: "lightest", "second longest", "3rd most expensive"."""
    tokens = re.findall(r"\d+(?:st|nd|rd|th)|[a-z]+(?:'[a-z]+)?", said.lower().replace("-", " "))
    found = []
    for i, word in enumerate(tokens):
        end = end_of(word) if word.endswith(("est", "most", "least")) else None
        if end is None or _no_end(tokens, i):
            continue
        if word in ("most", "least"):
            base = next((e for t in tokens[i + 1 : i + 2] if (e := end_of(f"{t}est"))), None)
            if base is not None:
                end = (base[0] if word == "most" else {"low": "high", "high": "low"}.get(base[0], ""), base[1])
        place = ordinal(tokens[i - 1]) if i else None
        among = re.search(r"\bamong (?:the |its )?(?:(\w+) )?$", " ".join([*tokens[:i], ""]))
        if among:
            if not _near(end, _count(among[1] or ""), facts):
                found.append(f"is not among the {word}")
            continue
        if tokens[max(0, i - 2) : i] in (["next", "to"], ["next", "the"]):
            place = 2
        denied = place is None and _denied(tokens[:i])
        holds = _stands(end, place or 1, facts, asked, " ".join(tokens[i:]))
        if holds is not None and holds == denied:
            found.append(f"not {'the ' if place is None else ''}{word}" if denied else f"is not {place or ''} {word}")
    return found


def _denied(before: list[str]) -> bool:
    """Whether the words before a superlative deny it: "is not the", "isn't even its"."""
    while before and before[-1] in ("the", "its", "quite", "even", "really", "a", "one", "of", "among"):
        before = before[:-1]
    return bool(before) and before[-1] in DENIALS and before[-2:] != ["nothing", "but"]


def _near(end: tuple[str, str], count: int | None, facts: list[Cited]) -> bool:
    """Whether a cited number is among the first so many ("among the five cheapest"), or, unsaid, in the first third."""
    mine = [f for f in facts if f.number is not None]
    for f in [f for f in mine if goes_with(end[1], f.name)] or mine:
        places = f.places()
        if any(places[e] <= (count or max(3, places["of"] / 3)) for e in ((end[0],) if end[0] else ("low", "high"))):
            return True
    return not mine


def _no_end(tokens: list[str], i: int) -> bool:
    """Whether "most" or "least" says no place here: "at least", "most of the others", "than most"."""
    if tokens[i] not in ("most", "least"):
        return False
    before = tokens[i - 1] if i else ""
    if before in ("at", "than", "for", "as", "not", "what", "like") or tokens[i + 1 : i + 2] in (["people"], ["of"]):
        return before != "the" and ordinal(before) is None
    return before != "the" and ordinal(before) is None and not end_of(f"{(tokens[i + 1 : i + 2] or [''])[0]}est")


def ordinal(word: str) -> int | None:
    figure = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", word)
    return int(figure[1]) if figure else ORDINALS.get(word)


def _stands(end: tuple[str, str], place: int, facts: list[Cited], asked: AnsweredRequest, rest: str) -> bool | None:
    """Whether a cited number has that place; None where no number is cited."""
    mine = [f for f in facts if f.number is not None]
    if not mine:
        return None
    right = [f for f in mine if goes_with(end[1], f.name)]
    if end[1] == "price" and not right:
        return False
    scopes = (
        [None, asked.products]
        if re.search(r"\b(?:picks|shown|listed)\b|of (?:the|these) (?:two|three|four)\b", rest)
        else [None]
    )
    ends = (end[0],) if end[0] else ("low", "high")
    return any(f.places(scope)[e] == place for f in right or mine for scope in scopes for e in ends)


_BETTER = re.compile(
    r"\b(?P<how>more|less|fewer|dearer|[a-z]{3,}er)(?: (?P<much>expensive|costly))?(?:[a-z ,]{0,24}?) than (?P<whom>any|all|most|every|half|the (?:others?|rest|other \w+)|others|\w+ of (?:the )?\w+)"
)
_NONE = re.compile(
    r"\b(?P<who>nothing|none|no (?:other|one|model|\w+)|only (?:one|two|three|four|five|\d+)|just (?:one|two|three|four|five|\d+)|(?:one|two|three|four|five|\d+) (?:of|out of|are|is|cost|weigh))\b"
    r"(?P<between>[a-z0-9 ,'-]{0,40}?)\b(?P<how>more|less|fewer|dearer|[a-z]{3,}er)\b(?! than (?:most|any|all|every|half|the|others|\w+ of))"
)


def comparisons(said: str, facts: list[Cited]) -> list[str]:
    """ "Lighter than most", "nothing among the 16 costs less", "only two are longer": held against the standing."""
    low, found = said.lower(), []
    for m in _BETTER.finditer(low):
        if (end := _side(m["how"], m["much"] or "")) and (worse := _worse(end, facts)):
            whom = m["whom"]
            if whom.startswith(("any", "all", "every", "the ", "others")):
                true = any(above == 0 and ties == 0 for above, ties, _, _ in worse)
            elif whom.startswith(("most", "half")):
                true = any(beaten >= others / 2 for _, _, beaten, others in worse)
            else:
                n = _count(whom.split()[0])
                true = n is None or any(n == beaten for _, _, beaten, _ in worse)
            if not true:
                found.append(f"is not {m['how']} than {whom}")
    for m in _NONE.finditer(low):
        if re.search(r"than|\bthe $", m["between"]) or re.match(r" \w+ly\b", low[m.end() :]):
            continue
        if not (end := _side(m["how"], "")) or not (worse := _worse(end, facts)):
            continue
        if m["how"] in ("more", "less", "fewer") and not re.search(
            r"\b(?:costs?|weighs?) $", m["between"]
        ):  # "nothing leaves you more room": of which field is not said
            worse += _worse(("high" if end[0] == "low" else "low", ""), facts)
        none = m["who"].startswith(("no", "none")) or low[: m.start()].endswith("not ")
        n = 0 if none else _count(re.sub(r"^(?:only|just) ", "", m["who"]).split()[0])
        if n is not None and not any(above == n for above, _, _, _ in worse):
            found.append(f"{m['who']} {m['how']}: it is not so")
    return found


def _count(word: str) -> int | None:
    if word.isdigit():
        return int(word)
    value = NUMBER_WORDS.get(word)
    return int(value) if value is not None and value >= 1 else None


def _side(how: str, much: str) -> tuple[str, str] | None:
    if much:
        return ("low" if how in ("less", "fewer") else "high", "price")
    end = end_of(how)
    return end if end and end[0] else None


def _worse(end: tuple[str, str], facts: list[Cited]) -> list[tuple[int, int, int, int]]:
    """For each cited number that the word can be said of: how many go further that way, tie, are beaten, and are there."""
    mine = [f for f in facts if f.number is not None]
    out = []
    for f in [f for f in mine if goes_with(end[1], f.name)] or mine:
        places = f.places()
        further, beaten = places[end[0]] - 1, places["high" if end[0] == "low" else "low"] - 1
        out.append((further, places["of"] - further - beaten - 1, beaten, max(0, places["of"] - 1)))
    return out
