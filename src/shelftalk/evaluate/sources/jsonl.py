"""A user's own suite: requests as JSON Lines, judgments as TREC qrels or in the lines themselves, any catalogue or feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.sources.base import Feed, Gains, Loaded, Place, SourceOptions, gain, json_lines, length, qrels
from shelftalk.request import request_from

_KEYS = {
    "id", "request", "history", "candidates", "k", "grades", "gold", "label", "product", "catalog", "columns", "group",
}  # fmt: skip
RESERVED = ("id", "repeat", "group")


class JsonlOptions(SourceOptions):
    """`requests`: the file of requests; `qrels`: TREC judgments, where there are any; `split`: only lines of that split."""

    requests: str
    qrels: str | None = None
    split: str | None = None


def load(options: JsonlOptions, place: Place, gains: Gains, feeds: Mapping[str, Feed]) -> Loaded:
    """The cases of the file. UsageError names file, line and remedy for a wrong key, an id that comes twice, a judgment
    of a request or catalogue that is not there, and a file without a case."""
    file = place.find(options.requests, "the requests")
    graded: dict[str, dict[str, float]] = defaultdict(dict)
    where: dict[tuple[str, str], str] = {}
    lines: dict[str, int] = {}
    if options.qrels is not None:
        judgments = place.find(options.qrels, "the judgments")
        for number, request, product, grade in qrels(judgments):
            if product in graded[request]:
                raise UsageError(
                    f"{judgments}, line {number}: judges product {product!r} for request {request!r} a second time; keep one"
                )
            graded[request][product] = grade
            where.setdefault((request, product), f"{judgments}, line {number}")
            lines.setdefault(request, number)
    cases: dict[str, Case] = {}
    judged: dict[tuple[str, str], str] = {}
    others, twice = set(), ""
    for number, record in json_lines(file):
        at = f"{file}, line {number}"
        if options.split is not None and record.get("split") != options.split:
            others.add(str(record.get("id")))
            continue
        case = _case(record, at, graded, gains, feeds, keep_split="split" in record)
        if record.get("grades") and case.id in graded:
            twice = twice or f"{at}: has 'grades', and line {lines[case.id]} of the qrels judges it, too"
        if case.id in cases:
            raise UsageError(f"{at}: id {case.id!r} stands in an earlier line too; give each request an id of its own")
        cases[case.id] = case
        named = [*(case.grades or ()), *(case.gold or ()), *(case.request.candidates or ())]
        for product in {*named, *([case.product] if case.product else [])}:
            judged.setdefault((case.catalog, product), where.get((case.id, product), at))
    stray = [request for request in lines if request not in cases and request not in others]
    if stray and options.qrels is not None:
        raise UsageError(
            f"{place.find(options.qrels, 'the judgments')}, line {lines[stray[0]]}: judges request {stray[0]!r}, which "
            f"{file} does not hold; take the line out or add the request"
        )
    if twice:
        raise UsageError(f"{twice}; keep the judgments of a request in one place")
    if not cases:
        of = f" of split {options.split!r}" if options.split is not None else ""
        raise UsageError(f"{file}: an empty suite, the file holds no request{of}; write one a line, or mend data.split")
    return Loaded(list(cases.values()), feeds, judged=judged)


def _case(
    record: dict[str, Any],
    at: str,
    graded: Mapping[str, Mapping[str, float]],
    gains: Gains,
    feeds: Mapping[str, Feed],
    keep_split: bool,
) -> Case:
    strange = sorted(set(record) - _KEYS - {"split"})
    if strange:
        raise UsageError(
            f"{at}: unknown key {', '.join(map(repr, strange))}; known: {', '.join(sorted(_KEYS | {'split'}))} (what "
            "figures are to be sliced by stands under 'columns')"
        )
    try:
        request = request_from(record)
    except UsageError as error:
        raise UsageError(f"{at}: {error}") from error
    if not request.id:
        raise UsageError(f"{at}: no 'id'; give each request one of its own")
    catalog = record.get("catalog", "main")
    if catalog not in feeds:
        raise UsageError(f"{at}: catalog {catalog!r} is none of the suite's; there is: {', '.join(feeds)}")
    label, product, columns = record.get("label"), record.get("product"), record.get("columns") or {}
    if label is not None and (not isinstance(label, bool) or not isinstance(product, str)):
        raise UsageError(f"{at}: 'label' must be true or false, with the id of the 'product' asked about")
    if not isinstance(columns, dict) or not all(isinstance(v, (str, int, float, bool)) for v in columns.values()):
        raise UsageError(f"{at}: 'columns' must map names to texts, numbers or true and false")
    taken = [name for name in columns if name in RESERVED or name.startswith("m:")]
    if taken:
        raise UsageError(
            f"{at}: a column cannot be named {taken[0]!r}; a run keeps {', '.join(RESERVED)} and m:METRIC for itself"
        )
    grades, gold = _grades(record, at) or dict(graded.get(request.id, {})), _gold(record, at)
    try:
        gained = {p: gain(g, gains) for p, g in grades.items()}
    except UsageError as error:
        raise UsageError(f"{at}: {error}; add the grade to the suite's 'gains', or mend it") from error
    split = {"split": str(record["split"])} if keep_split else {}
    return Case(
        request.id,
        request,
        catalog=catalog,
        grades=gained if any(g > 0 for g in grades.values()) else None,
        gold=gold,
        label=label,
        product=product,
        columns={"words": length(request.request), "turns": 1 + len(request.history) // 2, **split, **columns},
        group=record.get("group"),
    )


def _grades(record: dict[str, Any], at: str) -> dict[str, float]:
    found = record.get("grades") or {}
    numbers = isinstance(found, dict) and all(
        isinstance(g, (int, float)) and not isinstance(g, bool) and g >= 0 for g in found.values()
    )
    if not numbers:
        raise UsageError(f"{at}: 'grades' must map product ids to numbers of 0 or more")
    return {str(p): float(g) for p, g in found.items()}


def _gold(record: dict[str, Any], at: str) -> frozenset[str] | None:
    found = record.get("gold")
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(p, (str, int)) for p in found):
        raise UsageError(f"{at}: 'gold' must be a list of product ids; an empty list says that nothing fits")
    return frozenset(str(p) for p in found)
