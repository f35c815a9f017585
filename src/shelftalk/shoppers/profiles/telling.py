"""A profile in plain words, by the templates profile/line and profile/profile: what holds, and what the shopper did that shows it.

Models read these words. The shopper's own, from which a line was read, are not among them: what a model reads of a stated line is the field
and the value of the catalogue that it was read as.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from shelftalk.catalog.standing import superlatives
from shelftalk.facts.card import plain_name, wanted_value
from shelftalk.facts.facts import money
from shelftalk.prompts import PromptLibrary
from shelftalk.shoppers.profiles.lines import History
from shelftalk.shoppers.profiles.signals import speaks_for
from shelftalk.text import clean, shorten
from shelftalk.values import Interaction, Product, ProfileLine
from shelftalk.words.units import split_unit

__all__ = ["Telling", "did", "when"]

_NAMED = 1  # interactions that are told one by one
_MOST_TOLD = 8  # lines of the text
_TITLE = 60


def when(one: Interaction) -> str:
    """The month in which it was: "May 2026"."""
    return f"{calendar.month_name[one.at.month]} {one.at.year}"


def did(one: Interaction) -> str:
    """What was done, as the template names it: a rating or review is "rated well" or "rated low"."""
    if one.kind in ("rating", "review"):
        return "rated_well" if speaks_for(one) else "rated_low"
    return one.kind


@cache
def _shipped() -> PromptLibrary:
    return PromptLibrary.default()


@dataclass(frozen=True, slots=True)
class Telling:
    """Says lines in words, from the interactions that they rest on."""

    interactions: Mapping[str, Interaction]
    products: Mapping[str, Product]
    currency: str | None
    prompts: PromptLibrary

    @classmethod
    def of(cls, history: History, prompts: PromptLibrary | None = None) -> Telling:
        """For the lines of a history."""
        held = {one.id: one for one in history.interactions}
        return cls(held, history.products, history.offers.facets.currency, prompts or _shipped())

    def told(self, line: ProfileLine) -> ProfileLine:
        """The line with its text."""
        shown, more = self._grounds(line.evidence)
        said = self.prompts.get("profile/line").render(
            category=line.category,
            what=self._what(line),
            want=line.criterion.want,
            field="kind" if line.criterion.field == "categories" else "",
            did=shown,
            more=more,
            source=line.source,
        )
        return replace(line, text=said.messages[-1].content)

    def text(self, lines: Sequence[ProfileLine]) -> str:
        """The profile in words; "" for no lines. The shopper's own lines come first, then the surest."""
        told = [line.text for line in lines[:_MOST_TOLD]]
        if not told:
            return ""
        return self.prompts.get("profile/profile").render(lines=told).messages[-1].content

    def _what(self, line: ProfileLine) -> str:
        criterion = line.criterion
        name = plain_name(criterion.field)
        if line.span is not None:
            low, high = line.span
            if criterion.field == "price":
                ends, unit = (money(low, None), money(high, self.currency)), None
            else:
                ends, unit = (f"{low:f}", f"{high:f}"), split_unit(criterion.field)[1]
            return f"{name} {'up to' if not low else f'{ends[0]} to'} {ends[1]}{f' {unit}' if unit else ''}"
        if criterion.want in ("low", "high"):
            end = superlatives(criterion.field)[criterion.want == "high"]
            return f"{name} among the {end}"
        if criterion.field == "categories":
            return clean(str(criterion.value))
        return wanted_value(criterion).replace(": ", " ", 1)

    def _grounds(self, ids: Iterable[str]) -> tuple[list[dict[str, Any]], int]:
        """The interactions that say most, a product once, and how many products more there are."""
        best: dict[str, Interaction] = {}
        for one in (self.interactions[i] for i in ids if i in self.interactions):
            held = best.get(one.product_id)
            if held is None or (speaks_for(one), one.at) >= (speaks_for(held), held.at):
                best[one.product_id] = one
        order = sorted(best.values(), key=lambda one: (-speaks_for(one), -one.at.timestamp(), one.id))
        shown = [
            {"kind": did(one), "title": shorten(clean(self.products[one.product_id].title), _TITLE), "when": when(one)}
            for one in order[:_NAMED]
        ]
        return shown, len(order) - len(shown)
