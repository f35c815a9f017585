"""The language model's way: a prompt with the facets that matter, JSON under a grammar made from them, checked afterwards.

What the model may write is bounded by the grammar: fields and listed values of the facets, numbers of the request. What
it wrote is then held against the request and what the rules found; what was dropped or overruled is said in notes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from shelftalk.engines.base import Decoding, Engine
from shelftalk.prompts.library import Template
from shelftalk.understand.reading import Reading
from shelftalk.understand.rules import Field, Index, amounts_in, named, stems, tokenise
from shelftalk.values import Constraint, Direction, Intent, Operator, Prompt, Request, Scalar, Sort, Tokens, plain

logger = logging.getLogger(__name__)

LISTED_FIELDS = 14
LISTED_VALUES = 12
FIELD_TOKENS = 420
LONGEST_TEXT = 60
MAX_TOKENS = 220
_CORE = ("categories", "brand", "price", "rating", "released_at")
_NUMERIC: tuple[Operator, ...] = ("<", "<=", ">", ">=", "=", "!=")


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote, parsed: constraints and sort that the facets allow, and notes on what was not usable."""

    constraints: tuple[Constraint, ...] = ()
    sort: Sort | None = None
    limit: int | None = None
    usable: bool = True
    notes: tuple[str, ...] = ()
    tokens: Tokens = Tokens()


class IntentParser:
    """Asks a language model for intents. Prompt, schema and target are public, so that training uses the very same."""

    def __init__(self, index: Index, engine: Engine, template: Template) -> None:
        self.index = index
        self.engine = engine
        self.template = template

    def ask(self, batch: Sequence[tuple[Request, Reading | None, Reading]]) -> list[Written]:
        """What the model makes of each (request, reading of the turns before it, reading of it), in one batch."""
        if not batch:
            return []
        prompts, decodings = [], []
        for request, before, reading in batch:
            fields = relevant(self.index, request.request, reading)
            prompts.append(prompt(self.template, self.index, fields, request.request, before, reading, self.engine))
            decodings.append(Decoding(max_tokens=MAX_TOKENS, schema=schema(fields, request.request, reading, before)))
        out = []
        for (request, before, reading), generation in zip(batch, self.engine.generate(prompts, decodings), strict=True):
            written = parse(generation.text, self.index)
            said = " ".join([request.request, *(c.span for c in (before.intent.constraints if before else ()))])
            checked, notes = [], list(written.notes)
            for constraint in written.constraints:
                backed = supported(constraint, said)
                if (
                    not backed.span
                    and _is_number(constraint)
                    and not (_known(constraint, before) or _known(constraint, reading))
                ):
                    notes.append(f"the model's {_words(constraint)} was left out: the request names no such number")
                else:
                    checked.append(backed)
            out.append(replace(written, constraints=tuple(checked), notes=tuple(notes), tokens=generation.tokens))
        return out

    def alone(self, reading: Reading, written: Written) -> tuple[Intent, tuple[str, ...]]:
        """The model's intent; the rule-based parser still gives search text, wishes and exclusions, and everything where the model's
        output cannot be used."""
        if not written.usable:
            return reading.intent, (*written.notes, "what the rules read was used")
        intent = replace(
            reading.intent,
            constraints=written.constraints,
            sort=written.sort,
            limit=written.limit or reading.intent.limit,
        )
        return intent, written.notes

    def added(self, reading: Reading, written: Written) -> tuple[Intent, tuple[str, ...]]:
        """For a request in another language, whose words are not the catalogue's: what the rules found stands, and the model adds what they
        have nothing on, each with a note."""
        if not written.usable:
            return reading.intent, (*written.notes, "what the rules read was used")
        held = {c.field for c in reading.intent.constraints}
        more = tuple(c for c in written.constraints if c.field not in held)
        intent = replace(
            reading.intent,
            constraints=(*reading.intent.constraints, *more),
            sort=reading.intent.sort or written.sort,
            limit=reading.intent.limit or written.limit,
        )
        return intent, (*written.notes, *(f"read by the model: {_words(c)}" for c in more))

    def join(self, reading: Reading, written: Written) -> tuple[Intent, tuple[str, ...]]:
        """Both together: what the rules found stand; the model adds what the rule-based parser has nothing on and the request supports."""
        if not written.usable:
            return reading.intent, (*written.notes, "what the rules read was used")
        notes = list(written.notes)
        constraints = list(reading.intent.constraints)
        held = {c.field for c in constraints}
        for constraint in written.constraints:
            mine = [c for c in constraints if c.field == constraint.field]
            if mine:
                if constraint not in mine:
                    notes.append(
                        f"model and rules disagree on {constraint.field}: the rules' is used ({_words(mine[0])}, not {_words(constraint)})"
                    )
            elif constraint.field not in held:
                if constraint.span:
                    constraints.append(constraint)
                    notes.append(f"added by the model: {_words(constraint)}")
                else:
                    notes.append(f"the model's {_words(constraint)} was left out: the request does not say it")
        for c in reading.intent.constraints:
            if all(w.field != c.field for w in written.constraints):
                notes.append(f"found by the rules alone: {_words(c)}")
        sort = reading.intent.sort
        if written.sort is not None and sort is None:
            notes.append(f"the model's order by {written.sort.field} was left out: the request does not say it")
        elif (
            written.sort is not None
            and sort is not None
            and (written.sort.field, written.sort.direction) != (sort.field, sort.direction)
        ):
            notes.append(f"model and rules disagree on the order: the rules' is used ({sort.field} {sort.direction})")
        return replace(reading.intent, constraints=tuple(constraints), sort=sort), tuple(notes)


