"""A language model for tests of the server that says the first fact of each card in words of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shelftalk.engines.base import Decoding, Generation
from shelftalk.engines.fake import FakeEngine
from shelftalk.values import Prompt, Tokens

_FACT = re.compile(r"^\[(\d+)\] (?!text:)([^:\n]+): ([^\n]+)$", re.MULTILINE)


class Obedient(FakeEngine):
    """Its statements hold, so they are shown; they read otherwise than the record's own."""

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One text a prompt: its first fact, cited; "ok" where it shows none."""
        return [_said(prompt) for prompt in prompts]


def _said(prompt: Prompt) -> Generation:
    fact = _FACT.search(prompt.messages[-1].content)
    text = f"Here the {fact[2]} is {fact[3]} [{fact[1]}]." if fact else "ok"
    return Generation(text, "stop", Tokens(10, len(text.split())))
