"""One record of a feed in the native schema becomes a Product, or a FieldError that names the field.

It knows nothing of files: readers bring the records, in whatever format they found them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shelftalk.catalog.money import kind, parse_currency, parse_money
from shelftalk.errors import ShelftalkError
from shelftalk.text import clean, shorten
from shelftalk.values import CORE_FIELDS, AttributeValue, Product, plain

_CORE = frozenset(CORE_FIELDS)
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?)?)?")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_WHOLE = re.compile(r"[+-]?(\d{1,18}|\d{1,3}(,\d{3}){1,5})", re.ASCII)
_PATH = re.compile(r"\s*>\s*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MAX_ID = 512
_INT64 = 2**63


class FieldError(ShelftalkError):
    """A field of a record that cannot be read: which field, the value it held, and why."""

    def __init__(self, field: str, value: Any, reason: str) -> None:
        told = f"{field}: {reason} (got {shorten(as_json(value), 80)})"
        super().__init__(told.encode("utf-8", "replace").decode())  # what is broken must not break who tells of it
        self.field, self.value, self.reason = field, value, reason


def as_json(value: Any) -> str:
    """A value of a feed as JSON writes it, so that a message shows `true` and `{"amount": 5}`, not Python's spelling."""
    if isinstance(value, Decimal):
        return str(value)
    try:
        return json.dumps(value, ensure_ascii=False, default=lambda v: plain(v) if isinstance(v, Decimal) else str(v))
    except (ValueError, RecursionError):
        return str(value)


def parse_product(record: Mapping[str, Any]) -> Product:
    """The product that a native record describes (the table in docs/catalog-formats.md).

    Text is kept letter for letter, money is exact, numbers stay equal to the record's; null and empty fields are absent.
    Unknown top-level fields become attributes where they hold text, a number, true or false, or a list of these, so a
    plain spreadsheet works; what else they hold is left out. FieldError names the first field that cannot be read.
    """
    get = record.get
    attributes = _attributes("attributes", get("attributes"))
    if not _CORE.issuperset(record):
        for name, value in record.items():
            if name not in _CORE and name not in attributes and not isinstance(value, Mapping) and not _nested(value):
                _attribute(attributes, name, value, name)
    price, currency = _money(record)
    return Product(
        _id(get("id")),
        _title(get("title")),
        _text("description", get("description")) or "",
        _text("brand", get("brand")),
        price[0],
        currency,
        price[1],
        _path("categories", get("categories")),
        attributes,
        _rating(get("rating")),
        whole("review_count", get("review_count")),
        _text("availability", get("availability")),
        whole("stock", get("stock")),
        _list("images", get("images")),
        _date(get("released_at")),
        _text("url", get("url")),
        _group(get("item_group_id")),
        _attributes("hidden_attributes", get("hidden_attributes")),
    )


def product_record(product: Product) -> dict[str, Any]:
    """The native JSON record of a product, absent fields left out, money as text: the inverse of parse_product."""
    record: dict[str, Any] = {}
    for name in CORE_FIELDS:
        value = getattr(product, name)
        if name in ("attributes", "hidden_attributes"):
            value = {key: plain(held) for key, held in value.items()}
        if value is not None and value not in ("", (), {}):
            record[name] = plain(value)
    return record


def shown_record(product: Product) -> dict[str, Any]:
    """The record as others than the shop may see it: without its hidden attributes."""
    return {name: value for name, value in product_record(product).items() if name != "hidden_attributes"}


def read_number(value: Any) -> int | float | None:
    """The number that a JSON value or a plain decimal text is, equal to it as JSON readers compare; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        text = value.strip()
        if not text.isascii() or not _NUMBER.fullmatch(text) or len(text) > 400:
            return None
        value = int(text) if text.lstrip("+-").isdigit() else Decimal(text)
        if isinstance(value, int):
            return value
    if isinstance(value, (Decimal, float)):
        number = float(value)
        return number if number - number == 0 else None
    return None


def whole(field: str, value: Any) -> int | None:
    """The whole number, zero or more, that a field holds, or None where it is empty; FieldError otherwise."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    grouped = isinstance(value, str) and _WHOLE.fullmatch(value.strip())
    number = int(value.replace(",", "")) if grouped else read_number(value)
    if number is None or (isinstance(number, float) and not number.is_integer()):
        raise FieldError(field, value, "must be a whole number")
    if number < 0:
        raise FieldError(field, value, "cannot be negative")
    if number >= _INT64:
        raise FieldError(field, value, "too large")
    return int(number)


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise FieldError("id", value, "missing")
    if not isinstance(value, str):
        raise FieldError("id", value, f"must be text or a whole number, not {kind(value)}")
    if len(value) > _MAX_ID:
        raise FieldError("id", value, f"longer than {_MAX_ID} characters")
    if _CONTROL.search(value):
        raise FieldError("id", value, "holds a line break or control character")
    return _sound("id", value)


