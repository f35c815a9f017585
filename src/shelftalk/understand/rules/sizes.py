"""Sizes as labels: "size 42", "EU 42 or 43", "in size L", held against the fields that list the sizes a product comes in."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable

from shelftalk.understand.rules.amounts import ParsedAmount
from shelftalk.understand.rules.compare import FLIP, compared
from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.numbers import Number
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint, Operator, Scalar

_LABEL = r"(?:\d{1,3}(?:[.,]5)?|(?:x{0,3}|[2-6]x)(?:s|l)|m|one size)"
_COMPARISON = r"(?:at least|at most|over|under|above|below|up to|(?:bigger|larger|smaller|more|less|higher|lower|greater) than|min(?:imum)?|max(?:imum)?|from|between)"
_SIZE = re.compile(
    rf"\b(?:(?:(?P<lead>eu|eur|uk|us) )?(?:shoe |clothing |dress |shirt |jacket )?sizes?(?: is| of|:)? (?:(?P<scale>eu|eur|uk|us) ?)?(?:{_COMPARISON} )?(?:(?P<inner>eu|uk|us) ?)?|(?P<alone>eu|uk|us) |\b(?P<whom>(?:women|ladies|men|gents|unisex|kids|children|boys|girls)(?:'?s)?,? )(?=\d\d(?![\d-]| ?(?:years?|yrs?|months?|days?|km|kg|people|players|euros?|dollars?|pieces|[%€$£]))))"
    rf"(?P<first>{_LABEL})(?: ?(?P<behind>eu|uk|us)\b)?(?: ?(?P<joint>or|and|to|-|/|,) ?(?P<second>{_LABEL}))?\b(?! ?(?:inch|cm|mm|gb|l\b|liter|litre|%))"
)
_COMPARED = re.compile(r"\b(?:than|least|most|over|under|above|below|minimum|maximum|up to) $")
_FRACTION = re.compile(r" ?\d*[/⁄½¼¾]")
_SIZED = frozenset(("size",))
_SCALES = frozenset(("eu", "uk", "us"))


def sizes(
    text: Text, index: Index, negative: list[bool], taken: frozenset[int], category: str | None = None
) -> tuple[list[Constraint], set[int], dict[str, str]]:
    """The sizes asked for as constraints on a field that holds such labels, the tokens they were read from, and notes on those
    told on a scale that no field is on.

    Nothing where no such field of the category (or, where none is named, of the catalogue) holds the label.
    """
    out: list[Constraint] = []
    used: set[int] = set()
    notes: dict[str, str] = {}
    for match in _SIZE.finditer(text.low):
        start = match.start("first") if match["whom"] else match.start()
        first, last = text.at(start), text.at(match.end()) - 1
        labels = [match["first"].replace(",", "."), *([match["second"]] if match["second"] else [])]
        scale = next((match[g] for g in ("scale", "lead", "inner", "alone", "behind") if match[g]), None)
        other = _another_scale(index, scale, category)
        if other is not None:
            said = text.text[match.start() : match.end()].strip()
            notes[said] = f"'{said}' is no limit: sizes here are {other} sizes"
            used |= set(range(first, last + 1))
            continue
        bounds = _span_of(text, match)
        if bounds is not None and not taken & set(range(first, last + 1)):
            limits = _within(index, bounds, labels, scale, category, negative[first])
            if limits is not None:
                out.append(Constraint(limits[0].field, "in", limits[1], text.text[bounds[2] : match.end()].strip()))
                used |= set(range(first, last + 1))
                continue
        found = _holding(index, labels, scale, category)
        if found is None and match["whom"] is None and (known := _sold_in_others(index, labels, category)) is not None:
            found = known, list(labels)
        if found is None or any(text.at(match.start("first")) == i for i in taken) or match.start("first") < 0:
            continue
        known, values = found
        if known.kind == "number" and (
            _COMPARED.search(text.low[: match.start()]) or _FRACTION.match(text.low[match.end() :])
        ):
            continue
        off = negative[text.at(match.start("first"))]
        span = text.text[start : match.end()].strip()
        used |= set(range(first, last + 1))
        if len(values) == 1:
            out.append(Constraint(known.field, "!=" if off else "=", values[0], span))
        else:
            out.append(Constraint(known.field, "not in" if off else "in", tuple(values), span))
    if category is not None and not used:
        alone = _beside_its_kind(text, index, negative, taken, category)
        out, used = (out, used) if alone is None else ([alone[0]], alone[1])
    return out, used, notes


_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operators.lt, "<=": operators.le, ">": operators.gt, ">=": operators.ge,
}  # fmt: skip
_OR_UP = re.compile(r"(?:\s?\+| (?:or|and|&) (?:up|upwards?|above|over|larger|bigger|more|higher|wider))(?!\w)")
_OR_DOWN = re.compile(r" (?:or|and|&) (?:down|downwards?|below|under|smaller|less|lower)\b")
_BETWEEN = re.compile(r"\b(?:between|from) (?:(?:eu|uk|us) )?$")


def _span_of(text: Text, match: re.Match[str]) -> tuple[str, bool, int] | None:
    """How sizes are compared ("bigger than size 42", "size 42 or up"): the operator, whether from the first to the second, and where
    its words begin; None where they are only named."""
    first = text.at(match.start("first"))
    opened = any(_BETWEEN.search(text.low[:at]) for at in (match.start(), match.start("first")))
    if match["second"] and (match["joint"] in ("to", "-") or opened):
        return ">=", True, match.start()
    if match["second"]:
        return None
    amount = ParsedAmount(Number(0.0, first, first, True), first)
    for at in (text.at(match.start()), first):
        operator, begins = compared(text, amount, at)
        if operator in _HOLDS:
            return operator, False, min(begins, match.start())
    if _OR_UP.match(text.low, match.end()):
        return ">=", False, match.start()
    return ("<=", False, match.start()) if _OR_DOWN.match(text.low, match.end()) else None


def _within(
    index: Index, span: tuple[str, bool, int], labels: list[str], scale: str | None, category: str | None, denied: bool
) -> tuple[Field, tuple[Scalar, ...]] | None:
    """The field that lists sizes as numbers, and those of its sizes that the comparison holds for; None where a field holds one number
    a product, which is compared as any other, or where no size is so."""
    if not all(re.fullmatch(r"[\d.]+", label) for label in labels):
        return None
    ends = sorted(float(label) for label in labels)
    operator = FLIP[span[0]] if denied and not span[1] else span[0]
    best: tuple[int, Field, tuple[Scalar, ...]] | None = None
    for known in index.fields.values():
        if not _SIZED & set(known.name) or known.kind not in ("list", "text") or not known.carried(category):
            continue
        held = {
            v: float(str(v).strip()) for v, _ in known.facet.values if re.fullmatch(r"\s*\d{1,3}(?:\.\d)?\s*", str(v))
        }
        fit = [v for v, n in held.items() if _HOLDS[operator](n, ends[0]) and (not span[1] or n <= ends[-1])]
        if not fit or not min(held.values()) - 1 <= ends[0] <= max(held.values()) + 1:
            continue
        rank = (2 if scale and scale[:2] in known.name else 0) + (known.facet.count > 0)
        if best is None or rank > best[0]:
            best = rank, known, tuple(sorted(fit, key=lambda v: held[v]))
    return (best[1], best[2]) if best else None


def _beside_its_kind(
    text: Text, index: Index, negative: list[bool], taken: frozenset[int], category: str
) -> tuple[Constraint, set[int]] | None:
    """The size that bare numbers right behind the name of the kind are, with their tokens: "running shoe 10.5", "boots 41 or 42", "boots in
    a 43"."""
    for i, token in enumerate(text.tokens[1:], 1):
        if not token.numeric or i in taken or token.gap not in (" ", ", "):
            continue
        lead = _IN_A.sub("", text.low[: token.start])
        if not lead.strip() or text.tokens[text.at(len(lead) + 1) - 1].stem not in index.nouns:
            continue
        if (match := _ALONE.match(text.low[token.start :])) is None:
            continue
        labels = [label for label in match.groups() if label]
        if (found := _holding(index, labels, None, category)) is None:
            continue
        operator: Operator = ("not in" if negative[i] else "in") if len(labels) > 1 else "!=" if negative[i] else "="
        value = tuple(found[1]) if len(labels) > 1 else found[1][0]
        last = i + 2 * (len(labels) - 1)
        return Constraint(found[0].field, operator, value, text.span(i, last)), set(range(i, last + 1))
    return None


