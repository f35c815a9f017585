"""A language model for tests of the server that writes what it is allowed to: the last wording of each grammar."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from shelftalk.engines.base import Decoding, Generation
from shelftalk.engines.common import each
from shelftalk.engines.fake import FakeEngine
from shelftalk.values import Prompt, Tokens


class Obedient(FakeEngine):
    """Its statements hold, so they are shown; they read otherwise than the record's own."""

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One text a prompt, within its grammar; "ok" where it has none."""
        return [self._allowed(d.schema) for _, d in zip(prompts, each(prompts, decoding), strict=True)]

    def _allowed(self, schema: Mapping[str, Any] | None) -> Generation:
        text = "ok" if schema is None else json.dumps(last(schema["pattern"]))
        return Generation(text, "stop", Tokens(10, len(text.split())))


def last(pattern: str) -> str:
    """A text that the pattern matches: the last of its alternatives, nothing that may be left out."""
    text = _last(parser.parse(pattern))
    assert re.search(pattern, text), pattern
    return text


def _last(parsed: Any) -> str:
    out = ""
    for kind, value in parsed:
        if kind is op.LITERAL:
            out += chr(value)
        elif kind is op.BRANCH:
            out += _last(value[1][-1])
        elif kind is op.SUBPATTERN:
            out += _last(value[3])
        elif kind is op.MAX_REPEAT:
            out += _last(value[2]) * value[0]
        elif kind is op.IN:
            out += _last(value[:1])
        elif kind is not op.AT:
            raise AssertionError(f"{kind} is not known here")
    return out
