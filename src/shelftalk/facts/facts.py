"""The facts of one product: what its record says, field by field, in a form that a sentence can be built on.

Empty, technical and unsafe values are left out, and so is long text: it is never verbalised. A fact keeps the record's
own value untouched, because that is what an answer shows as evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from shelftalk.prompts.filters import neutral
from shelftalk.text import clean
from shelftalk.values import CORE_FIELDS, Facet, Facets, Product
from shelftalk.words.stems import bag
from shelftalk.words.units import Unit, split_unit, unit_of

FactKind = Literal["money", "number", "text", "boolean", "list", "date", "title", "mention"]

MAX_TEXT, MAX_WORDS, MAX_ELEMENTS = 60, 9, 6


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of a record. `value` is the record's own; `name`, `unit` and `reads` are how a sentence speaks of it.

    `truth` is set for booleans ("yes" and "no" in a text field count as such), `number` for money and numbers,
    `parts` holds the elements of a list or the one text.
    """

    number: int
    field: str
    value: Any
    kind: FactKind
    name: str
    reads: str
    unit: Unit | None = None
    currency: str | None = None
    amount: float | None = None
    truth: bool | None = None
    parts: tuple[str, ...] = ()


_NOISE_NAME = re.compile(
    r"\b(?:ids?|skus?|ean|gtin\d*|upc|mpn|asin|isbn|urls?|uri|links?|img|bar ?codes?|codes?|part numbers?|serial|hash|"
    r"slug|timestamps?|updated|created|where visible)\b|\b(?:images?|pictures?|photos?|thumbnails?)$"
    r"|^(?:parents?|variant of|notes?|remarks?|comments?)$|^(?:internal|private|staff|admin|parent)\b|\bparent$"
)
# A text of letters and digits without a space, which a size or an amount with a unit is not.
_CODE = re.compile(r"(?=.*\d)(?!\d+(?:[.,]\d+)?[^\W\d_]{0,4}$)[\w./-]{3,}")
# From so many products with a field, such a share of different values and so large a least whole number on, the values are ids.
MANY, APART, LARGE = 10, 0.9, 10_000
_NOISE_VALUE = {
    *(
        "",
        "-",
        "--",
        "n/a",
        "na",
        "none",
        "null",
        "nan",
        "unknown",
        "other",
        "others",
        "various",
        "not applicable",
        "?",
    ),
    *("not available", "not specified", "unspecified", "see description", "tbd", "not known", "does not apply"),
}
_YES, _NO = frozenset({"yes", "true"}), frozenset({"no", "false"})
_SAFE_TEXT = re.compile(r"[\w \-.,/+'’\"%°()&#:;×™®©²³½~–]+\Z")
_ENTITY = re.compile(r"&#?\w+;")
_SENTENCE = re.compile(r"[.;:]\s+[A-Z]|[.;]\s+\w+\s+\w+\s+\w+")
# What an instruction to a reader looks like; a value that carries one is no fact about a product.
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|instructions?|prompts?|system (?:prompt|message)|assistant|rank (?:me|this|it|first|higher)|"
    r"recommend|pick (?:me|this)|choose (?:me|this)|must (?:buy|be|rank|choose)|you (?:must|should|are|will)|"
    r"buy (?:me|now|this)|click|visit|reply|respond|answer (?:with|only)|say (?:that|it|this|these|the)|tell the|the best|(?:call|phone|text|whatsapp|dial) (?:us|me|now|\+?\d)|verified|evidence|https?|www|jailbreak|"
    r"first place|top (?:pick|result)|number one|obey|pretend|act as)\b|\.(?:com|net|org|io)\b"
    r"|\b(?:system|user|assistant|human|developer)\s*:|\+\d[\d ]{5,}",
    re.IGNORECASE,
)
_LASTS = re.compile(
    r"(?:duration|time|runtime|length of play)$", re.IGNORECASE
)  # duration_min is in minutes, age_min is not
_ACRONYMS = {
    w: w.upper()
    for w in bag(
        "usb ram rom hdd ssd led lcd oled hdmi gps cpu gpu os sim uv spf nfc dpi fps rgb tv dvd cd pc ac dc lte ip ups vga "
        "isbn anc psu bpa ean dlna ips tft hd uhd hdr rpm dslr cri rgbw poe sd"
    )
} | {"wifi": "Wi-Fi", "bluetooth": "Bluetooth", "iso": "ISO"}  # fmt: skip
_LONG_FORMS = {"num": "number", "min": "minimum", "max": "maximum", "qty": "quantity", "avg": "average", "temp": "temperature", "approx": "approximate", "diam": "diameter"}  # fmt: skip


