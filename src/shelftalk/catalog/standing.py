"""Where a value stands among the products that fit: computed from the table, never guessed.

"lightest of 16", "2nd longest of 23", "yes, 3 of 16": numbers are placed among all values of the field that a filter lets
through, named values are counted. The words come from the field's unit (UNITS_WORDS), else from its name's last word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from shelftalk.catalog import sql
from shelftalk.catalog.facets import unit as unit_in_name
from shelftalk.values import Constraint, Product, Scalar

if TYPE_CHECKING:
    import numpy as np

    from shelftalk.catalog.store import Catalog

__all__ = ["Scope", "Standing", "Stands", "superlatives"]

# Up to this place a value is told by its place ("3rd lightest of 16").
TOLD = 3
_MONEY = ("price", "list_price")
_ORDINALS = {1: "", 2: "2nd ", 3: "3rd "}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
# (smallest, largest) by what is measured: the first whose words a field's name holds, then by its unit. A unit of length alone
# tells no length of the thing (a water column in mm is the highest), nor one of mass its weight (a breathability in g is the highest).
_BY_NAME: tuple[tuple[tuple[str, ...], tuple[str, str]], ...] = (
    (("price",), ("cheapest", "most expensive")),
    (("width", "wide"), ("narrowest", "widest")),
    (("height", "tall"), ("lowest", "tallest")),
    (("thickness", "thick"), ("thinnest", "thickest")),
    (("noise_reduction", "noise_cancellation", "noise_cancelling", "noise_isolation"), ("lowest", "highest")),
    (("noise", "loudness", "volume_db"), ("quietest", "loudest")),
    (("brightness", "luminous"), ("dimmest", "brightest")),
    (("weight", "mass"), ("lightest", "heaviest")),
    (("length", "depth", "diameter", "reach", "range"), ("shortest", "longest")),
    (("load", "temperature", "power", "speed", "pressure"), ("lowest", "highest")),
    (("capacity", "volume", "storage"), ("smallest", "largest")),
    (("duration", "runtime", "battery_life", "warranty", "time"), ("shortest", "longest")),
)
_BOUNDS = ("_max_", "_maximum_", "_min_", "_minimum_")
_BY_UNIT: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("db",), ("quietest", "loudest")),
    **dict.fromkeys(("lm", "lumens", "nits", "lux"), ("dimmest", "brightest")),
    **dict.fromkeys(("l", "ml", "cl", "liters", "litres", "gb", "tb", "mb", "mah", "wh", "inch", "inches", "in"), ("smallest", "largest")),
    **dict.fromkeys(("h", "hours", "hour", "hrs", "min", "minutes", "mins", "s", "seconds", "secs", "days", "weeks", "months", "years", "year"), ("shortest", "longest")),
}  # fmt: skip


def superlatives(field: str) -> tuple[str, str]:
    """The words for the smallest and the largest value of a field: ("lightest", "heaviest") of weight_g. A bound that the product sets
    for something else ("max_dog_weight_kg", "seat_height_min_cm") is no more than low or high."""
    name = f"_{'_'.join(_WORDS.findall(field)).lower()}_"
    if any(word in name for word in _BOUNDS) and any(
        word in name for word in ("_weight_", "_height_", "_width_", "_size_")
    ):
        return "lowest", "highest"
    for words, ends in _BY_NAME:
        if any(f"_{word}_" in name for word in words):
            return ends
    return _BY_UNIT.get(unit_in_name(field) or "", ("lowest", "highest"))


@dataclass(frozen=True, slots=True)
class Standing:
    """The place of a number among `of` values: `low` counted from the smallest, `high` from the largest (1 is the best; equal
    values share it), `share` the part of the others that are greater, ties counted half. For a named value, `of` products of
    which `alike` hold it."""

    of: int
    low: int = 0
    high: int = 0
    share: float = 0.5
    alike: int = 0
    number: bool = True

    def words(self, field: str) -> str:
        """As a card says it: "lightest of 16", "2nd heaviest of 16", "middle of 16"; "3 of 16" for a named value; "" for one
        product alone."""
        if self.of < 2:
            return ""
        if not self.number:
            return f"{self.alike} of {self.of}" if self.alike else ""
        least, most = superlatives(field)
        if self.low == self.high == 1:
            return f"all {self.of} alike"
        if self.low <= min(TOLD, self.of // 2) and self.low <= self.high:
            return f"{_ORDINALS[self.low]}{least} of {self.of}"
        if self.high <= min(TOLD, self.of // 2):
            return f"{_ORDINALS[self.high]}{most} of {self.of}"
        return f"middle of {self.of}"


class Stands(Protocol):
    """What cards need of a scope: where a number stands, and how many hold a value."""

    def of(self, product: Product) -> Stands:
        """The part of it that a product stands in."""
        ...

    def place(self, field: str, value: float) -> Standing:
        """The standing of a number."""
        ...

    def count(self, field: str, value: Scalar) -> Standing:
        """How many hold a named value, yes or no."""
        ...


class Scope:
    """The products that a filter lets through, by which values stand; each field is read from the table once.

    With several `kinds` a product stands among those of its own kind: `of(product)` is that part of the scope.
    """

    def __init__(
        self,
        catalog: Catalog,
        constraints: Sequence[Constraint],
        exclude: Sequence[str] = (),
        kinds: Sequence[str] = (),
    ) -> None:
        self.constraints, self.kinds = tuple(constraints), tuple(kinds)
        self._parts: dict[str, Scope] = {}
        self._catalog = catalog
        self._exclude = tuple(exclude)
        self._where = sql.where(self.constraints, self._exclude)
        self._spans: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._counts: dict[tuple[str, Any], int] = {}
        self._size: int | None = None

    def of(self, product: Product) -> Scope:
        """The part of the scope that a product stands in: its own kind's where there are several, else all of it."""
        kind = next((k for k in self.kinds if k in product.categories), None)
        if kind is None or len(self.kinds) < 2:
            return self
        if kind not in self._parts:
            narrowed = (*self.constraints, Constraint("categories", "=", kind))
            self._parts[kind] = Scope(self._catalog, narrowed, self._exclude)
        return self._parts[kind]

    def nearness(self, text: str, others: Sequence[str], beside: str = "") -> list[float]:
        """How near (cosine) each of the others is to the text in meaning, by the catalogue's embedder, less half of how near it is
        to the words `beside` it: what would be near whatever was said of them."""
        vectors = self._catalog.embedder.encode_again([text, *([beside] if beside else []), *others])
        toward = vectors[0] - vectors[1] / 2 if beside else vectors[0]
        return [float(v @ toward) for v in vectors[1 + bool(beside) :]]

    @property
    def size(self) -> int:
        """How many products there are, the variants of one thing counted once."""
        if self._size is None:
            self._size = self._catalog.distinct(self._where)
        return self._size

    def _currencies_apart(self) -> bool:
        held = any(c.field == "currency" and c.operator == "=" for c in self.constraints)
        return not held and len(self._catalog.facets().currencies) > 1

    def _ends(self, field: str) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest value of each product, each rising; none of prices in several currencies, which have no order."""
        import numpy as np

        if field not in self._spans:
            apart = field in _MONEY and self._currencies_apart()
            self._spans[field] = (np.empty(0), np.empty(0)) if apart else self._catalog.spans(field, self._where)
        return self._spans[field]

    def place(self, field: str, value: float) -> Standing:
        """The standing of a number. A product whose variants differ stands by its lowest against what is lower and by its highest
        against what is higher, so that no variant of another contradicts a superlative."""
        import numpy as np

        lowest, highest = self._ends(field)
        slack = 1e-9 * max(1.0, abs(value))
        total = len(lowest)
        below = int(np.searchsorted(lowest, value - slack, "left"))
        above = total - int(np.searchsorted(highest, value + slack, "right"))
        equal = max(0, total - above - below)
        others = total - min(equal, 1)  # a value that no product in scope holds has all of them beside it
        share = min(1.0, (above + 0.5 * max(0, equal - 1)) / others) if others else 0.5
        return Standing(total, below + 1, above + 1, share, equal)

    def count(self, field: str, value: Scalar) -> Standing:
        """How many hold a named value, yes or no."""
        key = (field, sql.canonical(value))
        if key not in self._counts:
            more = Constraint(field, "=", value)
            self._counts[key] = self._catalog.distinct(sql.where((*self.constraints, more), self._exclude))
        return Standing(self.size, alike=self._counts[key], number=False)
