"""What the words around an amount of another language say of it: under, at most, over, at least, around; and that nothing can be told.

A denied comparator is turned round: "nicht schwerer als 1 kg" is at most 1 kg, "no menos de 2" at least 2. Where a denial stands near a
comparator and it cannot be told whether it is meant for it, or where something compares in words that are not known, there is no limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["DENIED", "UNCLEAR", "Comparators", "Compared", "any_of"]

UNCLEAR = "?"
DENIED = {"gt": "le", "lt": "ge"}
# Of the words before an amount so many may hold what compares or denies, and so many may stand between a denial and its comparator.
_NEAR, _BETWEEN = 4, 2
_WORD = re.compile(r"[^\W\d_]+")
_CLAUSE = re.compile(r"[.,;:!?，。；、،؛]")
# Longer texts before an amount say no more of it.
_LEAD = 160


@dataclass(frozen=True, slots=True)
class Compared:
    """The operator ("" for none, UNCLEAR where it cannot be told), with where its words begin before the amount and end behind it,
    counted in the text before and the text behind."""

    operator: str
    start: int
    end: int


class Comparators:
    """One language's comparators: `before` and `after` are the phrases of languages.yaml by operator, `found` its words of compare.yaml."""

    def __init__(
        self,
        before: Mapping[str, Sequence[str]],
        after: Mapping[str, Sequence[str]],
        found: Mapping[str, Any],
        spaced: bool,
    ) -> None:
        self._spaced = spaced
        start, end = (r"(?<!\w)", r"(?!\w)") if spaced else ("", "")
        words = {key: any_of(found.get(key) or []) for key in ("not", "not_after", "than", "after_than", "between")}
        verbs = any_of(found.get("verbs") or [])
        self._gap = rf"(?:\s+(?:{verbs})\w*)" if verbs else r"(?:(?!))"
        forms = {"gt": _forms(found, "up", ("more", "big"), ("less", "small"), "more")}
        forms["lt"] = _forms(found, "down", ("less", "big"), ("more", "small"), "less")
        self._before: dict[str, re.Pattern[str]] = {}
        self._after: dict[str, re.Pattern[str]] = {}
        than = rf"\s*(?:{words['than']})" if found.get("than") else ""
        for op in before:
            phrases = [rf"(?:{any_of(before[op])})"] if before[op] else []
            if found.get("than") and op in forms and forms[op]:
                phrases.append(rf"(?:{forms[op]}){self._gap}{{0,3}}(?:(?<!\w)|(?!\w)){than}")
            if phrases:
                self._before[op] = re.compile(rf"{start}(?:{'|'.join(phrases)}){end if spaced else ''}[\s:]*$")
        for op in after:
            phrases = [rf"(?:{any_of(after[op])}){end}"] if after[op] else []
            if words["after_than"] and op in forms:
                between = rf"(?:{words['between']})?\s*" if words["between"] else ""
                phrases.append(rf"(?:{words['after_than']})\s*{between}(?:{forms[op]})")
            if phrases:
                self._after[op] = re.compile(rf"\s?['’]?(?:{'|'.join(phrases)})")
        self._not = re.compile(rf"{start}(?:{words['not']}){end}{self._gap}{{0,5}}\s*$") if words["not"] else None
        self._denial = re.compile(rf"{start}(?:{words['not']}){end}") if words["not"] else None
        self._not_after = re.compile(rf"\s*(?:{words['not_after']})") if words["not_after"] else None
        compares = [f for f in (forms["gt"], forms["lt"]) if f and found.get("than")]
        self._compares = re.compile(rf"{start}(?:{'|'.join(compares)}){end}") if compares and spaced else None
        self._unread = re.compile(rf"['’]?(?:{any_of(found['unread'])})") if found.get("unread") else None
        self._than = None
        if spaced and (alone := [t for t in found.get("than") or () if t in _TELLING]):
            self._than = re.compile(rf"(?<!\w)(?:{any_of(alone)})\s*$")

    def of(self, lead: str, tail: str, named: Callable[[str], bool]) -> Compared:
        """What the text before an amount and the text behind it say; `named` tells whether a word is the catalogue's own name of something,
        which a denial before it means."""
        cut = max(0, len(lead) - _LEAD)
        behind = self.behind(tail)
        best = self._leading(lead[cut:])
        if best is not None:
            operator, at = best
            start, turned = self._denied(lead[cut : cut + at], operator, named)
            return Compared(turned, cut + (at if start is None else start), behind.end if behind.operator else 0)
        if behind.operator:
            return Compared(behind.operator, len(lead), behind.end)
        return Compared(UNCLEAR if self._hinted(lead[cut:], tail) else "", len(lead), 0)

    def behind(self, tail: str) -> Compared:
        """What the text behind an amount says of it."""
        found = [(m.end(), op) for op, pattern in self._after.items() if (m := pattern.match(tail))]
        if not found:
            return Compared("", 0, 0)
        end, operator = max(found)
        denial = self._not_after.match(tail, end) if self._not_after is not None else None
        if denial is not None and operator in DENIED:
            return Compared(DENIED[operator], 0, denial.end())
        return Compared(operator, 0, end)

    def _leading(self, lead: str) -> tuple[str, int] | None:
        """The operator right before the amount and where its words begin; the longest of several."""
        found = [(m.start(), n, op) for n, (op, p) in enumerate(self._before.items()) if (m := p.search(lead))]
        if not found:
            return None
        at, _, operator = min(found)
        return operator, at

    def _denied(self, lead: str, operator: str, named: Callable[[str], bool]) -> tuple[int | None, str]:
        """The operator as what stands before it leaves it, and where its denial begins."""
        if operator not in DENIED or self._not is None or self._denial is None:
            return None, operator
        if match := self._not.search(lead):
            return match.start(), DENIED[operator]
        clause = _CLAUSE.split(lead)[-1]
        denials = list(self._denial.finditer(clause))
        if not denials or operator != "gt":
            return None, operator
        between = _WORD.findall(clause[denials[-1].end() :])
        doubtful = len(between) <= _BETWEEN and not any(map(named, between))
        return None, UNCLEAR if doubtful else operator

    def _hinted(self, lead: str, tail: str) -> bool:
        """Whether something near an amount compares or denies, though no operator was read."""
        if self._than is not None and self._than.search(lead):
            return True
        if any(p is not None and p.match(tail) for p in (self._unread, self._not_after if self._spaced else None)):
            return True
        words = list(_WORD.finditer(_CLAUSE.split(lead)[-1]))[-_NEAR:]
        near = _CLAUSE.split(lead)[-1][words[0].start() :] if words else ""
        return any(p is not None and p.search(near) for p in (self._denial, self._compares) if self._spaced or near)


# Of the words for "than" those that stand before no other amount.
_TELLING = frozenset(["als", "que", "che", "dan", "niż", "чем"])


def _forms(found: Mapping[str, Any], single: str, first: tuple[str, str], second: tuple[str, str], alone: str) -> str:
    """The comparatives of one direction as alternatives: single words, and those of two words."""
    out = [any_of(found[single])] if found.get(single) else []
    for lead, adjectives in (first, second):
        if found.get(lead) and found.get(adjectives):
            out.append(rf"(?:{any_of(found[lead])})\s+(?:{any_of(found[adjectives])})")
    if found.get(alone):
        out.append(any_of(found[alone]))
    return "|".join(out)


def any_of(phrases: Iterable[str]) -> str:
    """The phrases as alternatives of a pattern, the longest first."""
    return "|".join(re.escape(p) for p in sorted(phrases, key=len, reverse=True))