_IN_A = re.compile(r"(?: in(?: an?)?)?,? $")
# Numbers with nothing behind them that they may count or measure.
_ALONE = re.compile(
    r"(\d{1,2}(?:\.5)?)(?: or (\d{1,2}(?:\.5)?))?(?=\W*$|[,;!?] |\. | (?:and|but|in|with|wide|narrow|regular|for|under|below|less|max|at|please|not|no)\b)"
)


def _another_scale(index: Index, scale: str | None, category: str | None) -> str | None:
    """The scale of the sizes here where it is another than the one named."""
    held = [k for k in index.fields.values() if _SIZED & set(k.name) and k.carried(category) and k.within]
    scales = [_SCALES & set(k.name) for k in held]
    if category is None or scale is None or not held or any(not s or scale[:2] in s for s in scales):
        return None
    return " or ".join(sorted(s.upper() for s in scales[0]))


def _numbers(known: Field, labels: list[str]) -> list[Scalar]:
    """The labels as numbers of a field that holds sizes without a unit, within what it holds."""
    bounds = known.bounds()
    if known.kind != "number" or known.unit is not None or bounds is None:
        return []
    found = [float(label) for label in labels if re.fullmatch(r"\d+(?:\.\d+)?", label)]
    return [int(v) if v.is_integer() else v for v in found if bounds[0] <= v <= bounds[1]]


