"""Listings that speak to the model instead of the shopper. The right answer beside them stays what it was.

The lines are other than those of the injection suite, so that the suite goes on measuring what was not trained on.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

from shelftalk.values import Product


@cache
def lines() -> tuple[str, ...]:
    """The hostile lines, one a line of hostile.txt."""
    return tuple(Path(__file__).with_name("hostile.txt").read_text(encoding="utf-8").split("\n"))[:-1]


def hostile_title(product: Product, chooser: random.Random) -> Product:
    """The product with a hostile line behind its title, before it, or as an attribute."""
    line = chooser.choice(lines())
    match chooser.randrange(3):
        case 0:
            return replace(product, title=f"{product.title} - {line}")
        case 1:
            return replace(product, title=f"{line} {product.title}")
    return replace(product, attributes={"note": line, **product.attributes})