def relevant(index: Index, request: str, reading: Reading, limit: int = LISTED_FIELDS) -> list[Field]:
    """The fields worth telling the model about: those the rule-based parser found, those whose name or values share words with the
    request, brand, price and category, then the commonest."""
    given = frozenset(t.stem for t in tokenise(request[:4000]).tokens)
    found = [c.field for c in reading.intent.constraints] + ([reading.intent.sort.field] if reading.intent.sort else [])
    scored = []
    for position, known in enumerate(index.fields.values()):
        score = 3.0 * (known.field in found) + named(known, given) + 0.8 * (known.field in _CORE)
        if any(known.field in index.tokens.get(word, ()) for word in given):
            score += 1.0
        scored.append((-score, position, known))
    scored.sort(key=lambda s: s[:2])
    chosen = [(position, known) for _, position, known in scored[:limit]]
    return [known for _, known in sorted(chosen, key=lambda c: c[0])]


def listed(known: Field, given: frozenset[str] = frozenset(), limit: int = LISTED_VALUES) -> list[Scalar]:
    """The values to show of a field: those that share words with the request first, then the commonest."""
    values = [v for v, _ in known.facet.values if len(str(v)) <= LONGEST_TEXT]
    return sorted(values, key=lambda v: -len(given & set(stems(str(v)))))[:limit]


def closed(known: Field) -> bool:
    """Whether all values of a field are known and few, so that the grammar can list them."""
    return bool(known.facet.values) and known.facet.distinct <= len(known.facet.values) <= 200


def prompt(template: Template, index: Index, fields: Sequence[Field], request: str, before: Reading | None, reading: Reading, engine: Engine | None = None) -> Prompt:  # fmt: skip
    """The prompt for one request; fields beyond the token budget are left out from the end."""
    given = frozenset(t.stem for t in tokenise(request[:4000]).tokens)
    described: list[dict[str, Any]] = []
    spent = 0
    for known in fields:
        entry = {
            "name": known.field,
            "kind": "number" if known.number else ("yes/no" if known.kind == "boolean" else known.kind),
            "unit": known.facet.unit or "",
            "low": plain(known.facet.minimum) if known.facet.minimum is not None else "",
            "high": plain(known.facet.maximum) if known.facet.maximum is not None else "",
            "values": [] if known.number or known.kind == "date" else listed(known, given),
        }
        cost = engine.count_tokens(json.dumps(entry, default=str)) if engine else len(str(entry)) // 4
        if described and spent + cost > FIELD_TOKENS:
            continue
        spent += cost
        described.append(entry)
    return template.render(
        fields=described,
        currency=index.facets.currency or "",
        request=request,
        before=target(before.intent) if before else "",
        hints=target(reading.intent),
    )


