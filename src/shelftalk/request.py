"""Reading a request from a line of a file or the body of a call: keys and types are checked, nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.values import Request, Turn


def request_from(record: Mapping[str, Any]) -> Request:
    """The Request of one line of a requests file; UsageError says which key is wrong."""
    if not isinstance(record, Mapping):
        raise UsageError(f"a request line must be a JSON object, not {_json(record)}")
    if "request" not in record:
        raise UsageError("'request' must be a text; it is missing")
    text = record["request"]
    if not isinstance(text, str):
        raise UsageError(f"'request' must be a text, not {_json(text)}")
    identity = record.get("id", "")
    if not isinstance(identity, (str, int)) or isinstance(identity, bool):
        raise UsageError(f"'id' must be a text or a whole number, not {_json(identity)}")
    k = record.get("k")
    if k is not None and (not isinstance(k, int) or isinstance(k, bool)):
        raise UsageError(f"'k' must be a whole number, not {_json(k)}")
    if k is not None and k < 1:
        raise UsageError(f"'k' must be 1 or more, not {k}")
    only = record.get("candidates")
    if only is not None and (not isinstance(only, list) or not all(isinstance(c, (str, int)) for c in only)):
        raise UsageError("'candidates' must be a list of product ids")
    turns = record.get("history") or []
    if not isinstance(turns, list):
        raise UsageError("'history' must be a list of {role, content}")
    history = []
    for i, turn in enumerate(turns):
        fits = isinstance(turn, Mapping) and turn.get("role") in ("user", "assistant")
        if not fits or not isinstance(turn.get("content"), str):
            raise UsageError(f'\'history\' turn {i + 1} must be {{"role": "user" or "assistant", "content": text}}')
        history.append(Turn(turn["role"], turn["content"]))
    candidates = None if only is None else tuple(str(c) for c in only)
    return Request(text, id=str(identity), history=tuple(history), candidates=candidates, k=k)


def _json(value: Any) -> str:
    """What a value is, by the names that JSON has; short ones as they stand."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
