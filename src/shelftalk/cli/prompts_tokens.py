"""Counts the tokens that a prompt costs the model in force, with its tokenizer alone: no weights are loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shelftalk.errors import EngineError
from shelftalk.settings import Settings
from shelftalk.values import Prompt


@dataclass(frozen=True)
class Tokeniser:
    """`count` gives the tokens of a text, `whole` those of a prompt with all that the chat template adds."""

    model: str
    count: Callable[[str], int]
    whole: Callable[[Prompt], int] | None


def load_tokeniser(settings: Settings) -> Tokeniser:
    """The tokenizer of the model in force; EngineError where there is none."""
    from shelftalk.cli.common import quiet
    from shelftalk.engines.common import Chat, import_transformers
    from shelftalk.engines.models import is_address, resolve_model

    quiet()
    if settings.server is not None or is_address(settings.model):
        from shelftalk.engines import load_engine

        served = load_engine(settings)
        return Tokeniser(served.model, served.count_tokens, None)
    where = resolve_model(settings.model, settings.home_folder)
    _, transformers = import_transformers()
    tokenizer: Any
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(where)
    except (OSError, ValueError) as error:
        raise EngineError(
            f"model {where} has no tokenizer that can be read: {error}; give another with --model"
        ) from error
    chat = Chat(tokenizer, str(where))
    return Tokeniser(getattr(where, "name", str(where)), chat.count, lambda prompt: len(chat.ids(prompt)))
