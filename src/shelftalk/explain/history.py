"""What a pick shares with what the shopper did before, as a claim that the interactions prove: "You bought the Lark Tent in May, also by
Torvik." It is made from a profile's line that the pick keeps and an interaction with a product that keeps it too, so that nothing is said
that either record or the interactions do not hold; `proven` holds a claim against them once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shelftalk.facts.card import plain_name
from shelftalk.facts.facts import money, plain_number, safe
from shelftalk.facts.holds import as_number, same
from shelftalk.prompts import PromptLibrary
from shelftalk.text import clean, shorten
from shelftalk.values import Claim, Evidence, Interaction, Product, ProfileLine, Shopper, plain

__all__ = ["DONE", "FIELD", "HistoryVoice", "keeps", "proven", "when"]

FIELD = "interaction"  # of the evidence that is one: its id
DONE: Mapping[str, str] = {
    "purchase": "bought",
    "cart": "put in your basket",
    "like": "liked",
    "rating": "rated highly",
    "review": "reviewed",
    "click": "looked at",
    "view": "looked at",
    "dwell": "looked at",
}
CHOSE = "chose"  # where neither how nor when is known
# The order in which what was done is told, the surest first.
_SUREST = tuple(DONE)
GOOD = 4.0  # a rating from which on something is liked
_TITLE = 60


class HistoryVoice:
    """Speaks of a shopper's history with one template."""

    def __init__(self, prompts: PromptLibrary) -> None:
        self._template = prompts.get("explain/history")

    def claim(
        self,
        product: Product,
        lines: Sequence[ProfileLine],
        shopper: Shopper,
        known: Mapping[str, Product],
        now: datetime,
    ) -> Claim | None:
        """That the shopper bought this very product, else the claim of the surest line that it keeps, None where there is none. `known` are
        the products of the history."""
        done = {i.id: i for i in shopper.history}
        own = [i for i in shopper.history if i.product_id == product.id and i.kind == "purchase"]
        if own:
            last = max(own, key=lambda i: i.at)
            return Claim(
                self._said(did="bought", when=when(last.at, now) if last.dated else ""),
                (Evidence(FIELD, last.id),),
                None,
                True,
                "record",
            )
        broken = next((line for line in lines if _broken(product, line)), None)
        if broken is not None:
            return self._stated(product, broken, other=True)
        for line in sorted(lines, key=lambda one: -one.weight):
            if not keeps(product, line) or line.criterion.want in ("low", "high", "not"):
                continue
            if line.source in ("stated", "corrected") or not line.evidence:
                return self._stated(product, line)
            if line.span is not None:
                return self._within(product, line)
            found = [
                i for e in line.evidence if (i := done.get(e)) and _tells(i, line, known) and i.product_id != product.id
            ]
            if found:
                first = min(found, key=lambda i: (_SUREST.index(i.kind), -i.at.timestamp()))
                return self._shared(product, line, first, known[first.product_id], now)
        return None

    def did(self, interaction: Interaction, other: Product, now: datetime) -> str:
        """What was done alone: "You bought the Lark Tent in May." """
        told = when(interaction.at, now) if interaction.dated else ""
        return self._said(did=_did(interaction), title=_title(other), when=told)

    def _shared(
        self, product: Product, line: ProfileLine, interaction: Interaction, other: Product, now: datetime
    ) -> Claim:
        text = self._said(
            did=_did(interaction),
            title=_title(other),
            when=when(interaction.at, now) if interaction.dated else "",
            name="brand" if line.criterion.field == "brand" else plain_name(line.criterion.field),
            value=_value(line.criterion.value),
        )
        held = Evidence(line.criterion.field, product.value(line.criterion.field))
        return Claim(text, (held, Evidence(FIELD, interaction.id)), None, True, "record")

    def _within(self, product: Product, line: ProfileLine) -> Claim:
        assert line.span is not None
        currency = product.currency if line.criterion.field == "price" else None
        low, high = (plain_number(float(end)) for end in line.span)
        value = product.value(line.criterion.field)
        told = money(value, currency) if line.criterion.field == "price" else plain_number(float(as_number(value) or 0))
        text = self._said(
            name=plain_name(line.criterion.field),
            value=told,
            span=f"{low} to {high} {currency or ''}".strip(),
            where=clean(line.category),
        )
        evidence = (Evidence(line.criterion.field, value), *(Evidence(FIELD, i) for i in line.evidence))
        return Claim(text, evidence, None, True, "record")

    def _stated(self, product: Product, line: ProfileLine, *, other: bool = False) -> Claim:
        field = line.criterion.field
        held = product.value(field)
        spoken = money(held, product.currency) if field == "price" else _value(held)
        text = self._said(
            name=plain_name(field),
            value=spoken if line.span is not None else _value(held if other else line.criterion.value),
            other=("yes" if line.criterion.value else "no") if other else "",
        )
        return Claim(text, (Evidence(field, product.value(field)),), None, True, "record")

    def _said(self, **told: str) -> str:
        blank = dict.fromkeys(("did", "title", "when", "name", "value", "span", "where", "other"), "")
        return self._template.render(**{**blank, **told}).messages[-1].content