def _group(value: Any) -> str | None:
    """The id of the group that a variant belongs to, None where it belongs to none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    group = _text("item_group_id", value)
    if group is not None and len(group) > _MAX_ID:
        raise FieldError("item_group_id", value, f"longer than {_MAX_ID} characters")
    return group.strip() if group is not None else None


def _title(value: Any) -> str:
    title = _text("title", value)
    if title is None or (not (title.isascii() and title.isprintable()) and not clean(title)):
        raise FieldError("title", value, "missing")
    return title


def _text(field: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError(field, value, f"must be text, not {kind(value)}")
    if not value or value.isspace():
        return None
    return value if value.isascii() else _sound(field, value)


def _sound(field: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FieldError(field, text, "broken encoding") from None
    return text


def _money(record: Mapping[str, Any]) -> tuple[tuple[Decimal | None, Decimal | None], str | None]:
    stated = record.get("currency")
    currency = None
    if stated is not None and stated != "":
        currency = parse_currency(stated) if isinstance(stated, str) else None
        if currency is None and not (isinstance(stated, str) and not stated.strip()):
            raise FieldError("currency", stated, "must be an ISO 4217 code such as USD")
    amounts: list[Decimal | None] = []
    for field in ("price", "list_price"):
        value = record.get(field)
        if value is None or (isinstance(value, str) and not value.strip()):
            amounts.append(None)
            continue
        try:
            amount, named, codes = parse_money(value)
        except ValueError as error:
            raise FieldError(field, value, str(error)) from None
        if currency is None:
            currency = named
        elif codes and currency not in codes:
            raise FieldError(field, value, f"its currency is not {currency}")
        amounts.append(amount)
    return (amounts[0], amounts[1]), currency


def _nested(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(v, (Mapping, list, tuple)) for v in value)


def _attributes(field: str, value: Any) -> dict[str, AttributeValue]:
    attributes: dict[str, AttributeValue] = {}
    if value is None or value == "":
        return attributes
    if not isinstance(value, Mapping):
        raise FieldError(field, value, f"must be an object of names and values, not {kind(value)}")
    for name, held in value.items():
        # The common kinds first; what is left takes the careful way.
        plain_kind = type(held)
        if (
            (plain_kind is bool or (plain_kind is str and held.isascii() and held.strip()))
            and name.isascii()
            and name.strip()
        ):
            attributes[name] = held
        else:
            _attribute(attributes, name, held, f"{field}.{name}")
    return attributes


def _attribute(attributes: dict[str, AttributeValue], name: str, value: Any, field: str) -> None:
    held: AttributeValue
    if isinstance(value, str):
        if not value or value.isspace():
            return
        held = value if value.isascii() else _sound(field, value)
    elif isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise FieldError(field, str(value)[:100], "too large a whole number (64 bits); write it as text")
        held = value
    elif value is None:
        return
    elif isinstance(value, (Decimal, float)):
        number = read_number(value)
        if number is None:
            raise FieldError(field, value, "not a finite number")
        if not -_INT64 <= number < _INT64:  # a whole number too, written another way: 1e19
            raise FieldError(field, value, "too large a number (64 bits); write it as text")
        held = number
    elif isinstance(value, (list, tuple)):
        held = tuple(_item(field, v) for v in value if v is not None and v != "")
        if not held:
            return
    else:
        raise FieldError(field, value, f"must be text, a number, true or false, or a list of these, not {kind(value)}")
    if not name.strip():
        raise FieldError("attributes", value, "an attribute without a name")
    attributes[name if name.isascii() else _sound("attributes", name)] = held


def _item(field: str, value: Any) -> str:
    if isinstance(value, str):
        return value if value.isascii() else _sound(field, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)) and read_number(value) is not None:
        return str(plain(value))
    raise FieldError(field, value, f"a list must hold texts, numbers, true or false, not {kind(value)}")


def _path(field: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part for part in _PATH.split(_sound(field, value).strip()) if part)
    return _list(field, value)


def _list(field: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (_sound(field, value),) if value and not value.isspace() else ()
    if not isinstance(value, (list, tuple)):
        raise FieldError(field, value, f"must be a list of texts, not {kind(value)}")
    texts = (_text(field, item) for item in value)
    return tuple(text for text in texts if text is not None)


def _rating(value: Any) -> float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = read_number(value)
    if number is None:
        raise FieldError("rating", value, "must be a number")
    if not 0 <= number <= 100:
        raise FieldError("rating", value, "must be between 0 and 100")
    return float(number)


def _date(value: Any) -> str | None:
    text = _text("released_at", value)
    if text is None:
        return None
    if _DATE.fullmatch(text):
        try:
            if len(text) > 10:
                datetime.fromisoformat(text)
            else:
                date.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) == 4 else (text + "-01")[:10])
        except ValueError:
            pass
        else:
            return text
    raise FieldError("released_at", value, "must be an ISO 8601 date such as 2026-03-31")
