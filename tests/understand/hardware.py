"""A shop of hardware, phones' cases, clothes and food as a catalogue makes its facets, for what values say as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.understand.catalogues import RULES

from shelftalk.catalog.facets import collect
from shelftalk.retrieve.exclude import Unwanted
from shelftalk.understand import Understander, Understood
from shelftalk.values import Product, Request


def _product(identity: str, title: str, kind: str, text: str = "", **attributes: Any) -> Product:
    return Product(
        identity, title, text, price=Decimal(20), currency="USD", categories=("All", kind), attributes=attributes
    )


PRODUCTS = [
    *(_product(f"nip-{n}", f"Steel Nipple Fitting, {s}", "Fittings", size=s, material="steel") for n, s in (("14", "1/4 in"), ("12", "1/2 in"), ("34", "3/4 in"), ("112", "1 1/2 in"))),
    *(_product(f"rug-{s[0]}", f"Jute Rug {s}", "Rugs", size=s, material="jute") for s in ("3 x 5 ft", "6 x 9 ft", "9 x 12 ft")),
    *(_product(f"stud-{s}-{n[0]}", f"Spruce Stud {s}, {n}", "Timber", nominal_size=s, length=n) for s, n in (("2x3", "8 ft"), ("2x4", "8 ft"), ("2x4", "12 ft"), ("2x6", "12 ft"))),
    *(_product(f"cord-{n}", f"Extension Cord {n} ft", "Cords", length_ft=n) for n in (6, 10, 25)),
    *(_product(f"cell-{s}", f"Alkaline Cells {s}", "Cells", cell_size=s) for s in ("AAA", "AA", "C", "9V", "6V")),
    *(_product(f"case-{m.replace(' ', '')}", f"Clear Cover for {m}", "Phone Cases", fits_device=m) for m in ("Nova 7", "Nova 7 Lite", "Nova 8", "Orbit S3")),
    *(_product(f"jean-{w}-{n}", f"Slim Jeans {w} {n}", "Jeans", waist_in=w, inseam_in=n) for w, n in ((30, 32), (32, 30), (32, 34), (34, 32))),
    *(_product(f"suit-{a[0]}", f"Romper {a}", "Rompers", age_range=a) for a in ("0-3 months", "3-6 months", "6-12 months")),
    *(_product(f"bank-{c}", f"Power Bank {c}", "Power Banks", capacity_mah=c) for c in (5000, 10000, 20000)),
    *(_product(f"tv-{r}", f"Television {r}", "TVs", resolution=r) for r in ("1080p", "4K", "8K")),
    *(_product(f"juice-{n}", f"Apple Juice {n}-pack", "Juices", pack_count=n) for n in (6, 12, 24)),
    *(_product(f"wire-{c[0]}", f"Data Wire {c}", "Wires", connector=c) for c in ("USB-C", "Lightning", "Micro USB")),
    *(_product(f"tee-{c}", f"Tee {c}", "T-Shirts", colour=c) for c in ("red", "white")),
    _product("soup-beef", "Beef Soup", "Soups", "Slow-cooked, with celery.", flavour="beef"),
    _product("soup-leek", "Leek Soup", "Soups", "Vegetables only, no celery.", flavour="leek"),
    _product("soup-mix", "Garden Soup", "Soups", flavour="leek and beef"),
    _product("bag-1", "Work Bag", "Bags", "A leather handle.", hood=False),
    _product("bag-2", "Day Bag", "Bags", "An alternative to leather.", hood=True),
]  # fmt: skip
UNDERSTANDER = Understander(collect(PRODUCTS), settings=RULES)


def understood(text: str) -> Understood:
    """What the rules make of a request to this shop."""
    return UNDERSTANDER.understand(Request(text))


def left(text: str) -> set[str]:
    """The ids of the products that keep every limit of a request, and of which no text holds what is turned down."""
    from shelftalk.facts.holds import holds

    intent = understood(text).intent
    unwanted = Unwanted(intent.exclude)
    return {
        p.id for p in PRODUCTS if all(holds(c, p) for c in intent.constraints) and not unwanted.carried_by(p)
    }  # fmt: skip