def keeps(product: Product, line: ProfileLine) -> bool:
    """Whether a product does what a line says, within the line's category; of low and high, which stand to others, nothing is told."""
    if line.category and line.category not in product.categories:
        return False
    value = product.value(line.criterion.field)
    if value is None or value == ():
        return False
    if line.span is not None:
        number = as_number(value)
        return number is not None and float(line.span[0]) <= number <= float(line.span[1])
    if line.criterion.want not in ("is", "not"):
        return False
    values = value if isinstance(value, (tuple, list)) else (value,)
    return any(same(v, line.criterion.value) for v in values) == (line.criterion.want == "is")


def _did(interaction: Interaction) -> str:
    return DONE[interaction.kind] if interaction.dated else CHOSE


def _broken(product: Product, line: ProfileLine) -> bool:
    """Whether the record says no where the shopper stated a yes, or the other way round: who is vegan is to be told of beeswax."""
    criterion, held = line.criterion, product.value(line.criterion.field)
    stated = line.source in ("stated", "corrected") and criterion.want == "is" and isinstance(criterion.value, bool)
    here = not line.category or line.category in product.categories
    return stated and here and isinstance(held, bool) and held != criterion.value


def _tells(interaction: Interaction, line: ProfileLine, known: Mapping[str, Product]) -> bool:
    """Whether an interaction is one that is told, with a product that keeps the line too."""
    other = known.get(interaction.product_id)
    if other is None or interaction.kind not in DONE or not keeps(other, line) or not safe(_title(other)):
        return False
    return interaction.kind != "rating" or (interaction.value or 0) >= GOOD


def when(at: datetime, now: datetime) -> str:
    """ "today", "yesterday", "this month" or the month: "in May", with its year where it is another."""
    days = (now.date() - at.date()).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    month = at.strftime("%B")
    return f"in {month}" if at.year == now.year else f"in {month} {at.year}"


def proven(claim: Claim, product: Product, history: Sequence[Interaction], known: Mapping[str, Product]) -> bool:
    """Whether the evidence of a claim is the record's own and the shopper's own: each interaction is there, with that product on that
    day, and both products hold the value."""
    fields = [e for e in claim.evidence if e.field != FIELD]
    if not all(e.value == product.value(e.field) for e in fields):
        return False
    done = {i.id: i for i in history}
    cited = [e.value for e in claim.evidence if e.field == FIELD]
    if not set(cited) <= done.keys():
        return False
    if len(cited) != 1 or not any(verb in claim.text for verb in (*DONE.values(), CHOSE)):
        return True  # a range, of which the record's own value was checked
    found = done[cited[0]]
    if found.kind not in DONE or _did(found) not in claim.text:
        return False
    if found.product_id == product.id:
        return True
    other = known.get(found.product_id)
    return (
        other is not None and _title(other) in claim.text and all(_alike(other.value(e.field), e.value) for e in fields)
    )


def _alike(one: Any, other: Any) -> bool:
    ones, others = ((v if isinstance(v, (tuple, list)) else (v,)) for v in (one, other))
    return any(same(a, b) for a in ones for b in others if a is not None and b is not None)


def _title(product: Product) -> str:
    return shorten(clean(product.title), _TITLE)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "" if value else "no"
    return clean(str(plain(value)))
