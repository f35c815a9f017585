"""Values as JSON that comes back exactly as it was: money stays money, tuples stay tuples, and no field is left out.

It is for two processes of one version on one machine; the documented format is `to_dict` of an answer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from shelftalk import values

_KIND, _CONTENT = "is", "of"
_CLASSES: dict[str, type] = {
    name: found
    for name, found in vars(values).items()
    if isinstance(found, type)
    and dataclasses.is_dataclass(found)
    and found.__module__.startswith(f"{values.__name__}.")
}


def packed(value: Any) -> Any:
    """What `json.dumps` takes: a value of shelftalk.values, or what such values are made of. TypeError for anything else."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, tuple):
        return [packed(member) for member in value]
    if isinstance(value, frozenset):
        return {_KIND: "set", _CONTENT: sorted(packed(member) for member in value)}
    if isinstance(value, list):
        return {_KIND: "list", _CONTENT: [packed(member) for member in value]}
    if isinstance(value, Decimal):
        return {_KIND: "Decimal", _CONTENT: str(value)}
    if isinstance(value, datetime):
        return {_KIND: "datetime", _CONTENT: value.isoformat()}
    if isinstance(value, Mapping):
        return {_KIND: "map", _CONTENT: {str(name): packed(member) for name, member in value.items()}}
    name, kind = type(value).__name__, type(value)
    if _CLASSES.get(name) is kind:
        fields = {field.name: packed(getattr(value, field.name)) for field in dataclasses.fields(kind)}
        return {_KIND: name, _CONTENT: fields}
    raise TypeError(f"a {name} has no place in an answer")


def unpacked(found: Any) -> Any:
    """The value that `packed` took apart. ValueError for what is none; only classes of shelftalk.values are made."""
    if isinstance(found, list):
        return tuple(unpacked(member) for member in found)
    if not isinstance(found, dict):
        return found
    try:
        kind, content = found[_KIND], found[_CONTENT]
        if kind == "Decimal":
            return Decimal(content)
        if kind == "datetime":
            return datetime.fromisoformat(content)
        if kind in ("list", "set"):
            members = [unpacked(member) for member in content]
            return members if kind == "list" else frozenset(members)
        fields = {name: unpacked(member) for name, member in content.items()}
        return fields if kind == "map" else _CLASSES[kind](**fields)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ValueError("not a value that was packed") from error
