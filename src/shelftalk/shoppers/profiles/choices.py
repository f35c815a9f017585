"""A shopper's interactions as choices: which things were chosen or sent away on each shelf, how strongly, when and in which visits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shelftalk.shoppers.profiles.offers import Offers, thing
from shelftalk.shoppers.profiles.signals import fading
from shelftalk.values import Interaction, Product

__all__ = ["Choice", "by_shelf", "choices", "ids_of"]


@dataclass(slots=True)
class Choice:
    """One thing that was chosen (or sent away): the variant that was meant most, how strongly (faded), and by which interactions."""

    product: Product
    shelf: str
    strength: float = 0.0
    interactions: list[Interaction] = field(default_factory=list)

    @property
    def own(self) -> list[Interaction]:
        """Its interactions with the variant that was meant: those that what is said of that variant can rest on."""
        return [one for one in self.interactions if one.product_id == self.product.id]


def ids_of(held: Iterable[Choice]) -> tuple[str, ...]:
    """The ids of the interactions with the variants that were meant."""
    return tuple(one.id for choice in held for one in choice.own)


def choices(
    interactions: Iterable[Interaction],
    products: Mapping[str, Product],
    offers: Offers,
    worth: Callable[[Interaction], float],
    least: float,
    now: datetime,
    half_life_days: float,
) -> list[Choice]:
    """The things of which an interaction is `worth` at least `least`, each with the interactions that are. A thing is as strong as its
    strongest interaction, so that coming back ten times to one product counts once."""
    found: dict[str, Choice] = {}
    for one in interactions:
        product, strength = products.get(one.product_id), worth(one)
        if product is None or strength < least:
            continue
        key = thing(product)
        choice = found.get(key)
        if choice is None:
            choice = found[key] = Choice(product, offers.category_of(product))
        choice.interactions.append(one)
        now_worth = strength * fading(one.at, now, half_life_days)
        if now_worth >= choice.strength:  # the newest of equals
            choice.product, choice.shelf = product, offers.category_of(product)
            choice.strength = now_worth
    return list(found.values())


def by_shelf(chosen: Sequence[Choice], offers: Offers) -> dict[str, list[Choice]]:
    """The choices of each shelf; one that stands on several is on each."""
    found: dict[str, list[Choice]] = {}
    for choice in chosen:
        for name in offers.shelves_of(choice.product):
            found.setdefault(name, []).append(choice)
    return found