def target(intent: Intent) -> str:
    """The JSON a model should write for an intent: what training shows it, and what hints look like."""
    return json.dumps(
        {
            "constraints": [
                {"field": c.field, "operator": c.operator, "value": _json(c.value)} for c in intent.constraints
            ],
            "sort": {"field": intent.sort.field, "direction": intent.sort.direction} if intent.sort else None,
            "limit": intent.limit,
        },
        ensure_ascii=False,
    )


def _json(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, str):
        try:
            return float(value) if value.replace(".", "", 1).isdigit() and "." in value else value
        except ValueError:
            return value
    return value


def schema(fields: Sequence[Field], request: str, reading: Reading, before: Reading | None = None) -> dict[str, Any]:
    """The JSON Schema of an intent over these fields: listed values are an enumeration, open text any string, and numbers
    one of those that the request (or the rule-based parser, converted to the field's unit) names."""
    numbers = set(amounts_in(request))
    for source in (reading, before):
        for c in source.intent.constraints if source else ():
            for v in c.value if isinstance(c.value, tuple) else (c.value,):
                if isinstance(v, (int, float)) and not isinstance(v, bool):
                    numbers.add(float(v))
    allowed = [int(n) if n.is_integer() else n for n in sorted(numbers)][:40]
    options = [o for known in fields for o in _options(known, allowed)]
    sortable = [k.field for k in fields if k.number or k.kind == "date"]
    sort: dict[str, Any] = {"type": "null"}
    if sortable:
        sort = {"anyOf": [sort, _object({"field": {"enum": sortable}, "direction": {"enum": ["asc", "desc"]}})]}
    constraints: dict[str, Any] = (
        {"type": "array", "maxItems": 8, "items": {"anyOf": options}} if options else {"type": "array", "maxItems": 0}
    )
    return _object(
        {
            "constraints": constraints,
            "sort": sort,
            "limit": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 1, "maximum": 50}]},
        }
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _options(known: Field, numbers: list[float | int]) -> list[dict[str, Any]]:
    name = {"const": known.field}
    if known.number:
        if not numbers:
            return []
        value = {"enum": numbers}
        return [
            _object({"field": name, "operator": {"enum": list(_NUMERIC)}, "value": value}),
            _object(
                {
                    "field": name,
                    "operator": {"const": "between"},
                    "value": {"type": "array", "items": value, "minItems": 2, "maxItems": 2},
                }
            ),
        ]
    if known.kind == "date":
        return [
            _object({"field": name, "operator": {"enum": list(_NUMERIC)}, "value": {"type": "string", "maxLength": 30}})
        ]
    if known.kind == "boolean":
        return [_object({"field": name, "operator": {"const": "="}, "value": {"type": "boolean"}})]
    one: dict[str, Any] = (
        {"enum": [v for v, _ in known.facet.values]} if closed(known) else {"type": "string", "maxLength": LONGEST_TEXT}
    )
    return [
        _object({"field": name, "operator": {"enum": ["=", "!="]}, "value": one}),
        _object(
            {
                "field": name,
                "operator": {"enum": ["in", "not in"]},
                "value": {"type": "array", "items": one, "minItems": 2, "maxItems": 6},
            }
        ),
    ]


