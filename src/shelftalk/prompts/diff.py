"""How two versions of a prompt differ, line by line, and what the same example becomes in each."""

from __future__ import annotations

import difflib
from typing import Literal

from shelftalk.errors import PromptError
from shelftalk.prompts.library import Template

Kind = Literal["same", "added", "removed", "place"]


def source_diff(a: Template, b: Template, context: int = 3) -> list[tuple[Kind, str]]:
    """The lines of the templates' bodies that differ, with `context` lines around them; [] where they are equal."""
    return _unified(a.source, b.source, context)


def header_diff(a: Template, b: Template) -> list[str]:
    """What changed in what the front matters declare, a sentence each: callers must be able to serve both."""
    out = []
    for name in sorted(set(a.variables) | set(b.variables)):
        if name not in b.variables:
            out.append(f"{b.ref} no longer takes the variable {name}")
        elif name not in a.variables:
            out.append(f"{b.ref} also takes the variable {name}")
        elif ("(untrusted" in a.variables[name].lower()) != ("(untrusted" in b.variables[name].lower()):
            out.append(f"the variable {name} is declared untrusted in one of them only")
    return out


def rendered_diff(a: Template, b: Template, context: int = 3) -> list[tuple[str, list[tuple[Kind, str]]]]:
    """For each example of `b` (else of `a`) that both can render: its name and how the two prompts differ."""
    out = []
    for example in b.examples or a.examples:
        try:
            first, second = (
                "\n\n".join(f"[{m.role}]\n{m.content}" for m in t.render(**example.variables).messages) for t in (a, b)
            )
        except PromptError:
            continue
        out.append((example.name, _unified(first, second, context)))
    return out


def _unified(a: str, b: str, context: int) -> list[tuple[Kind, str]]:
    lines = difflib.unified_diff(a.splitlines(), b.splitlines(), lineterm="", n=context)
    kinds: dict[str, Kind] = {"+": "added", "-": "removed", "@": "place", " ": "same"}
    return [
        (kinds[line[0]], line if line[0] == "@" else line[1:]) for at, line in enumerate(lines) if at > 1
    ]  # fmt: skip
