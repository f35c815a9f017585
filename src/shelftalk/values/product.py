"""What a shop sells, and what its catalogue holds field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

Scalar = str | bool | int | float | Decimal
AttributeValue = str | bool | int | float | tuple[str, ...]
Kind = Literal["money", "number", "text", "boolean", "list", "date"]

CORE_FIELDS = (
    "id", "title", "description", "brand", "price", "currency", "list_price", "categories", "attributes", "rating",
    "review_count", "availability", "stock", "images", "released_at", "url", "item_group_id", "hidden_attributes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """One item of a shop's catalogue, as the feed gave it: text is untrusted and is kept letter for letter.

    Products of one `item_group_id` are variants of one thing (sizes, colours). `hidden_attributes` are the shop's own: they are kept and
    exported, and nothing that searches, answers or shows reads them.
    """

    id: str
    title: str
    description: str = ""
    brand: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    list_price: Decimal | None = None
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    rating: float | None = None
    review_count: int | None = None
    availability: str | None = None
    stock: int | None = None
    images: tuple[str, ...] = ()
    released_at: str | None = None
    url: str | None = None
    item_group_id: str | None = None
    hidden_attributes: Mapping[str, AttributeValue] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """The value of a field by the name a facet carries (a core field, or an attribute's bare name), or None."""
        if name in CORE_FIELDS and name not in ("id", "attributes", "hidden_attributes"):
            return (
                getattr(self, name) or None if name in ("description", "categories", "images") else getattr(self, name)
            )
        return self.attributes.get(name, self.attributes.get(name.removeprefix("attributes.")))


@dataclass(frozen=True, slots=True)
class Facet:
    """A field that requests may constrain or sort by, with what the catalogue holds in it.

    `values` are the commonest values with their counts, most frequent first (text, boolean and list fields; all of them
    when `distinct == len(values)`); `minimum` and `maximum` are set for money, numbers and dates (ISO strings).
    `unit` is the unit that the field's name carries ("hours" of battery_life_hours), None where it carries none.
    `mean` is the mean over the products that have it (money and numbers), for requests like "cheaper than average".
    `categories` are the categories whose products carry the field, () where that is not known: "the lightest tent" then
    means the weight field that tents have.
    """

    field: str
    kind: Kind
    count: int
    distinct: int
    values: tuple[tuple[Scalar, int], ...] = ()
    minimum: Scalar | None = None
    maximum: Scalar | None = None
    unit: str | None = None
    mean: float | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facets:
    """What the understand stage may name: the facets of one version of one catalogue, commonest field first. `currency` is that of
    most prices, `currencies` all of them with their counts, the commonest first."""

    facets: tuple[Facet, ...] = ()
    products: int = 0
    version: int = 0
    currency: str | None = None
    currencies: tuple[tuple[str, int], ...] = ()

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.facets)

    def get(self, name: str) -> Facet | None:
        """The facet of that field, or None."""
        return next((f for f in self.facets if f.field == name), None)


def plain(value: Any) -> Any:
    """A value as JSON holds it: money as a decimal string, tuples as lists, the rest as it is."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    return value