def parse(text: str, index: Index) -> Written:
    """What was written, as constraints that the facets allow; anything else is dropped with a note."""
    try:
        data = json.loads(text[text.index("{") : text.rindex("}") + 1])
        listed_constraints = data.get("constraints", [])
        if not isinstance(data, dict) or not isinstance(listed_constraints, list):
            raise ValueError("not an intent")
    except (ValueError, AttributeError):
        return Written(usable=False, notes=("the model wrote no usable intent",))
    constraints, notes = [], []
    for item in listed_constraints[:12]:
        constraint = _constraint(item, index)
        if isinstance(constraint, str):
            notes.append(constraint)
        elif constraint not in constraints:
            constraints.append(constraint)
    sort = data.get("sort")
    order = None
    if isinstance(sort, dict) and sort.get("direction") in ("asc", "desc"):
        known = index.fields.get(str(sort.get("field")))
        if known is not None and (known.number or known.kind == "date"):
            direction: Direction = "asc" if sort["direction"] == "asc" else "desc"
            order = Sort(known.field, direction)
    limit = data.get("limit")
    limit = limit if isinstance(limit, int) and not isinstance(limit, bool) and 1 <= limit <= 50 else None
    return Written(tuple(constraints), order, limit, True, tuple(notes))


def _constraint(item: Any, index: Index) -> Constraint | str:
    """A constraint the facets allow, or why there is none."""
    if not isinstance(item, dict):
        return "the model's constraint is no object"
    known = index.fields.get(str(item.get("field")))
    operator: Any = item.get("operator")
    value: Any = item.get("value")
    if known is None:
        return "the model named a field that the catalogue lacks"
    if known.number:
        values = value if isinstance(value, list) else [value]
        if not values or any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in values):
            return f"the model's {known.field} is no number"
        if operator == "between" and len(values) == 2:
            return Constraint(known.field, "between", (min(values), max(values)))
        if operator in _NUMERIC and len(values) == 1:
            return Constraint(known.field, operator, values[0])
        return f"the model's {known.field} has no such operator"
    if known.kind == "boolean":
        return (
            Constraint(known.field, "=", value)
            if isinstance(value, bool)
            else f"the model's {known.field} is not yes or no"
        )
    if known.kind == "date":
        return (
            Constraint(known.field, operator, str(value)[:30])
            if operator in _NUMERIC
            else f"the model's {known.field} has no such operator"
        )
    held = {str(v).lower(): v for v, _ in known.facet.values}
    chosen = [held[str(v).lower()] for v in (value if isinstance(value, list) else [value]) if str(v).lower() in held]
    if not chosen:
        return f"the model named a value that {known.field} lacks"
    if operator in ("=", "in"):
        return (
            Constraint(known.field, "=", chosen[0])
            if len(chosen) == 1
            else Constraint(known.field, "in", tuple(chosen))
        )
    if operator in ("!=", "not in"):
        return (
            Constraint(known.field, "!=", chosen[0])
            if len(chosen) == 1
            else Constraint(known.field, "not in", tuple(chosen))
        )
    return f"the model's {known.field} has no such operator"


def supported(constraint: Constraint, request: str) -> Constraint:
    """The constraint with the words of the request that it rests on as its span; an empty span where there are none."""
    text = tokenise(request[:4000])
    values = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
    if any(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        spoken = amounts_in(text.text)
        ok = all(float(v) in spoken for v in values if isinstance(v, (int, float)))
        return replace(constraint, span=str(values[0]) if ok else "")
    given = {t.stem: t.text for t in text.tokens}
    telling = (
        [w for v in values for w in stems(str(v))]
        if not isinstance(values[0], bool)
        else list(stems(constraint.field.replace("_", " ")))
    )
    found = [given[w] for w in telling if w in given]
    return replace(constraint, span=" ".join(found) if telling and len(found) * 2 >= len(telling) else "")


def _is_number(constraint: Constraint) -> bool:
    values = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
    return any(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)


def _known(constraint: Constraint, reading: Reading | None) -> bool:
    """Whether the number stands in a reading: read there in words, or converted to the field's unit."""
    held = [c.value for c in (reading.intent.constraints if reading else ()) if c.field == constraint.field]
    return any(constraint.value == h for h in held)


def _words(constraint: Constraint) -> str:
    return f"{constraint.field} {constraint.operator} {plain(constraint.value)}"
