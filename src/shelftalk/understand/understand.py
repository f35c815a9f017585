"""The stage's face: a Request goes in, an Understood comes out, read by the reader, the language model or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shelftalk.engines.base import Engine
from shelftalk.prompts.library import PromptLibrary
from shelftalk.settings import UnderstandSettings
from shelftalk.understand.reader import Reader
from shelftalk.values import Facets, Intent, Product, Request, Tokens

Lookup = Callable[[str], Product | None]


@dataclass(frozen=True, slots=True)
class Understood:
    """An intent, what there is to say about how it was reached, and what the language model read and wrote for it."""

    intent: Intent
    notes: tuple[str, ...] = ()
    tokens: Tokens = Tokens()
    prompt: str | None = None


class Understander:
    """Turns requests into intents over one version of a catalogue's facets."""

    def __init__(
        self,
        facets: Facets,
        engine: Engine | None = None,
        prompts: PromptLibrary | None = None,
        settings: UnderstandSettings | None = None,
        products: Lookup | None = None,
    ) -> None:
        self.facets = facets
        self.engine = engine
        self.prompts = prompts
        self.settings = settings or UnderstandSettings()
        self.products = products
        self.reader = Reader(facets)

    def understand(self, request: Request) -> Understood:
        """The intent of one request and the turns before it."""
        return self.understand_many([request])[0]

    def understand_many(self, requests: Sequence[Request]) -> list[Understood]:
        """One Understood a request, in order; the language model is called in one batch."""
        return [Understood(self.reader.read(r.request).intent) for r in requests]
