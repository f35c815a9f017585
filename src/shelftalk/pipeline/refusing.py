"""What a shopper sent away: the limits that it sets beyond the products themselves, until the shopper asks for such a thing after all, and
the note where a product that was sent away is asked for by its name."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from shelftalk.facts.facts import money
from shelftalk.text import clean, shorten
from shelftalk.understand.turns.phrases import DEARER, NO_OBJECT
from shelftalk.values import Constraint, Intent, Product, Refusal, Request, plain
from shelftalk.words.comparable import number
from shelftalk.words.stems import stems
from shelftalk.words.stop import FILLER

__all__ = ["asked_by_name", "limits"]

SAID = "Left out, since you sent it away: {}."
HAS = "Left out, since you said that you have it: {}."
_TITLE = 80


def limits(
    refused: Sequence[Refusal], gone: Mapping[str, Product], intent: Intent, request: Request | None
) -> tuple[list[Constraint], list[str]]:
    """The limits, and the note that says so. `gone` are the products sent away, by id.

    What the request asks for is not refused: a brand that it names, and a price where it was said since that more may be spent.
    """
    brands = {
        clean(brand)
        for r in refused
        if r.why == "brand" and (brand := r.brand or (gone[r.product_id].brand if r.product_id in gone else None))
    }
    brands = {b for b in brands if b.casefold() not in _named_brands(intent)}
    held = [Constraint("brand", "!=", brand) for brand in sorted(brands)]
    told = sorted(brands)
    dear = [r for r in refused if r.why == "price" and r.product_id in gone and _of_kind(gone[r.product_id], intent)]
    prices = [
        (price, r.currency or gone[r.product_id].currency)
        for r in dear
        if (price := r.price or gone[r.product_id].price) is not None
        and not _more_may_be_spent(intent, request, r, float(price))
    ]
    if prices:
        price, currency = min(prices, key=lambda pair: pair[0])
        held.append(Constraint("price", "<", price))
        told.append(f"what costs {money(price, currency)} or more")
    return held, [SAID.format(", ".join(told))] if told else []


def asked_by_name(
    request: str, gone: Iterable[Product], shown: Iterable[Product], has: Container[str] = ()
) -> list[str]:
    """The notes on products sent away that the request names, where none of those shown is as near to its words; `has` are the ids of those
    that were sent away since the shopper has them."""
    asked, notes = stems(request), []
    titles = {p.id: stems(p.title) for p in shown}
    nearest = max((len(asked & title) for title in titles.values()), default=0)
    for product in gone:
        if product.id in titles:  # a question about it is answered
            continue
        title, brand = stems(product.title), stems(product.brand or "")
        own = title - _common(product)
        whole = own <= asked if own else title <= asked
        part = bool(own & asked and brand and brand <= asked) and len(asked & title) > nearest
        part = part or bool((own & asked).difference(*titles.values()))
        if part or (whole and len(asked & title) >= nearest):
            said = HAS if product.id in has else SAID
            notes.append(said.format(shorten(clean(product.title), _TITLE)))
    return notes


def _common(product: Product) -> set[str]:
    """The words of a title that are no name of the product's own: of its fields, their values, its kinds and its brand."""
    told = [
        product.brand or "",
        *product.categories,
        *product.attributes,
        *(str(plain(v)) for v in product.attributes.values()),
    ]
    return {s for text in told for s in stems(text.replace("_", " "))} | set(FILLER)


def _named_brands(intent: Intent) -> set[str]:
    found = [c for c in intent.constraints if c.field == "brand" and c.operator in ("=", "in")]
    return {clean(str(v)).casefold() for c in found for v in _values(c)}


def _more_may_be_spent(intent: Intent, request: Request | None, refusal: Refusal, price: float) -> bool:
    """Whether the shopper asked for what costs at least so much, or said so since it was sent away."""
    known = [c for c in intent.constraints if c.field == "price"]
    if any((number(_values(c)[0]) or 0.0) >= price for c in known if c.operator in (">", ">=", "between")):
        return True
    before, since = _told(request, refusal)
    if any(DEARER.search(text) or NO_OBJECT.search(text) for text in since if text not in before):
        return True
    raised = [
        c.span.lower() for c in known if c.operator in ("<", "<=") and (number(c.value) or 0.0) > price and c.span
    ]
    return any(span in text for span in raised if not any(span in text for text in before) for text in since)


def _told(request: Request | None, refusal: Refusal) -> tuple[list[str], list[str]]:
    """What was said before the refusal and after it, in lower case; after it are this turn, and the earlier ones of which that is known."""
    if request is None:
        return [], []
    before: list[str] = []
    since: list[str] = []
    for turn in request.history:
        if turn.role == "user":
            later = turn.at is not None and refusal.at is not None and turn.at > refusal.at
            (since if later else before).append(turn.content.lower())
    return before, [*since, request.request.lower()]


def _of_kind(product: Product, intent: Intent) -> bool:
    kinds = intent.named_kinds
    return not kinds or bool(set(kinds) & set(product.categories))


def _values(constraint: Constraint) -> tuple[object, ...]:
    return constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
