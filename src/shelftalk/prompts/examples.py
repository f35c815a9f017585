"""The examples in a prompt's front matter, and whether the rendered prompt is as they expect. It knows no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shelftalk.errors import PromptError
from shelftalk.values import Prompt

Count = Callable[[str], int]
Choose = Callable[[Prompt, Sequence[str]], Mapping[str, float]]

_KEYS = {"name", "variables", "expect"}
_EXPECTATIONS = {"contains", "not_contains", "max_tokens", "choices"}


@dataclass(frozen=True)
class Expect:
    """What a rendered example must fulfil.

    Its text holds each of `contains` and none of `not_contains`; its messages have at most `max_tokens` tokens, without
    what a chat template adds; of the labels in `choices` the model prefers `best`.
    """

    contains: tuple[str, ...] = ()
    not_contains: tuple[str, ...] = ()
    max_tokens: int | None = None
    choices: tuple[str, ...] = ()
    best: str | None = None


@dataclass(frozen=True)
class PromptExample:
    """A named set of variables for one prompt, with what its rendering must fulfil."""

    name: str
    variables: Mapping[str, Any]
    expect: Expect = field(default_factory=Expect)


def parse_examples(raw: Any, path: Path) -> tuple[PromptExample, ...]:
    """The examples of a front matter; PromptError names the file, the example and the key that is wrong."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise PromptError(f"{path}: 'examples' must be a list, each with a name, variables and expect")
    out: list[PromptExample] = []
    for at, one in enumerate(raw, 1):
        where = f"{path}, example {at}"
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not one["name"].strip():
            raise PromptError(f"{where}: needs a name")
        where = f"{path}, example {one['name']!r}"
        if unknown := sorted(set(map(str, one)) - _KEYS):
            raise PromptError(f"{where}: unknown key {unknown[0]!r}; there is: {', '.join(sorted(_KEYS))}")
        if one["name"] in (other.name for other in out):
            raise PromptError(f"{where}: two examples carry this name")
        variables = one.get("variables") or {}
        if not isinstance(variables, dict):
            raise PromptError(f"{where}: 'variables' must map names to values")
        named = {str(k): v for k, v in variables.items()}
        out.append(PromptExample(one["name"], named, _expect(one.get("expect") or {}, where)))
    return tuple(out)


def _expect(raw: Any, where: str) -> Expect:
    if not isinstance(raw, dict):
        raise PromptError(f"{where}: 'expect' must be keys and values")
    if unknown := sorted(set(map(str, raw)) - _EXPECTATIONS):
        raise PromptError(f"{where}: unknown expectation {unknown[0]!r}; there is: {', '.join(sorted(_EXPECTATIONS))}")
    most = raw.get("max_tokens")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
        raise PromptError(f"{where}: 'max_tokens' must be a whole number above 0, not {most!r}")
    choices = raw.get("choices") or {}
    if choices and (not isinstance(choices, dict) or set(choices) != {"labels", "best"}):
        raise PromptError(f"{where}: 'choices' needs labels (a list) and best (one of them)")
    labels = _texts(choices.get("labels"), where, "choices.labels")
    best = _label(choices["best"]) if choices else None
    if choices and best not in labels:
        raise PromptError(f"{where}: best is {best!r}, which is none of the labels {', '.join(labels)}")
    contains = _texts(raw.get("contains"), where, "contains")
    return Expect(contains, _texts(raw.get("not_contains"), where, "not_contains"), most, labels, best)


def _texts(raw: Any, where: str, key: str) -> tuple[str, ...]:
    values = raw if isinstance(raw, list) else [] if raw is None else [raw]
    if any(isinstance(value, (dict, list)) or value is None or value == "" for value in values):
        raise PromptError(f"{where}: {key!r} must be a text or a list of texts")
    return tuple(_label(value) for value in values)


def _label(value: Any) -> str:
    """The text meant: YAML reads a bare yes and no as truth values."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def tokens_of(prompt: Prompt, count: Count) -> int:
    """The tokens of all messages of a prompt, without what a chat template adds."""
    return sum(count(message.content) for message in prompt.messages)


def unmet(
    example: PromptExample, prompt: Prompt, count: Count | None = None, choose: Choose | None = None
) -> list[str]:
    """What of the example's expectations the rendered prompt does not fulfil, a sentence each; [] where all hold.

    `max_tokens` is checked where `count` is given, `choices` where `choose` is (natural log-probability by label).
    """
    text = "\n".join(message.content for message in prompt.messages)
    expect, out = example.expect, []
    out += [f"lacks {wanted!r}" for wanted in expect.contains if wanted not in text]
    out += [f"holds {unwanted!r}" for unwanted in expect.not_contains if unwanted in text]
    if expect.max_tokens is not None and count is not None and (size := tokens_of(prompt, count)) > expect.max_tokens:
        out.append(f"has {size} tokens, over its budget of {expect.max_tokens}")
    if expect.best is not None and choose is not None:
        logprobs = choose(prompt, expect.choices)
        found = max(expect.choices, key=lambda label: logprobs[label])
        if found != expect.best:
            out.append(f"the model prefers {found!r} to {expect.best!r}")
    return out
