"""The real variables of a prompt: the stages run over a catalogue as for a shopper, with no language model behind them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shelftalk.cli.prompts_tokens import Tokeniser
from shelftalk.engines.base import Choice, Decoding, Generation
from shelftalk.errors import PromptError, UsageError
from shelftalk.prompts.examples import Choose
from shelftalk.prompts.library import PromptLibrary, Template
from shelftalk.prompts.provenance import Segment, segments
from shelftalk.settings import Settings
from shelftalk.values import Prompt, Request


@dataclass(frozen=True)
class Rendering:
    """A rendered prompt in pieces, the tokens of each message and in all (`whole` with the chat template's own)."""

    ref: str
    source: str
    model: str
    messages: list[tuple[str, list[Segment]]]
    counts: list[tuple[str, dict[str, int], int]]
    variables: dict[str, int]
    texts: int
    whole: int | None

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "prompt": self.ref,
            "from": self.source,
            "tokenizer": self.model,
            "messages": [
                {
                    "role": role,
                    "tokens": total,
                    "pieces": [{"origin": p.origin, "variable": p.variable, "text": p.text} for p in pieces],
                }
                for (role, pieces), (_, _, total) in zip(self.messages, self.counts, strict=True)
            ],
            "tokens": {"texts": self.texts, "with_chat_template": self.whole, "by_variable": self.variables},
        }


def render_example(template: Template, name: str | None, tokeniser: Tokeniser) -> Rendering:
    """The prompt with an example's variables, the first one's where no name is given."""
    if not template.examples:
        raise PromptError(f"{template.path}: carries no examples; give --request and --catalog, or write one")
    found = next((e for e in template.examples if name in (None, e.name)), None)
    if found is None:
        there = ", ".join(repr(e.name) for e in template.examples)
        raise PromptError(f"{template.ref} has no example {name!r}; there is: {there}")
    return measured(template, found.variables, f"example {found.name!r}", tokeniser)


def render_request(
    template: Template,
    request: str,
    catalog: Path | None,
    settings: Settings,
    tokeniser: Tokeniser,
    *,
    nth: int = 1,
    product: str | None = None,
) -> Rendering:
    """The prompt with the variables that the stages give it for a request over a catalogue; UsageError where they give
    none."""
    calls = variables_of(template, request, catalog, settings, tokeniser, product=product)
    if not calls:
        raise UsageError(
            f"the stages have nothing to ask with {template.ref} for this request (too few products fit, or it asks for "
            "an order that the database makes); try another request"
        )
    if nth > len(calls):
        raise UsageError(f"--nth is {nth}, but this request makes {len(calls)} prompts with {template.ref}")
    return measured(template, calls[nth - 1], f"prompt {nth} of {len(calls)} for {request!r}", tokeniser)


def variables_of(
    template: Template,
    request: str,
    catalog: Path | None,
    settings: Settings,
    tokeniser: Tokeniser,
    *,
    product: str | None = None,
) -> list[dict[str, Any]]:
    """The variables of every prompt that the stages render with this template for the request, in order."""
    from shelftalk.cli.common import quiet
    from shelftalk.pipeline import Shelf

    quiet()
    library = _Recorder(template, PromptLibrary.of(settings))
    shelf_settings = settings.model_copy(update=_with(template, settings))
    with Shelf.open(catalog, settings=shelf_settings, engine=_Silent(tokeniser), prompts=library) as shelf:
        if template.task == "suit":
            found = [c.product.id for c in shelf.order_only(Request(request), k=1, strategy="none").candidates[:1]]
            shelf.suits(request, [product] if product else found)
        elif template.task in ("understand", "rank", "explain"):
            shelf.ask(request)
        else:
            raise UsageError(f"prompts of the task {template.task!r} are in no shopper's path; give --example")
    return library.calls


def measured(template: Template, variables: Mapping[str, Any], source: str, tokeniser: Tokeniser) -> Rendering:
    """The prompt in pieces with the tokens of each."""
    prompt = template.render(**variables)
    messages = segments(template, variables)
    counts, by_variable = [], dict[str, int]()
    for role, pieces in messages:
        sums: dict[str, int] = {}
        for piece in pieces:
            size = tokeniser.count(piece.text)
            sums[piece.origin] = sums.get(piece.origin, 0) + size
            if piece.variable:
                by_variable[piece.variable] = by_variable.get(piece.variable, 0) + size
        counts.append((role, sums, tokeniser.count("".join(p.text for p in pieces))))
    whole = tokeniser.whole(prompt) if tokeniser.whole else None
    total = sum(size for _, _, size in counts)
    return Rendering(template.ref, source, tokeniser.model, messages, counts, by_variable, total, whole)


