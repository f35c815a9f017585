"""Turns rows of the tables into products: title, description, price ending, reviews, stock and dates."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections import Counter
from typing import Any

from . import SEED, TODAY
from .rules import all_hold
from .tables import Pattern, Table

LEAD = ("brand", "model", "price", "hook")
SHADES = {
    "black": ("Black", "Matt Black", "Coal Black"),
    "white": ("White", "Chalk White", "Snow White"),
    "grey": ("Grey", "Slate Grey", "Stone Grey"),
    "blue": ("Blue", "Harbour Blue", "Midnight Blue", "Ink Blue"),
    "green": ("Green", "Moss Green", "Bottle Green", "Sage Green"),
    "red": ("Red", "Brick Red", "Signal Red"),
    "yellow": ("Yellow", "Mustard Yellow", "Lemon Yellow"),
    "orange": ("Orange", "Burnt Orange"),
    "pink": ("Pink", "Dusky Pink"),
    "purple": ("Purple", "Plum Purple"),
    "brown": ("Brown", "Chestnut Brown"),
    "beige": ("Beige", "Sand Beige"),
    "turquoise": ("Turquoise",),
    "silver": ("Silver",),
    "gold": ("Gold",),
    "multicolour": ("Multicolour",),
}
ENDINGS = ("0.00", "0.01", "0.05", "0.10")
STEEL = {"stainless": "Stainless Steel", "carbon": "Carbon Steel", "damascus": "Damascus Steel"}


def _number(value: float) -> str:
    return f"{value:g}" if value < 100000 else str(int(value))


def _words(value: Any) -> str:
    if isinstance(value, list):
        if len(value) > 2 and all(v.isdigit() for v in value) and int(value[-1]) - int(value[0]) == len(value) - 1:
            return f"{value[0]} to {value[-1]}"
        return value[0] if len(value) == 1 else f"{', '.join(value[:-1])} and {value[-1]}"
    return value if isinstance(value, str) else _number(value)


def _title_case(text: str) -> str:
    small = {"and", "of", "with", "in"}
    words = re.sub(r"(?<=-)(over|on|in|up)\b", lambda m: m[0].title(), text).split()
    return " ".join(w if w in small else w[:1].upper() + w[1:] for w in words)


def _fill(text: str, facts: dict[str, Any], shade: str) -> str:
    special = {
        "Colour": shade,
        "steel_name": STEEL.get(str(facts.get("steel")), ""),
        "weight_kg_text": _number(facts.get("weight_g", 0) / 1000),
        "players_text": _range(facts.get("players_min"), facts.get("players_max")),
        "age_text": "Birth"
        if facts.get("age_min") == 0
        else f"{facts.get('age_min')} Year{'s' * (facts.get('age_min') != 1)}",
        "terrain_text": "Road-to-Trail" if facts.get("terrain") == "mixed" else _title_case(str(facts.get("terrain"))),
        "mount_text": f"{_title_case(str(facts.get('mount')))} Mount",
    }

    def one(match: re.Match[str]) -> str:
        name = match[1]
        if name in special:
            return special[name]
        words = _words(facts[name.lower()])
        return _title_case(words) if name[0].isupper() else words

    return re.sub(r"{(\w+)}", one, text)


def _range(low: Any, high: Any) -> str:
    return str(low) if low == high else f"{low}–{high}"


def _rarest(patterns: list[Pattern], used: Counter[str], rng: random.Random) -> list[Pattern]:
    return sorted(patterns, key=lambda p: (used[p.text], rng.random()))


def _describe(
    table: Table, product: dict[str, Any], facts: dict[str, Any], used: Counter[str], rng: random.Random
) -> str:
    fitting = [p for p in table.details if all_hold(product, p.when) and all(facts.get(f) is not None for f in p.shown)]
    chosen: list[Pattern] = []
    spoken: set[str] = set()
    for pattern in _rarest(fitting, used, rng):
        topics = pattern.fields - {"kind", "style", "use", "mount", "position"}
        if not topics & spoken:
            chosen.append(pattern)
            spoken |= topics
        if len(chosen) == (3 if len(facts["hook"]) < 75 else 2):
            break
    used.update(p.text for p in chosen)
    sentences = [_fill(p.text, facts, "") for p in chosen]
    return " ".join([facts["hook"], *sentences])


def _price(amount: int, brand: str) -> str:
    less = random.Random(f"{SEED}:ending:{brand}").choice(ENDINGS)
    return f"{amount - float(less):.2f}"


def _history(rng: random.Random, amount: int, brand: str) -> dict[str, Any]:
    """Release date, reviews, rating and stock, which hang together: a new product has few reviews, or none."""
    today = dt.date.fromisoformat(TODAY)
    fate = rng.random()
    if fate < 0.02:
        released = today + dt.timedelta(days=rng.randint(9, 50))
    elif fate < 0.10:
        released = today - dt.timedelta(days=rng.randint(3, 75))
    else:
        released = today - dt.timedelta(days=int(75 + 2600 * rng.betavariate(1.2, 2.2)))
    age = max(0, (today - released).days)
    pull = min(8.0, rng.lognormvariate(0, 1.1)) * 0.22 / (1 + amount / 250)
    reviews = int(pull * age) if age > 75 else rng.randint(0, 3) * (age > 0)
    good = 4.15 + random.Random(f"{SEED}:reputation:{brand}").gauss(0, 0.16) + rng.gauss(0, 0.26)
    rating = None if reviews == 0 else round(min(4.9, max(2.7, good)), 1)
    if released > today:
        return {"rating": None, "review_count": 0, "availability": "preorder", "stock": 0, "released": released}
    out = rng.random() < 0.07
    stock = 0 if out else max(1, int(rng.lognormvariate(3.1, 1)))
    return {
        "rating": rating,
        "review_count": reviews,
        "availability": "out_of_stock" if out else "in_stock",
        "stock": stock,
        "released": released,
    }


def build_table(table: Table) -> list[dict[str, Any]]:
    """The products of one category, in the native schema."""
    products = []
    titles_used: Counter[str] = Counter()
    details_used: Counter[str] = Counter()
    for number, row in enumerate(table.rows, 101):
        id_ = f"{table.code}-{number}"
        rng = random.Random(f"{SEED}:{id_}")
        attributes = {k: v for k, v in row.items() if k not in LEAD and k not in table.hidden and v is not None}
        for name in table.optional:
            if rng.random() < 0.12:
                attributes.pop(name, None)
        if "ports" in attributes:
            attributes |= {"port_count": len(row["ports"]), "ports": sorted(set(row["ports"]), reverse=True)}
        facts = {**{k: row[k] for k in (*LEAD, *table.hidden)}, **attributes}
        amount = int(row["price"])
        shade = rng.choice(SHADES[row["colour"]])
        past = _history(rng, amount, row["brand"])
        price = _price(amount, row["brand"])
        product: dict[str, Any] = {"id": id_, "title": "", "description": "", "brand": row["brand"], "price": price}
        product["currency"] = "EUR"
        if rng.random() < 0.17:
            product["list_price"] = _price(round(amount * rng.uniform(1.1, 1.35)) + 1, row["brand"])
        product |= {"categories": table.path, "attributes": attributes}
        if past["rating"] is not None:
            product["rating"] = past["rating"]
        product |= {k: past[k] for k in ("review_count", "availability", "stock")}
        product["images"] = []
        product["released_at"] = past["released"].isoformat()
        product["url"] = f"https://shop.example/p/{id_.lower()}"
        pattern = _rarest([p for p in table.titles if all_hold(product, p.when)], titles_used, rng)[0]
        titles_used[pattern.text] += 1
        product["title"] = _fill(pattern.text, facts, shade)
        product["description"] = _describe(table, product, facts, details_used, rng)
        products.append(product)
    return products
