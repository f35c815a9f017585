"""A request in another language as it was heard, and how what the rules made of it gets the shopper's own words back."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from shelftalk.understand.languages.detect import ENGLISH
from shelftalk.values import Constraint, Intent, Request

__all__ = ["Heard"]

_LEAD = re.compile(r"^(?:for|under|over|at most|at least|around|without) (?:at most |at least |under |over )?")
_AMOUNT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Heard:
    """A request in another language: its ISO 639-1 code ("und": unknown), the `request` as the rules read it, its `rest` to search for by meaning, the
    `words` to search for in texts, whether the embedder knows the language (`searched`), and the English phrases with the shopper's words that they
    stand for. `guessed` is the kind of product that the search found first; `unread` are amounts that limit nothing, `state` is "talk" where it asks for no
    product, "follow" where nothing is read of a later turn, and "unclear" where it cannot be told what is looked for, so that nothing is shown.
    `after` is the language of the turns before where the last one is in English."""

    language: str
    request: Request
    rest: str = ""
    words: str = ""
    searched: bool = False
    parts: tuple[tuple[str, str], ...] = ()
    guessed: str = ""
    names: str = ""
    unread: tuple[str, ...] = ()
    state: str = ""
    after: str = ""
    doubted: tuple[str, ...] = ()
    limits: tuple[str, ...] | None = None

    @property
    def dense(self) -> bool:
        """Whether something can be searched for by meaning: all of it, or the names and the English that stands in it."""
        return self.searched or bool(self.names)

    @property
    def foreign(self) -> bool:
        """Whether it is in another language than English."""
        return self.language != ENGLISH

    @property
    def read(self) -> tuple[str, ...]:
        """The shopper's words of the last turn that were read as limits and names."""
        return tuple(own for own in self._said() if self._stands(own))

    @property
    def not_read(self) -> tuple[str, ...]:
        """The shopper's words for amounts that came to no limit."""
        lost = [own for own in self._said(all_=True) if not self._stands(own) and _AMOUNT.search(self._english(own))]
        return tuple(dict.fromkeys([*self.unread, *lost]))

    def _said(self, all_: bool = False) -> list[str]:
        heard = self.request.request
        return list(dict.fromkeys(own for english, own in self.parts if all_ or english in heard))

    def _english(self, own: str) -> str:
        return next((english for english, said in self.parts if said == own), "")

    def _stands(self, own: str) -> bool:
        """Whether the words came to a limit or an order; all of them did before anything was understood."""
        own = own.lower()
        return self.limits is None or any(own in span or span in own for span in self.limits if span)

    def completed(self, understood: Any) -> Any:
        """What was understood (an Understood), with the shopper's own words in place of the English ones, and nothing that was read from
        words of another language as if they were English."""
        if not self.foreign:
            return self._gone_on(understood) if self.after else understood
        if self.state == "talk":
            return replace(understood, intent=Intent(shopping=False), notes=(), follow_up=None, heard=self)
        intent = understood.intent
        sort = intent.sort and replace(intent.sort, span=self._own(intent.sort.span))
        constraints = tuple(self._spoken(c) for c in intent.constraints if c.field not in self.doubted)
        if sort is not None and sort.field in self.doubted:
            sort = None
        heard = replace(
            self, limits=tuple(s.lower() for s in [*(c.span for c in constraints), sort.span if sort else ""])
        )
        if sort is not None and sort.field == "price" and not _names_something(constraints):
            heard = heard.unclear()
        intent = replace(
            intent,
            constraints=constraints,
            sort=sort,
            preferences=(),
            query=self.rest if self.searched else self.names or self.rest,
            kind="",
            shopping=True,
        )
        notes = tuple(dict.fromkeys(self._own(n) for n in understood.notes))
        return replace(understood, intent=intent, notes=notes, heard=heard)

    def unclear(self) -> Heard:
        """The same where it cannot be told what is looked for, so that nothing is searched for."""
        return replace(self, searched=False, names="", words="", state="unclear")

    def _gone_on(self, understood: Any) -> Any:
        """What was understood of an English turn that goes on from turns in another language: where they name no kind, their own
        words are searched for too, and where the embedder does not know them nothing is shown."""
        intent = understood.intent
        lasting = any(own for own, _ in self.parts) or bool(self.rest)
        if not intent.shopping or understood.follow_up is not None or intent.kind or not lasting:
            return understood
        if _names_something(intent.constraints):
            return understood
        if not self.searched:
            return replace(understood, heard=self.unclear())
        return replace(understood, intent=replace(intent, query=f"{self.rest} {intent.query}".strip()), heard=self)

    def _own(self, text: str) -> str:
        """The text with the shopper's words in place of the English phrases, or of what the rules take of one."""
        for english, own in self.parts:
            short = re.compile(rf"(?<!\w){re.escape(_LEAD.sub('', english))}(?!\w)")
            text = text.replace(english, own) if english in text else own.join(short.split(text))
        return text

    def _spoken(self, constraint: Constraint) -> Constraint:
        if self.guessed and constraint.field == "categories" and constraint.span.lower() == self.guessed.lower():
            return replace(constraint, span=self.rest)
        return replace(constraint, span=self._own(constraint.span))


def _names_something(constraints: tuple[Constraint, ...]) -> bool:
    """Whether a limit names a kind, a brand or another value of words."""
    return any(c.operator in ("=", "in") and not isinstance(c.value, (int, float)) for c in constraints)
