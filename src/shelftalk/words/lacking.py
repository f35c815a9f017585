"""How it is said that something shall not be in a product at all: "without wool", "free of nuts", "allergic to nickel"."""

from __future__ import annotations

import re

__all__ = ["LACKING", "freed_behind", "lacking", "not_borne"]

# The words right before the thing that shall not be in it.
LACKING = re.compile(
    r"(?:\b|(?=n't))(?:no|without|w/o|free (?:of|from)|zero|minus|lack(?:s|ing)?|(?:de)?void of|(?:allerg|intoleran|sensitiv|react)\w* (?:to|of)|(?:contain|includ)(?:s|ing|e)?|avoid(?:s|ing)?|nothing (?:with|of)|"
    r"(?:anything|everything|all) (?:but|except)(?: for)?|except(?: for)?|excluding|other than|rather than|"
    r"(?:n't|not|never|nothing) (?:be )?(?:made )?(?:out )?(?:of|from|with|have|eat|tolerate|stand)|(?:n't|not|cannot) (?:have|wear|touch|use|eat|drink|tolerate|stand))"
    r"(?: (?:any|a|an|the|of))*(?: [\w'-]+)?(?:,? (?:or|and|nor|no)|,)?[ -]$"
)
_HOLDS = re.compile(
    r"(?:contain|includ)(?:s|ing|e)?(?: (?:any|a|an|the|of))*(?: [\w'-]+)? $"
)  # alone they turn nothing down
_AND = re.compile(r",? and $")  # "without a hood and red" may well be for red
_BEHIND = re.compile(r"(?:[ -]free\b(?! (?:of|from)\b)|[ -](?:allerg\w*|intoleran\w*)\b)")
_NOT_BORNE = re.compile(r"\b(?:allerg|intoleran|sensitiv|react|itch|rash)\w*")


def lacking(low: str, said: str) -> bool:
    """Whether a text in lower case says of the words `said` in it that they shall not be in the product."""
    for match in re.finditer(rf"(?<!\w){re.escape(said)}(?!\w)", low):
        before = low[max(0, match.start() - 90) : match.start()]
        found = LACKING.search(before)
        if freed_behind(low, match.end()) or (found and not _HOLDS.search(before) and not _AND.search(found.group())):
            return True
    return False


def freed_behind(low: str, end: int) -> bool:
    """Whether what follows a word turns it down: "wool-free", "lactose intolerant"."""
    return _BEHIND.match(low, end) is not None


def not_borne(low: str) -> bool:
    """Whether a text in lower case speaks of what somebody does not bear."""
    return _NOT_BORNE.search(low) is not None
