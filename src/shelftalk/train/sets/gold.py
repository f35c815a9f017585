"""Gold intents: ProductQA's SQL and the demo's JSON, in the catalogue's own fields and values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shelftalk.understand.rules import Field
from shelftalk.values import Constraint, Intent, Operator, Request, Scalar, Sort

if TYPE_CHECKING:
    from shelftalk.train.sets.shop import Shop

_SQL = re.compile(
    r"SELECT\s+\w+\s+FROM\s+[`\w]+\s*(?:WHERE\s+(?P<where>.*?))?"
    r"(?:\s*ORDER BY\s+`?(?P<by>[^`]+?)`?\s+(?P<way>ASC|DESC))?\s*(?:LIMIT\s+\d+)?\s*;?\s*\Z",
    re.DOTALL,
)
_AVERAGE = re.compile(r"\(\s*SELECT\s+AVG\(\s*`?([^`)]+?)`?\s*\)\s+FROM\s+[`\w]+\s*\)")
_TERM = re.compile(
    r"(?P<not>NOT\s+)?`?(?P<field>[^`=<>!]+?)`?\s*(?P<op><=|>=|!=|<>|=|<|>|NOT IN|IN)\s*(?P<value>\([^()]*\)|\"[^\"]*\"|'[^']*'|[-\d.]+|\x00)"
    r"\s*(?:AND\s+|\Z)"
)
_STRING = re.compile(r"\"([^\"]*)\"|'([^']*)'|(-?\d+(?:\.\d+)?)")
_NEGATED: dict[str, Operator] = {"=": "!=", "in": "not in", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def gold_intent(sql: str, shop: Shop, request: Request) -> Intent | None:
    """The intent that a ProductQA query stands for, None where it cannot be said in the shop's fields and values.

    "Less than the average" takes the number that the rule-based parser gives it, since the query names none.
    """
    match = _SQL.match(sql.strip())
    if match is None:
        return None
    where, at = _AVERAGE.sub("\x00", match["where"] or ""), 0
    fields = shop.understander.rules.index.fields
    constraints: list[Constraint] = []
    while at < len(where):
        term = _TERM.match(where, at)
        if term is None or term["field"].strip() not in fields:
            return None
        at = term.end()
        known = fields[term["field"].strip()]
        if term["value"] == "\x00":
            constraint = _averaged(known, term["op"], shop, request)
        else:
            constraint = _constraint(known, bool(term["not"]), term["op"], term["value"])
        if constraint is None:
            return None
        constraints.append(constraint)
    sort = None
    if match["by"]:
        ordered = fields.get(match["by"])
        if ordered is None or not ordered.number:
            return None
        sort = Sort(ordered.field, "asc" if match["way"] == "ASC" else "desc")
    return Intent(tuple(constraints), sort, query=request.request)


def _averaged(known: Field, operator: str, shop: Shop, request: Request) -> Constraint | None:
    for read in shop.read(request).constraints:
        if read.field == known.field and read.operator[0] == operator[0]:
            return read
    return None


def _constraint(known: Field, negated: bool, sql: str, text: str) -> Constraint | None:
    operator: Any = {"<>": "!="}.get(sql, sql.lower())
    if negated:
        operator = _NEGATED[operator]
    values: list[Scalar] = []
    for quoted, single, bare in _STRING.findall(text):
        value = _value(known, quoted or single or bare)
        if value is None:
            return None
        values.append(value)
    if not values:
        return None
    if len(values) == 1:
        return Constraint(known.field, {"in": "=", "not in": "!="}.get(operator, operator), values[0])
    return Constraint(known.field, operator, tuple(values)) if operator in ("in", "not in") else None


def _value(known: Field, text: str) -> Scalar | None:
    """The value as the facet spells it; None where the catalogue does not hold it."""
    if known.number:
        try:
            number = float(text)
        except ValueError:
            return None
        return int(number) if number.is_integer() else number
    held = {str(v).lower(): v for v, _ in known.facet.values}
    return held.get(text.lower())


def intent_of(data: Mapping[str, Any]) -> Intent:
    """The intent that a demo request carries."""
    constraints = tuple(
        Constraint(c["field"], c["operator"], tuple(c["value"]) if isinstance(c["value"], list) else c["value"])
        for c in data["constraints"]
    )
    sort = Sort(data["sort"]["field"], data["sort"]["direction"]) if data.get("sort") else None
    return Intent(
        constraints,
        sort,
        data.get("limit"),
        exclude=tuple(data.get("exclude", ())),
        shopping=data.get("shopping", True),
    )