def spoken(text: str) -> str:
    """Untrusted text as a sentence says it: cleaned, without trademark signs."""
    return clean(re.sub("[™®©]", "", text))


def safe(text: str) -> bool:
    """Whether untrusted text, once cleaned, may be spoken: plain characters, no markup, link or instruction."""
    text = clean(text)
    return bool(
        text
        and clean(text) == neutral(text)
        and _SAFE_TEXT.match(text)
        and not _INSTRUCTION.search(text)
        and not _ENTITY.search(text)
    )  # fmt: skip


@lru_cache(maxsize=4096)
def humanise(field: str) -> str:
    """A field's name as a sentence writes it: "batteryLife_max" gives "maximum battery life"."""
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", field.removeprefix("attributes."))
    words = re.sub(r"[_\s]+", " ", text).strip(" -.:").split(" ")
    out = []
    for word in words:
        low = word.lower()
        known = _ACRONYMS.get(low) or _LONG_FORMS.get(low)
        shouted = len(word) > 1 and (any(c.isdigit() for c in word) or (word.isupper() and len(word) <= 5))
        out.append(known or (word if shouted else low))
    if len(out) > 1 and out[-1] in ("minimum", "maximum"):  # "age_max" is the maximum age
        out = [out[-1], *out[:-1]]
    return " ".join(out)


def facts_of(product: Product, facets: Facets) -> tuple[Fact, ...]:
    """The product's facts, numbered from 1: core fields first, then the attributes in the record's order."""
    found = [*_core(product), *_attributes(product, facets)]
    return tuple(_numbered(fact, i) for i, fact in enumerate(found, 1))


def _numbered(fact: Fact, number: int) -> Fact:
    return replace(fact, number=number)


def _core(p: Product) -> Iterator[Fact]:
    if safe(p.title) and len(p.title) <= 160:
        yield Fact(0, "title", p.title, "title", "title", f"title: {spoken(p.title)}", parts=(spoken(p.title),))
    for field, name in (("price", "price"), ("list_price", "list price")):
        value = getattr(p, field)
        if value is not None and (field == "price" or (p.price is not None and value > p.price)):
            yield Fact(0, field, value, "money", name, f"{name}: {money(value, p.currency)}", currency=p.currency, amount=float(value))  # fmt: skip
    if p.brand and _short(p.brand):
        yield Fact(0, "brand", p.brand, "text", "brand", f"brand: {spoken(p.brand)}", parts=(spoken(p.brand),))
    if p.rating is not None and p.rating > 0:
        yield Fact(0, "rating", p.rating, "number", "rating", f"rating: {plain_number(p.rating)}", amount=float(p.rating))  # fmt: skip
    if p.review_count:
        yield Fact(0, "review_count", p.review_count, "number", "reviews", f"reviews: {plain_number(p.review_count)}", amount=float(p.review_count))  # fmt: skip
    if p.stock is not None:
        yield Fact(0, "stock", p.stock, "number", "stock", f"in stock: {plain_number(p.stock)}", amount=float(p.stock))
    if p.availability and _short(p.availability):
        words = spoken(p.availability).replace("_", " ").lower()
        yield Fact(0, "availability", p.availability, "text", "availability", f"availability: {words}", parts=(words,))
    paths = tuple(spoken(c) for c in p.categories if _short(c))
    if paths and len(paths) == len(p.categories):
        yield Fact(0, "categories", p.categories, "list", "category", f"category: {paths[-1]}", parts=paths)
    if p.released_at and re.match(r"\d{4}-\d{2}-\d{2}", p.released_at):
        yield Fact(0, "released_at", p.released_at, "date", "release date", f"released: {p.released_at[:10]}", parts=(p.released_at[:10],))  # fmt: skip


