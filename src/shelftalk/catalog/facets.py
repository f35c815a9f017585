"""The facets of a catalogue: which fields its products carry, of what kind, how many, and which values are commonest.

They are what the understand stage may name. One pass over the products, in memory bounded by the caps below; kept in
facets.json beside the table until the version changes.
"""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from shelftalk.catalog import files, sql
from shelftalk.values import CORE_FIELDS, Facet, Facets, Kind, Product, Scalar, plain
from shelftalk.words.comparable import fractional_year, number

NAME = "facets.json"
LISTED_FACETS = 400
FEW_VALUES = 200
LISTED_VALUES = 50
LONGEST_VALUE = 100
LONGEST_NAME = 100
# Values counted one by one in a field; with more distinct ones the rarest are forgotten and `distinct` is estimated.
COUNTED_VALUES = 5_000
COUNTED_NAMES = 50_000
# A field that products of more categories than this carry is taken to belong to all of them.
LISTED_CATEGORIES = 200

_CORE = (
    "brand", "price", "list_price", "categories", "rating", "review_count", "availability", "stock", "released_at",
)  # fmt: skip
_MONEY = ("price", "list_price")
_UNITS = {
    "hours", "hour", "hrs", "h", "minutes", "mins", "seconds", "secs", "sec", "days", "weeks", "months", "years",
    "year", "yrs", "ms", "g", "kg", "mg", "lb", "lbs", "oz", "in", "inch", "inches", "cm", "mm", "m", "ft", "feet",
    "yd", "km", "mi", "miles", "l", "ml", "cl", "gal", "gallons", "liters", "litres", "w", "kw", "wh", "kwh", "mah",
    "v", "volts", "watts", "gb", "tb", "mb", "mp", "px", "hz", "khz", "mhz", "ghz", "db", "lm", "lumens", "nits",
    "psi", "bar", "rpm", "dpi", "ppm", "mph", "kmh", "kcal", "pct", "percent", "persons", "people", "pieces", "pcs",
    "pages", "sqft", "sqm", "hrc", "gsm", "lux", "atm", "denier", "btu",
}  # fmt: skip
_BRACKETED = re.compile(r"[(\[]\s*([^()\[\]]{1,12}?)\s*[)\]]\s*$")
_WORDS = re.compile(r"[^\w%]+|_")


def collect(products: Iterable[Product], version: int = 0) -> Facets:
    """The facets of the products, the field that most of them carry first (at most 400 fields are listed).

    A field's kind is the kind of most of its values (a text that reads as a number counts as a number, one that is an
    ISO date as a date; at a tie, text). Text, boolean and list fields list their values, grouped without case and shown
    as first spelt: all of them up to 200, else the 50 commonest; values longer than 100 characters are counted but not
    listed. `distinct` is exact up to 5,000 values and estimated beyond. `categories` are those of the products that carry
    an attribute, up to 200 (of the field `categories` itself those that stand last in a product's path); beyond, and for
    other core fields, none are listed. Where prices are in several currencies, the least, the most and the mean are those of the
    commonest: amounts of two currencies are never compared.
    """
    fields: dict[str, _Field] = {}
    currencies: Counter[str] = Counter()
    monies: dict[str, dict[str, _Field]] = {}
    total = 0
    for product in products:
        total += 1
        if product.currency and product.price is not None:
            currencies[product.currency] += 1
        for name in _CORE:
            value = getattr(product, name)
            if value is not None and value not in ((), ""):
                _of(fields, name).add(value, value[-1:] if name == "categories" else ())
                if name in _MONEY and product.currency:
                    _of(monies.setdefault(product.currency, {}), name).add(value)
        for name, value in product.attributes.items():
            if (
                name in CORE_FIELDS
                or not name.strip()
                or len(name) > LONGEST_NAME
                or value is None
                or value in ((), "")
            ):
                continue
            if name not in fields and len(fields) >= COUNTED_NAMES:
                continue
            _of(fields, name).add(value, product.categories)
    ordered = sorted(fields, key=lambda n: (-fields[n].count, n not in _CORE, n))
    priced = tuple(currencies.most_common())
    main = monies.get(priced[0][0], {}) if len(priced) > 1 else {}
    listed = tuple(_in_one_currency(fields[name].facet(name), main) for name in ordered[:LISTED_FACETS])
    return Facets(listed, total, version, priced[0][0] if priced else None, priced)


