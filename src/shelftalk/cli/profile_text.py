"""Profiles as the terminal shows them. Titles, quotes and words are untrusted: control characters are taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shelftalk.text import clean

__all__ = ["of_item", "of_user"]


def of_user(made: Mapping[str, Any], *, evidence: bool) -> str:
    """A shopper's profile, a line each with its id; with `evidence`, what each rests on below it."""
    out = list(made["notes"])
    if not made["on"] and made["personalisation"]:
        out.append("The profile is switched off: nothing of it counts.")
    if made["aspects_off"]:
        out.append(f"Switched off: {', '.join(made['aspects_off'])}.")
    for line in made["lines"]:
        state = "" if line["on"] else " (off)"
        words = clean(line["criterion"]["words"])
        said = f' In your words: "{words}".' if words else ""
        out.append(f"{line['id']}  {line['weight']:.2f}  {clean(line['text'])}{said}{state}")
        out += [f"    {e['at'][:10]}  {e['kind']}  {clean(e['title'])}" for e in line["evidence"] if evidence]
    if not made["lines"]:
        out.append("Nothing is known of this shopper's taste.")
    left = made["left_out"]
    if left["unknown_product"] or left["in_the_future"]:
        out.append(
            f"Left out: {left['unknown_product']} interactions with products that the catalogue lacks, "
            f"{left['in_the_future']} of a time to come."
        )
    return "\n".join(out)


def of_item(made: Mapping[str, Any]) -> str:
    """A product's profile under headings; what is said of nobody is left out."""
    return "\n".join(line for part in (_facts, _reviews, _buyers, _trend) for line in part(made))


def _facts(made: Mapping[str, Any]) -> Iterator[str]:
    yield f"{clean(made['title'])} ({made['product_id']})"
    yield from (f"  {fact}" for fact in made["facts"])


def _reviews(made: Mapping[str, Any]) -> Iterator[str]:
    reviews = made["reviews"]
    mean = "" if reviews["mean"] is None else f", {reviews['mean']:g} of 5"
    yield f"Reviews: {reviews['count']}{mean}"
    for aspect in reviews["aspects"]:
        yield f"  {aspect['name']}: {aspect['reviews']} speak of it, {aspect['good']} rate the product well, {aspect['bad']} low"
        yield from (f'    "{clean(quote)}"' for quote in aspect["quotes"])


def _buyers(made: Mapping[str, Any]) -> Iterator[str]:
    least = made["at_least"]
    yield f"Buyers: {f'fewer than {least}' if made['buyers'] is None else made['buyers']}"
    for one in made["who_buys"]:
        criterion = one["criterion"]
        value = "" if criterion["value"] is None else f" {clean(str(criterion['value']))}"
        place = f"{clean(one['category'])}: " if one["category"] else ""
        yield (
            f"  {place}{clean(criterion['field'])} {criterion['want']}{value}: {one['buyers']} of {one['of']} buyers, "
            f"{one['base']:.0%} of all shoppers"
        )
    yield from (f"  also bought by {b['buyers']}: {clean(b['title'])}" for b in made["bought_with"])


def _trend(made: Mapping[str, Any]) -> Iterator[str]:
    trend, least = made["trend"], made["at_least"]
    for one in (c for c in trend["counts"] if (c["now"], c["before"]) != (None, None)):
        now, before = (f"fewer than {least}" if n is None else str(n) for n in (one["now"], one["before"]))
        yield f"{one['kind']}: {now} shoppers in the last {trend['days']} days, {before} in the {trend['days']} before"