def in_force(settings: Settings) -> dict[str, str | None]:
    """The prompt of each task that the settings use, by "task/name", with a version or by its file; None where no model is asked."""
    rank = settings.rank
    return {
        "understand": _understanding(settings),
        "rank": _whole("rank", rank.prompt or rank.strategy) if rank.strategy != "none" else None,
        "suit": rank.suits_prompt,
        "explain": settings.explain.prompt if settings.explain.mode == "model" else None,
    }


def _whole(task: str, name: str) -> str:
    return name if name.endswith(".jinja") or "/" in name else f"{task}/{name}"


def _understanding(settings: Settings) -> str | None:
    if not settings.understand.asks_model:
        return None
    return "understand/wishes" if settings.understand.mode == "wishes" else settings.understand.prompt


def trained_prompts(settings: Settings) -> dict[str, str]:
    """The prompt of each task that the adapter in force was trained with, as its card says; {} where none is."""
    name = settings.adapter_in_force
    if not name:
        return {}
    try:
        from shelftalk.engines.adapters import find_adapter

        card = json.loads((find_adapter(name, settings.home_folder).folder / "training.json").read_text("utf-8-sig"))
    except (ImportError, OSError, ValueError):
        return {}
    told = card.get("prompts") if isinstance(card, dict) else None
    refs = told.values() if isinstance(told, dict) else told if isinstance(told, list) else []
    return {str(ref).partition("/")[0]: str(ref) for ref in refs}


@contextmanager
def chooser(settings: Settings, *, wanted: bool) -> Iterator[Choose | None]:
    """What the model in force prefers, as examples ask it; None where no model is wanted."""
    if not wanted:
        yield None
        return
    from shelftalk.cli.common import quiet
    from shelftalk.engines import load_engine

    quiet()
    engine = load_engine(settings)
    try:
        yield lambda prompt, labels: engine.choose([prompt], list(labels))[0].logprobs
    finally:
        engine.close()


def strategy_of(template: Template) -> str:
    """The ranking strategy that asks with this template: its name's, or the one whose variables it takes."""
    if template.name in ("graded", "listwise", "pointwise", "generated"):
        return template.name
    if "wants" in template.variables:
        return "graded"
    return "listwise" if "candidates" in template.variables else "pointwise"


def modes_of(template: Template) -> tuple[str, ...]:
    """The ways of reading a request that ask with this template."""
    return ("wishes",) if template.name in ("wishes", "kinds") else ("model", "both")


def _with(template: Template, settings: Settings) -> dict[str, Any]:
    """The settings under which the stages ask with this template, and with no other."""
    ref = template.ref
    strategy = strategy_of(template) if template.task == "rank" else "none"
    rank = {"strategy": strategy, "prompt": ref.removeprefix("rank/"), "suits_prompt": ref}
    reasons = template.task == "explain" and template.name not in ("record", "opening")  # those speak without a model
    explain = {"mode": "model", "prompt": ref} if reasons else {"mode": "record"}
    understand = {"mode": modes_of(template)[-1] if template.task == "understand" else "rules", "prompt": ref}
    return {
        "rank": settings.rank.model_copy(update=rank),
        "explain": settings.explain.model_copy(update=explain),
        "understand": settings.understand.model_copy(update=understand),
    }


class _Recorder(PromptLibrary):
    """Gives out one template for every version of its name, and keeps what it was rendered with."""

    def __init__(self, template: Template, others: PromptLibrary) -> None:
        self.folder, self.own, self._others = others.folder, others.own, others
        self.calls: list[dict[str, Any]] = []
        self._one = _Recorded(**{f: getattr(template, f) for f in Template.__dataclass_fields__}, calls=self.calls)

    def get(self, ref: str) -> Template:
        """The template, or another one of the package by another name."""
        own = f"{self._one.task}/{self._one.name}"
        return self._one if ref.partition("@")[0] == own else self._others.get(ref)


@dataclass(frozen=True)
class _Recorded(Template):
    calls: list[dict[str, Any]] = field(default_factory=list, compare=False)

    def render(self, **variables: Any) -> Prompt:
        prompt = super().render(**variables)
        if variables not in self.calls:  # a second try renders the same
            self.calls.append(dict(variables))
        return prompt


class _Silent:
    """Prefers no label and writes nothing, so that every stage goes on as it does when a model is of no use."""

    name = "none"

    def __init__(self, tokeniser: Tokeniser) -> None:
        self.model, self._count = tokeniser.model, tokeniser.count

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        return [Choice(dict.fromkeys(labels, -math.log(len(labels))))] * len(prompts)

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        return [Generation("")] * len(prompts)

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        yield ""

    def count_tokens(self, text: str) -> int:
        return self._count(text)

    def close(self) -> None:
        return
