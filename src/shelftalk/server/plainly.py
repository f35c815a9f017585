"""What is wrong with a body or a parameter, in plain words: what, where and what to do, with no name of the inside in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shelftalk.text import shorten

__all__ = ["told"]

_LONGEST = 40
# The forms that texts must have, by their patterns, as far as there is more to say than that the form is another.
_FORMS: Mapping[str, str] = {
    r"^[^\x00]*$": "holds a NUL character, which cannot be kept",
    "^[0-9a-f]{32}$": "must be an id as the server gave it: 32 characters of 0-9 and a-f",
    "^[0-9a-f]+$": "must be an id as the server gave it, of 0-9 and a-f",
    "^[\\x21-\\x7e]*$": "takes letters, digits and signs of ASCII, without blanks",
}
_SORTS: Mapping[str, str] = {
    "string": "text", "bool": "true or false", "int": "a whole number", "float": "a number", "decimal": "a number",
    "finite": "a finite number", "list": "a list", "tuple": "a list", "dict": "an object", "model": "an object",
    "mapping": "an object", "datetime": "a time, such as 2026-05-31T12:00:00Z", "date": "a date, such as 2026-05-31",
}  # fmt: skip


def told(errors: Sequence[Mapping[str, Any]], body: object) -> tuple[str, str | None]:
    """The words for the first fault of a request (pydantic's errors), and where it is: a field, with dots and numbers for what is within;
    None for the whole. `body` is what was sent."""
    first = errors[0]
    if first["type"] == "json_invalid":
        at = first["loc"][-1]
        return f"the body is no valid JSON: it cannot be read from character {at} on", None
    where = _place(first, body)
    here = [error for error in errors if _place(error, body) == where]
    nested = [error for error in here if not _of_sort(error)]
    if first["type"] == "extra_forbidden":
        return f"{_name(where)} is not known here; check its spelling, or leave it out", _dotted(where)
    if first["loc"][-1] == "[key]":
        return (
            f"{_name(where)} is not known here; there is {(first.get('ctx') or {}).get('expected', 'no such name')}",
            _dotted(where),
        )
    if nested:
        what = _words(nested[0])
    else:
        sorts = dict.fromkeys(_SORTS[_sort(error)] for error in here)
        what = f"must be {', or '.join(sorts)}{_but(first['input'])}"
    return (f"{_name(where)} {what}" if what else str(first["msg"]).removeprefix("Value error, ")), _dotted(where)


def _place(error: Mapping[str, Any], body: object) -> tuple[str | int, ...]:
    """Where an error is, in the names of what was sent: branches of a union and the like are left out."""
    source, *parts = error["loc"] or ("body",)
    if source != "body":
        return tuple(parts[:1])
    at, found = body, []
    for n, part in enumerate(parts):
        last = n == len(parts) - 1
        if (isinstance(at, Mapping) and part in at) or (
            isinstance(at, list) and isinstance(part, int) and 0 <= part < len(at)
        ):
            at = at[part]
        elif not (last and error["type"] == "missing"):
            continue
        found.append(part)
    return tuple(found)


def _dotted(where: tuple[str | int, ...]) -> str | None:
    return ".".join(map(str, where)) or None


def _name(where: tuple[str | int, ...]) -> str:
    """The place as people write it: "span[0]"; the body for the whole."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return shorten(text.removeprefix("."), 100) or "the body"


def _sort(error: Mapping[str, Any]) -> str:
    return str(error["type"]).partition("_")[0]


def _of_sort(error: Mapping[str, Any]) -> bool:
    """Whether it says that the value is of another sort than is wanted."""
    end = str(error["type"]).partition("_")[2]
    return _sort(error) in _SORTS and end in ("type", "parsing", "number", "attributes_type", "from_date_parsing", "from_float", "unicode", "parsing_size")  # fmt: skip


def _but(value: object) -> str:
    """What stands there instead, where it is short."""
    if value is None:
        return ", not null"
    if isinstance(value, bool):
        return f", not {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f", not {value:g}"
    if isinstance(value, str):
        return f", not {shorten(value, _LONGEST)!r}"
    return f", not {'a list' if isinstance(value, (list, tuple)) else 'an object'}"


def _words(error: Mapping[str, Any]) -> str:
    """What is wrong, to follow the name of the place; "" where the error says it in words of ours."""
    ctx, value = error.get("ctx") or {}, error["input"]
    said = _SAYS.get(str(error["type"]))
    return said(ctx, value) if said is not None else ""


def _too_few(ctx: Mapping[str, Any], value: object) -> str:
    least = ctx["min_length"]
    return "is empty" if not ctx["actual_length"] else f"needs {least} entries, not {ctx['actual_length']}"


def _empty(ctx: Mapping[str, Any], value: object) -> str:
    return "is empty" if ctx["min_length"] == 1 else f"must be {ctx['min_length']} characters long or longer"


_SAYS: Mapping[str, Callable[[Mapping[str, Any], Any], str]] = {
    "missing": lambda ctx, value: "is missing",
    "string_too_short": _empty,
    "string_too_long": lambda ctx, value: f"is too long: {len(value)} characters, where {ctx['max_length']} are taken",
    "string_pattern_mismatch": lambda ctx, value: _FORMS.get(ctx["pattern"], "has not the form that is described"),
    "too_short": _too_few,
    "too_long": lambda ctx, value: f"takes {ctx['max_length']} entries at most",
    "less_than_equal": lambda ctx, value: f"must be {ctx['le']:g} or less{_but(value)}",
    "greater_than_equal": lambda ctx, value: f"must be {ctx['ge']:g} or more{_but(value)}",
    "less_than": lambda ctx, value: f"must be less than {ctx['lt']:g}{_but(value)}",
    "greater_than": lambda ctx, value: f"must be more than {ctx['gt']:g}{_but(value)}",
    "literal_error": lambda ctx, value: f"must be {ctx['expected']}{_but(value)}",
    "enum": lambda ctx, value: f"must be {ctx['expected']}{_but(value)}",
}