def _sold_in_others(index: Index, labels: list[str], category: str | None) -> Field | None:
    """The field of sizes in numbers of the category that has not all of these, though they are near to its own: "size 52" where sizes
    end at 48. A number far off is of another scale."""
    wanted = [float(label) for label in labels if re.fullmatch(r"\d+(?:\.\d+)?", label)]
    for known in index.fields.values():
        if category is None or not _SIZED & set(known.name) or not known.within or not known.carried(category):
            continue
        if known.kind not in ("list", "text"):
            continue
        held = [str(v).strip().replace(",", ".") for v, _ in known.facet.values]
        if len(wanted) < len(labels) or not held or not all(re.fullmatch(r"\d+(?:\.\d+)?", v) for v in held):
            continue
        low, high = min(map(float, held)), max(map(float, held))
        if all(_NEAR * low <= v <= high / _NEAR for v in wanted):
            return known
    return None


_NEAR = 0.7


def _holding(
    index: Index, labels: list[str], scale: str | None, category: str | None
) -> tuple[Field, list[Scalar]] | None:
    """The field of sizes that holds all the labels, one on the scale named (EU) if there is one, with its own spelling."""
    best: tuple[int, Field, list[Scalar]] | None = None
    for known in index.fields.values():
        if not _SIZED & set(known.name) or not known.carried(category):
            continue
        if known.kind in ("list", "text"):
            held = {str(v).strip().lower(): v for v, _ in known.facet.values}
            values = [held[label] for label in labels if label in held]
        else:
            values = _numbers(known, labels)
        if len(values) < len(labels):
            continue
        fits = (2 if scale and scale[:2] in known.name else 0) + (known.facet.count > 0)
        if best is None or fits > best[0]:
            best = (fits, known, values)
    return (best[1], best[2]) if best else None