def _attributes(p: Product, facets: Facets) -> Iterator[Fact]:
    for field, value in p.attributes.items():
        if field in CORE_FIELDS:  # the name means the record's own field, here and in every limit
            continue
        fact = attribute_fact(field, value, facets)
        if fact is not None:
            yield fact


def attribute_fact(field: str, value: Any, facets: Facets) -> Fact | None:
    """The fact of one attribute, or None where it is empty, technical, too long or unsafe."""
    numeric = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    facet = facets.get(field)
    stem, spelled = split_unit(field) if numeric else (field, None)
    if (
        spelled is not None and spelled.lower() == "min"
    ):  # age_min is the least age; minutes are spelt "mins", "minutes"
        stem, spelled = (stem, "minute") if _LASTS.search(stem) else (field, None)
    unit = unit_of(facet.unit if facet and facet.unit else spelled)
    if unit is not None and unit.one == "year" and 1000 <= float(value) <= 2999:  # release_year: 2019 is a date
        unit = None
    name = humanise(clean(stem if unit else field))
    if (
        not safe(name)
        or _is_id(value, facet)
        or len(name) > 48
        or len(name.split()) > 6
        or _NOISE_NAME.search(name.lower())
        or re.search(r"[.!?;:]\s", name)
    ):
        return None
    if isinstance(value, bool):
        return Fact(0, field, value, "boolean", name, f"{name}: {'yes' if value else 'no'}", truth=value)
    if numeric:
        amount = float(value)
        reads = f"{name}: {quantity(amount, unit, name)}"
        return Fact(0, field, value, "number", name, reads, unit=unit, amount=amount)
    if isinstance(value, (tuple, list)):
        parts = tuple(spoken(v) for v in map(str, value) if _short(v))
        if not parts or len(parts) != len(value) or len(parts) > MAX_ELEMENTS:
            return None
        return Fact(0, field, tuple(value), "list", name, f"{name}: {', '.join(parts)}", parts=parts)
    return _text_fact(field, str(value), name)


def _is_id(value: Any, facet: Facet | None) -> bool:
    """Whether a value is a code that next to no two products share: a number or a key of the shop's, whatever it is called."""
    if facet is None or facet.count < MANY or facet.distinct < APART * facet.count or facet.unit:
        return False
    text = str(value).strip()
    if text.isdecimal() and facet.kind == "number":
        return isinstance(facet.minimum, int) and facet.minimum >= LARGE
    return isinstance(value, str) and bool(_CODE.fullmatch(text))


def _text_fact(field: str, value: str, name: str) -> Fact | None:
    low = value.strip().lower()
    if low in _YES | _NO:
        return Fact(0, field, value, "boolean", name, f"{name}: {'yes' if low in _YES else 'no'}", truth=low in _YES)
    if not _short(value):
        return None
    return Fact(0, field, value, "text", name, f"{name}: {spoken(value)}", parts=(spoken(value),))


def _short(value: str) -> bool:
    return (
        clean(value).lower() not in _NOISE_VALUE
        and len(value) <= MAX_TEXT
        and len(value.split()) <= MAX_WORDS
        and safe(value)
        and not _SENTENCE.search(value)
    )


def money(value: Decimal, currency: str | None) -> str:
    """An amount as a sentence writes it: "79.99 USD", "49 USD", "1,299 EUR"; no binary rounding."""
    whole = value == value.to_integral_value()
    text = f"{value.quantize(Decimal(1)):,f}" if whole else f"{value:,.2f}" if _places(value) >= -2 else f"{value:,f}"
    return f"{text} {currency}" if currency else text


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def plain_number(value: float) -> str:
    """A number without needless zeros and with thousands set apart: "1,200", "4.6"."""
    if float(value).is_integer():
        return f"{int(value):,d}"
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def quantity(amount: float, unit: Unit | None, name: str = "") -> str:
    """A number with its unit in the right number: "1 hour", "250 g", "12%"; years carry no thousands mark."""
    digits = plain_number(amount)
    if unit is None:
        return digits.replace(",", "") if "year" in name and 1000 <= amount <= 2999 else digits
    word = unit.one if amount == 1 else unit.many
    return f"{digits}{word}" if word in ("%", "°C", "°F") else f"{digits} {word}"
