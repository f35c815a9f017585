"""Picks that a later turn turns down by their place: "not the first one", "anything but the second", "I don't like number 2"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shelftalk.understand.reading import Shown
from shelftalk.understand.rules import Text, rejected_after
from shelftalk.understand.turns.shown import ORDINAL, places

_REFUSING = re.compile(
    r"(?:\bi(?:'m| am| do| would|'d|'ve| have)? |\b(?:we|please|just) )?"
    r"(?:\b(?:not|never|without|except(?: for)?|excluding|exclude|skip|drop|remove|forget(?: about)?|ignore|besides|apart from|other than|instead of|leave out|hate|dislike)"
    r"|\b(?:do|did|would|will|could|can)(?:n't| not)|\bdont|\b(?:any|every)(?:thing|one)? but|\ball but|\b(?:already|previously) (?:have|own|got|bought|ordered))"
    r"(?: (?:really|so|very|quite|too|much|even|actually|like|want|need|fancy|love|enjoy|care for|into|keen on|fond of|sure about|convinced (?:by|of)|happy with|a fan of|interested in|show me|give me|recommend|take|go (?:for|with)))*"
    r"\s*$"
)
_AND = re.compile(r"^,? (?:and|or|nor|&)(?: not)? $")
# What may follow a place that stands for a pick; "the first generation" is none.
_ENDS = re.compile(
    r"^(?:\W*$|\s*[^\w\s]|\s+(?:and|or|nor|but|please|thanks?|though|then|because|since|as|for|in|with|it|that|i|you|is|was|looks?|seems?|doesn|either|again|any|anything|something|show|give|what|do|are|the|a|an)\b)"
)
_THESE = re.compile(
    r"^\W*(?:(?:no|ok|okay|well|please)\b\W*)*not (?:any of )?(?:these|those)\b(?: ones?)?(?! (?:brands?|makes?|colou?rs?))"
)
_THIS = re.compile(r"^\W*(?:(?:no|ok|okay|well|please)\b\W*)*(?:not|anything but) (?:that|this)\b(?: one)?(?! \w)")


@dataclass(frozen=True, slots=True)
class Aside:
    """Picks that are wanted no more, and what else the turn says."""

    picks: tuple[Shown, ...] = ()
    rest: str = ""


def set_aside(text: Text, picks: list[Shown]) -> Aside:
    """The picks that the turn turns down, in the order in which it names them, and its words without that; none where it
    turns none down."""
    low, gone, cuts, last = text.low, [], [], None
    for match in ORDINAL.finditer(low):
        lead = _REFUSING.search(low[: match.start()])
        joined = last is not None and _AND.match(low[last : match.start()]) is not None
        refused = lead is not None or joined or rejected_after(text, text.at(match.end()) - 1)
        last = None
        found, end = places(match, low, picks)
        if not refused or not found or not _ENDS.match(low[end:]):
            continue
        last = end
        gone += found
        cuts.append((lead.start() if lead else match.start(), last))
    these, this = _THESE.match(low), _THIS.match(low)
    if not gone and picks and (turned_down := these or this):
        # "not that one" beside several is said of the first, and the answer tells which was left out
        gone, cuts = list(picks) if these else picks[:1], [turned_down.span()]
    return Aside(tuple(dict.fromkeys(gone)), _without(text.text, cuts)) if gone else Aside()


def _without(text: str, cuts: list[tuple[int, int]]) -> str:
    for start, end in reversed(cuts):
        text = f"{text[:start]} {text[end:]}"
    return text.strip(" ,;:.!-")
