"""Cold start: requests whose best answers are new to the shop, against the same measure for items known for long.

A hash of the product id decides what is new, so that anything fitted or tuned can leave out the same items without a
list: no judgment of theirs in tuning (`without_new`), no interaction of theirs, no example in training. A request whose
positive products are all new is cold, one whose are all known is not. One with both becomes two cases: each keeps the
positives of its side, and those of the other side have no judgment at all, so that with `unjudged: removed` they
neither help nor stand in the way (the residual collection of relevance feedback: Chang, Cirillo and Razon 1971). Every
other product of the catalogue is judged 0, so that only the other side's are removed. Metrics of gold sets (the first
pick, the exact set) know no such removal and apply to the undivided requests alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field

from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.perturb import options
from shelftalk.evaluate.perturb.draw import fraction
from shelftalk.values import Product

__all__ = ["SALT", "SHARE", "ColdStartOptions", "held_out", "perturb", "without_new"]

SHARE, SALT = 0.3, "shelftalk-new-1"


class ColdStartOptions(options.PerturbOptions):
    """`share` of the products held out as new, and the `salt` of the hash that chooses them."""

    share: float = Field(SHARE, gt=0, lt=1)
    salt: str = SALT


def held_out(ids: Iterable[str], share: float = SHARE, salt: str = SALT) -> frozenset[str]:
    """Those of the ids that count as new: a fixed share, chosen by a hash of salt and id."""
    return frozenset(i for i in ids if fraction(salt, i) < share)


def without_new(cases: Iterable[Case], share: float = SHARE, salt: str = SALT) -> list[Case]:
    """The cases as a tuning may see them: no judgment of a new item, and no case whose gold set holds one."""
    kept = []
    for case in cases:
        if case.gold and held_out(case.gold, share, salt):
            continue
        new = held_out(case.grades or (), share, salt)
        grades = {p: g for p, g in case.grades.items() if p not in new} if case.grades is not None else None
        if grades is None or any(g > 0 for g in grades.values()):
            kept.append(replace(case, grades=grades))
    return kept


def perturb(
    cases: Sequence[Case], spec: Mapping[str, Any], seed: int, products: Mapping[str, Sequence[Product]]
) -> list[Case]:
    """The cases with the column `cold`, split in two where both new and known products are right. The seed plays no part.

    Cases without a positive product are left out, and so are those with no judgment but a gold set of both kinds.
    """
    wanted = ColdStartOptions.read(spec)
    every = {key: dict.fromkeys((p.id for p in found), 0.0) for key, found in products.items()}
    made: list[Case] = []
    for case in cases:
        right = {p for p, g in case.grades.items() if g > 0} if case.grades else set(case.gold or ())
        new = held_out(right, wanted.share, wanted.salt)
        if not right:
            continue
        if case.grades:
            case = replace(case, grades={**every.get(case.catalog, {}), **case.grades})  # noqa: PLW2901
        if len(new) in (0, len(right)):
            made.append(_told(case, bool(new)))
        elif case.grades:
            made += [_side(case, frozenset(right - new) if cold else new, cold) for cold in (True, False)]
    return made


def _told(case: Case, cold: bool) -> Case:
    return replace(case, columns={**case.columns, "cold": cold}, meta={**case.meta, "cold": cold})


def _side(case: Case, other: frozenset[str], cold: bool) -> Case:
    """The case without the right products of the other side. It has no gold set: the first pick may well be theirs."""
    name = f"{case.id}~{'new' if cold else 'known'}"
    side = replace(
        case,
        id=name,
        request=replace(case.request, id=name),
        grades={p: g for p, g in (case.grades or {}).items() if p not in other},
        gold=None,
        group=case.id,
        meta={**case.meta, "left_out": tuple(sorted(other))},
    )
    return _told(side, cold)
