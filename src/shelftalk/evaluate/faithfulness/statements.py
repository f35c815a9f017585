"""An answer, as it was sent, taken apart into statements about its picks, each with what is wrong with it.

A statement is a claim, or a sentence of a reason that no claim stands behind. Such a sentence may only say that the
record is silent about a wish, and the record must be. An answer that was written to a file is read as well as a live one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shelftalk.evaluate.faithfulness.check import Independent, silent
from shelftalk.evaluate.faithfulness.records import AnsweredRequest, CatalogProducts, in_scope
from shelftalk.values import Claim, Constraint, Criterion, Evidence, Intent, Product, Sort

__all__ = ["ReadAnswer", "CheckedStatement", "read"]

_CHECK = Independent()


@dataclass(frozen=True, slots=True)
class CheckedStatement:
    """One thing said about a pick; `fields` are what it cites, `faults` what is wrong with it, empty where nothing is."""

    product_id: str
    text: str
    evidence: tuple[Evidence, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """The fields cited, without the prefix of attributes."""
        return frozenset(e.field.removeprefix("attributes.") for e in self.evidence)


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """An answer read: what was asked (`intent`, `relaxed`), the products picked, their reasons, and every statement."""

    intent: Intent
    relaxed: tuple[Constraint, ...]
    products: tuple[Product, ...]
    reasons: tuple[str, ...]
    statements: tuple[CheckedStatement, ...]

    @property
    def wishes(self) -> tuple[str, ...]:
        """The fields that the request wants something of, limits or sorts by, given-up ones among them, without the category:
        every pick's title speaks of that."""
        named = [c.field for c in self.intent.criteria]
        named += [c.field for c in (*self.intent.constraints, *self.relaxed)]
        named += [self.intent.sort.field] if self.intent.sort else []
        return tuple(dict.fromkeys(f.removeprefix("attributes.") for f in named if f != "categories"))


def read(
    answer: Mapping[str, Any], product: Callable[[str], Product | None], shop: CatalogProducts | None = None
) -> ReadAnswer:
    """The answer (Answer.to_dict(), or the same from JSON) taken apart; `product` looks up a record by its id, of the `shop`'s
    products those that fit are what a standing is among (without it, the picks).

    Statements about a product that the catalogue lacks are false, all of them.
    """
    intent = _intent(answer["intent"])
    relaxed = tuple(map(_constraint, answer.get("relaxed") or ()))
    picks: Sequence[Mapping[str, Any]] = answer.get("picks") or ()
    known = [product(str(pick["product_id"])) for pick in picks]
    shown = tuple(p for p in known if p is not None)
    shop = shop or CatalogProducts()
    among = in_scope(shop.products, intent, relaxed)
    asked = AnsweredRequest(intent, shown, relaxed, str(answer.get("request") or ""), among, shop.features)
    statements: list[CheckedStatement] = []
    for pick, record in zip(picks, known, strict=True):
        statements += _statements(pick, record, asked)
    reasons = tuple(str(pick.get("reason") or "") for pick in picks)
    return ReadAnswer(intent, relaxed, shown, reasons, tuple(statements))


def _statements(pick: Mapping[str, Any], record: Product | None, asked: AnsweredRequest) -> list[CheckedStatement]:
    identity, rest, found = str(pick["product_id"]), str(pick.get("reason") or ""), []
    for row in pick.get("claims") or ():
        claim = _claim(row)
        faults = ["the catalogue has no such product"] if record is None else _CHECK.faults(claim, record, asked)
        if claim.text not in rest:
            faults.append("the claim is not in the reason")
        rest = rest.replace(claim.text, "\n", 1)
        found.append(CheckedStatement(identity, claim.text, claim.evidence, tuple(faults)))
    for sentence in re.split(r"(?<=[.!?])\s+|\n", rest):
        if re.search(r"\w", sentence):
            fault = () if record is not None and silent(sentence, record) else ("no claim stands behind it",)
            found.append(CheckedStatement(identity, sentence.strip(), (), fault))
    return found


# From the wire format back to values -------------------------------------------------------------------------------------


def _intent(row: Mapping[str, Any]) -> Intent:
    sort = row.get("sort")
    return Intent(
        constraints=tuple(map(_constraint, row.get("constraints") or ())),
        sort=Sort(sort["field"], sort["direction"]) if sort else None,
        limit=row.get("limit"),
        preferences=tuple(row.get("preferences") or ()),
        exclude=tuple(row.get("exclude") or ()),
        query=str(row.get("query") or ""),
        shopping=bool(row.get("shopping", True)),
        criteria=tuple(map(Criterion.from_dict, row.get("criteria") or ())),
        unanswered=tuple(row.get("unanswered") or ()),
        kinds=tuple(row.get("kinds") or ()),
    )


def _constraint(row: Mapping[str, Any]) -> Constraint:
    value = row["value"]
    return Constraint(str(row["field"]), row["operator"], tuple(value) if isinstance(value, list) else value)


def _claim(row: Mapping[str, Any]) -> Claim:
    evidence = tuple(Evidence(str(e["field"]), _value(str(e["field"]), e["value"])) for e in row.get("evidence") or ())
    return Claim(str(row["text"]), evidence, row.get("answers"), bool(row.get("verified")), row.get("source", "model"))


def _value(field: str, value: Any) -> Any:
    """The record's kind of value: money is a number, though an answer writes it as text."""
    if isinstance(value, list):
        return tuple(value)
    return Decimal(value) if field in ("price", "list_price") and isinstance(value, str) else value
