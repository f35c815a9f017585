"""The variants of an experiment as they are served: a shelf each over the one catalogue, sharing the language model where it is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from shelftalk.engines.adapters import find_adapter
from shelftalk.engines.load import choose_engine
from shelftalk.errors import ShelftalkError, UsageError
from shelftalk.experiments.definition import Arm, Definition
from shelftalk.pipeline import Shelf
from shelftalk.prompts import PromptLibrary
from shelftalk.server.live import Model, addresses, needs_model, open_model, same_model
from shelftalk.settings import Settings
from shelftalk.values import Answer
from shelftalk.variants import SHORT, PathVariant, parse_variants

Stage = Literal["understand", "retrieve", "rank", "explain"]
_ORDER: tuple[Stage, ...] = ("understand", "retrieve", "rank", "explain")
# What one process has one of, for all variants.
_ONE = ("model", "engine", "server", "server_decisions", "embedder", "max_request_chars")
_FIRST: dict[str, Stage] = {
    "retrieve": "retrieve",
    "rank": "rank",
    "exposure": "rank",
    "k": "rank",
    "explain": "explain",
}
_PROMPTS: dict[str, Stage] = {"prompt.understand": "understand", "prompt.rank": "rank", "prompt.explain": "explain"}


@dataclass
class Served:
    """The shelves of an experiment by variant; `stage` is the first in which any two may differ."""

    definition: Definition
    stage: Stage
    shelves: dict[str, Shelf] = field(default_factory=dict)
    models: list[Model] = field(default_factory=list)

    def counts(self, answer: Answer) -> bool:
        """Whether the variants could have made a difference to an answer. It is told by the stages before the first that differs, so that
        it is the same for every variant and takes nobody out of one alone."""
        if self.stage == "understand":
            return True
        return bool(answer.picks) if self.stage == "explain" else answer.intent.shopping

    def close(self) -> None:
        """Frees the language models that were opened for variants."""
        for model in self.models:
            model.close()
        self.models = []


def path_variant(arm: Arm) -> PathVariant:
    """What a variant changes. UsageError for what is no setting, several values, or what a server has one of for all."""
    found = parse_variants([arm.given] if arm.given else [])
    if len(found) != 1:
        raise UsageError(
            f"variant {arm.name!r}: {arm.given!r} stands for {len(found)} variants; give one value a setting"
        )
    for key in found[0].given:
        if SHORT.get(key, key) in _ONE:
            raise UsageError(
                f"variant {arm.name!r} sets {key}, which a server has one of; an experiment can vary prompts, the adapter and the "
                "settings of stages"
            )
    return found[0]


def first_stage(definition: Definition) -> Stage:
    """The first stage in which any variant differs from another."""
    stages = [_stage(key) for arm in definition.variants for key in path_variant(arm).given]
    return min(stages, key=_ORDER.index, default="understand")


def check(definition: Definition, settings: Settings, prompts: PromptLibrary) -> None:
    """Raises what tells why a server with these settings could not serve a variant; nothing is loaded."""
    definition.checked()
    for arm in definition.variants:
        variant = path_variant(arm)
        try:
            varied = variant.settings(settings)
            variant.library(prompts)
            if not same_model(settings, varied) and needs_model(varied):
                _adapter(arm, settings, varied)
        except ShelftalkError as error:
            raise type(error)(f"variant {arm.name!r}: {error}") from error


def opened(
    definition: Definition,
    settings: Settings,
    shelf: Shelf,
    *,
    given: bool = False,
    closing: Callable[[], bool] = lambda: False,
) -> Served:
    """The variants beside the shelf that answers with these settings. `given` says that its language model is not of the settings'
    making. Raises where any variant cannot be served: an experiment is served whole or not at all."""
    check(definition, settings, shelf.prompts)
    served = Served(definition, first_stage(definition))
    try:
        for arm in definition.variants:
            variant = path_variant(arm)
            varied = variant.settings(settings)
            engine = None
            if needs_model(varied):
                if shelf.loaded is not None and varied.adapter == settings.adapter:
                    engine = shelf.loaded
                elif given:
                    raise UsageError(
                        f"variant {arm.name!r}: this server was given its language model, and has no other"
                    )
                else:
                    model = open_model(varied, closing)
                    served.models.append(model)
                    engine = model.engine
            library = variant.library(shelf.prompts)
            served.shelves[arm.name] = Shelf(shelf.catalog, varied, library, engine)
    except BaseException:
        served.close()
        raise
    return served


def _adapter(arm: Arm, settings: Settings, varied: Settings) -> None:
    """Raises where the process could not hold both language models: an adapter is served by name beside others by a vLLM server, or
    merged into a model of its own by transformers; vLLM started beside the gateway serves one model."""
    if addresses(varied):
        return  # the server tells whether it has the adapter when it is asked
    if choose_engine(varied, batch=True)[0] == "vllm":
        raise UsageError(
            "another adapter, or a language model where the server has none, needs a vLLM server of its own that serves the adapters by "
            "name (docs/engines.md); give its address in serve.vllm, or set engine to 'transformers'"
        )
    if varied.adapter_in_force:
        find_adapter(varied.adapter_in_force, varied.home_folder)


def _stage(key: str) -> Stage:
    if key in _PROMPTS:
        return _PROMPTS[key]
    return _FIRST.get(SHORT.get(key, key).partition(".")[0], "understand")