def _in_one_currency(facet: Facet, main: Mapping[str, _Field]) -> Facet:
    """The facet; of prices in several currencies with the least, the most and the mean of the commonest alone."""
    if facet.field not in main:
        return facet
    alone = main[facet.field].facet(facet.field)
    return replace(facet, minimum=alone.minimum, maximum=alone.maximum, mean=alone.mean)


class _Field:
    """What is counted of one field while the products go by."""

    __slots__ = (
        "categories", "count", "counts", "hashes", "high", "high_date", "kinds", "low", "low_date", "measured", "shown", "total",
    )  # fmt: skip

    def __init__(self) -> None:
        self.count = 0
        self.categories: set[str] | None = set()
        self.kinds: Counter[Kind] = Counter()
        self.counts: Counter[str] = Counter()
        self.shown: dict[str, Scalar] = {}
        self.measured = 0
        self.total = 0.0
        self.low: Any = None
        self.high: Any = None
        self.low_date: str | None = None
        self.high_date: str | None = None
        self.hashes: _Distinct | None = None

    def add(self, value: Any, categories: tuple[str, ...] = ()) -> None:
        self.count += 1
        if self.categories is not None:
            self.categories.update(categories)
            if len(self.categories) > LISTED_CATEGORIES:
                self.categories = None
        kind, amount = _kind(value)
        self.kinds[kind] += 1
        if kind == "date":
            self.low_date = value if self.low_date is None else min(self.low_date, value)
            self.high_date = value if self.high_date is None else max(self.high_date, value)
        if amount is not None:
            self.measured += 1
            self.total += float(amount)
            self.low = amount if self.low is None else min(self.low, amount)
            self.high = amount if self.high is None else max(self.high, amount)
        for item in dict.fromkeys(value) if isinstance(value, tuple) else (value,):
            self._count(sql.canonical(item), item)

    def _count(self, text: str, item: Scalar) -> None:
        if self.hashes is not None:
            self.hashes.add(text)
        if text in self.counts:
            self.counts[text] += 1
            return
        if len(self.counts) >= COUNTED_VALUES:
            if self.hashes is None:
                self.hashes = _Distinct()
                for held in self.counts:
                    self.hashes.add(held)
                self.hashes.add(text)
            self._forget()
        self.counts[text] = 1
        if not isinstance(item, str) or len(item) <= LONGEST_VALUE:
            self.shown[text] = item

    def _forget(self) -> None:
        """Keeps the commoner half of the values."""
        self.counts = Counter(dict(self.counts.most_common(COUNTED_VALUES // 2)))
        self.shown = {text: item for text, item in self.shown.items() if text in self.counts}

    def facet(self, name: str) -> Facet:
        if name in _MONEY:
            kind: Kind = "money"
        else:
            most = max(self.kinds.values())
            kind = next(k for k in ("text", "list", "boolean", "date", "number") if self.kinds[k] == most)
        distinct = self.hashes.estimate() if self.hashes is not None else len(self.counts)
        values: tuple[tuple[Scalar, int], ...] = ()
        if kind in ("text", "boolean", "list"):
            ranked = sorted(((self.shown[t], n) for t, n in self.counts.items() if t in self.shown), key=_rank)
            values = tuple(ranked if distinct <= FEW_VALUES else ranked[:LISTED_VALUES])
        low, high = (self.low_date, self.high_date) if kind == "date" else (self.low, self.high)
        ranged = kind in ("money", "number", "date")
        mean = self.total / self.measured if kind in ("money", "number") and self.measured else None
        return Facet(
            name, kind, self.count, distinct, values,
            low if ranged else None, high if ranged else None, unit(name) if kind == "number" else None, mean,
            tuple(sorted(self.categories or ())),
        )  # fmt: skip


def _of(fields: dict[str, _Field], name: str) -> _Field:
    field = fields.get(name)
    if field is None:
        field = fields[name] = _Field()
    return field


class _Distinct:
    """An estimate of how many different texts were added: k minimum values (Bar-Yossef et al., 2002), k = 1024."""

    K = 1024

    def __init__(self) -> None:
        self._heap: list[int] = []
        self._held: set[int] = set()

    def add(self, text: str) -> None:
        number = sql.key("", text) + 2**63
        if number in self._held:
            return
        if len(self._heap) < self.K:
            heapq.heappush(self._heap, -number)
        elif number < -self._heap[0]:
            self._held.discard(-heapq.heapreplace(self._heap, -number))
        else:
            return
        self._held.add(number)

    def estimate(self) -> int:
        if len(self._heap) < self.K:
            return len(self._heap)
        return round((self.K - 1) * 2**64 / -self._heap[0])


def _rank(pair: tuple[Scalar, int]) -> tuple[int, str]:
    return -pair[1], str(pair[0])


def _kind(value: Any) -> tuple[Kind, Any]:
    """The kind of a value, and the amount that a range is made of (None where it has none)."""
    if isinstance(value, bool):
        return "boolean", None
    if isinstance(value, (int, float, Decimal)):  # not remembered: 100 and 100.00 are equal and written otherwise
        return "number", value
    return _kind_of_text(value)


@lru_cache(maxsize=65_536, typed=True)
def _kind_of_text(value: Any) -> tuple[Kind, Any]:
    if isinstance(value, tuple):
        return "list", None
    if fractional_year(value) is not None:
        return "date", None
    amount = number(value)
    if amount is not None and sql.canonical(value) == sql.canonical(amount):
        return "number", int(amount) if amount.is_integer() and "." not in value else amount
    return "text", None


_LASTING = {"duration", "time", "runtime", "playtime"}


def unit(name: str) -> str | None:
    """The unit that a field's name ends with ("battery_life_hours", "Weight (kg)"), as it is written there, or None."""
    bracketed = _BRACKETED.search(name)
    if bracketed and bracketed[1].strip().lower() in {*_UNITS, "%"}:
        return bracketed[1].strip().lower()
    words = [w for w in _WORDS.split(name.lower()) if w]
    if words[-1:] == ["min"] and words[-2:-1] and words[-2] in _LASTING:  # minutes here, the least value elsewhere
        return "min"
    return words[-1] if len(words) > 1 and words[-1] in _UNITS else None


def save(folder: Path, facets: Facets) -> None:
    """Keeps the facets in the catalogue's folder, with the version they are of."""
    files.write_atomic(folder / NAME, json.dumps(to_dict(facets), ensure_ascii=False) + "\n")


def load(folder: Path, version: int | None) -> Facets | None:
    """The facets kept in the folder if they are of that version (of any, for None); None where there are none to trust."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if version is not None and found["version"] != version:
            return None
        listed = tuple(_facet(f) for f in found["facets"])
        currencies = tuple((str(code), int(n)) for code, n in found["currencies"])
        return Facets(listed, found["products"], found["version"], found["currency"], currencies)
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError):
        return None


def to_dict(facets: Facets) -> dict[str, Any]:
    """The facets as JSON holds them; money as decimal text."""
    return {
        "version": facets.version,
        "products": facets.products,
        "currency": facets.currency,
        "currencies": [list(pair) for pair in facets.currencies],
        "facets": [
            {
                "field": f.field, "kind": f.kind, "count": f.count, "distinct": f.distinct, "unit": f.unit, "mean": f.mean,
                "minimum": plain(f.minimum), "maximum": plain(f.maximum), "values": [[plain(v), n] for v, n in f.values],
                "categories": list(f.categories),
            }
            for f in facets.facets
        ],
    }  # fmt: skip


def _facet(found: dict[str, Any]) -> Facet:
    low, high = found["minimum"], found["maximum"]
    if found["kind"] == "money":
        low, high = (None if v is None else Decimal(v) for v in (low, high))
    values = tuple((v, int(n)) for v, n in found["values"])
    return Facet(
        found["field"], found["kind"], found["count"], found["distinct"], values, low, high, found["unit"], found["mean"],
        tuple(found["categories"]),
    )  # fmt: skip
