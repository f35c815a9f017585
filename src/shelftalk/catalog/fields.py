"""What a single field of a native record holds, read or refused: texts, numbers, lists, dates, stock.

It knows no record: which fields there are, and what a refusal costs, is told in product.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from shelftalk.catalog.markup import plain_text
from shelftalk.catalog.money import kind
from shelftalk.errors import ShelftalkError
from shelftalk.text import clean, shorten
from shelftalk.values import AttributeValue, plain
from shelftalk.words.stock import any_in_stock, state

_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?)?)?")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
# A count has no fraction, so that a mark before three digits groups them; behind it may stand what is counted ("12 reviews").
_WHOLE = re.compile(
    r"([+-]?(?:\d{1,18}|\d{1,3}(?:,\d{3}){1,5}|[1-9]\d{0,2}(?:\.\d{3}){0,4}\.(?!000)\d{3}|[1-9]\d{0,2}(?:[ '\u00a0\u202f]\d{3}){1,5}))"
    r"(\s+[^\W\d_]{2,20})?"
)
_RATING = re.compile(
    r"(\d{1,3}(?:[.,]\d{1,6})?)(?:\s*(?:/|out of|of|von|sur|de|su|van|av|af)\s*\d{1,3}|\s*(?:stars?|★+))?",
    re.ASCII | re.IGNORECASE,
)
_LEFT = re.compile(
    r"(?:only|>|>=|≥|over|about|~|(?:in stock|available|qty|quantity|stock)\s*[:(])?\s*(\d{1,9})(?:[.,]0+)?\s*(?:\+|pcs?|pieces?|units?|items?|stk|st|left|available|in stock)?[.)]?",
    re.ASCII | re.IGNORECASE,
)
_PATH = re.compile(r"\s*>\s*")
_ESCAPED_AND = re.compile(r"&(?:(?:amp|AMP|#0*38|#[xX]0*26);)+")
_MARKED = re.compile("[<&]").search
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MAX_ID = 512
VALUE_LENGTH = 200
_INT64 = 2**63

T = TypeVar("T")
Drop = Callable[["FieldError"], None]


class FieldError(ShelftalkError):
    """A field of a record that cannot be read: which field, the value it held, and why."""

    def __init__(self, field: str, value: Any, reason: str) -> None:
        told = f"{field}: {reason} (got {shorten(as_json(value), 80)})"
        super().__init__(told.encode("utf-8", "replace").decode())  # what is broken must not break who tells of it
        self.field, self.reason = (said.encode("utf-8", "replace").decode() for said in (field, reason))
        self.value = value

    def to_dict(self) -> dict[str, str]:
        """Field, value (one line of at most 200 characters) and reason, for a report."""
        return {"field": self.field, "value": show(self.value), "reason": self.reason}


def show(value: Any) -> str:
    """A value as a report shows it: one line without control characters, at most 200 characters."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else as_json(value)
    return shorten(clean(text[: 10 * VALUE_LENGTH].encode("utf-8", "replace").decode()), VALUE_LENGTH)


def as_json(value: Any) -> str:
    """A value of a feed as JSON writes it, so that a message shows `true` and `{"amount": 5}`, not Python's spelling."""
    if isinstance(value, Decimal):
        return str(value)
    try:
        return json.dumps(value, ensure_ascii=False, default=lambda v: plain(v) if isinstance(v, Decimal) else str(v))
    except (ValueError, RecursionError):
        return str(value)


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


def kept(drop: Drop, read: Callable[..., T | None], *given: Any) -> T | None:
    """What `read` makes of the given; None where it refuses, which `drop` is told."""
    try:
        return read(*given)
    except FieldError as error:
        drop(error)
        return None


def whole(field: str, value: Any) -> int | None:
    """The whole number, zero or more, that a field holds, or None where it is empty; FieldError otherwise."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    grouped = _WHOLE.fullmatch(value.strip().removeprefix("(").removesuffix(")")) if isinstance(value, str) else None
    if grouped and grouped[2] and field != "review_count":
        grouped = None  # a quantity of "100 ml" says how much is in it
    number = int(re.sub(r"[^\d+-]", "", grouped[1])) if grouped else read_number(value)
    if number is None or (isinstance(number, float) and not number.is_integer()):
        raise FieldError(field, value, "must be a whole number")
    if number < 0:
        raise FieldError(field, value, "cannot be negative")
    if number >= _INT64:
        raise FieldError(field, value, "too large")
    return int(number)


def stock(value: Any) -> tuple[int | None, str | None]:
    """The number in stock and what its words say of availability ("yes", "sold out"); FieldError where it says neither.

    "no", "sold out" and a number below 0 are a stock of 0; "10+" is 10.
    """
    if isinstance(value, bool):
        return (None, "in_stock") if value else (0, None)
    if isinstance(value, str) and value.strip():
        if left := _LEFT.fullmatch(value.strip()):
            return int(left[1]), None
        if (there := any_in_stock(value)) is not None:
            return (None, "in_stock") if there else (0, None)
    number = read_number(value)
    if number is not None and number < 0 and float(number).is_integer():
        return 0, None  # sold more often than it was there
    return whole("stock", value), None


def availability(value: Any) -> str | None:
    """The availability; words and numbers that only say whether there is any are "in_stock" or "out_of_stock"."""
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if isinstance(value, (bool, int, float, Decimal)):
        return "in_stock" if value > 0 else "out_of_stock"
    text = text_of("availability", value)
    return state(text) if text else None


def id_of(value: Any) -> str:
    """The id as text; FieldError where there is none."""
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


def title_of(value: Any) -> str:
    """The title; FieldError where there is none."""
    title = text_of("title", value)
    if title is None or (not (title.isascii() and title.isprintable()) and not clean(title)):
        raise FieldError("title", value, "missing")
    return title


def text_of(field: str, value: Any) -> str | None:
    """The text without HTML, None where it is empty; FieldError for anything but text."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError(field, value, f"must be text, not {kind(value)}")
    if not value or value.isspace():
        return None
    text = _words(field, value)
    return text if text and not text.isspace() else None


def link_of(field: str, value: Any) -> str | None:
    """The address, with the signs that its references stand for: "&amp;" is "&"."""
    if isinstance(value, str) and "&" in value:
        value = _ESCAPED_AND.sub("&", value)
    if value is not None and not isinstance(value, str):
        raise FieldError(field, value, f"must be text, not {kind(value)}")
    return _sound(field, value) if value and not value.isspace() else None


def _words(field: str, text: str) -> str:
    if "<" in text or "&" in text:
        text = plain_text(text)
    return text if text.isascii() else _sound(field, text)


def _sound(field: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FieldError(field, text, "broken encoding") from None
    return text


def group_of(value: Any) -> str | None:
    """The id of the group that a variant belongs to, None where it belongs to none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = None if isinstance(value, str) else read_number(value)
    if number is not None and float(number).is_integer():
        return str(int(number))  # a column of whole numbers with gaps is often written as 77.0
    if not isinstance(value, str):
        raise FieldError("item_group_id", value, f"must be text or a whole number, not {kind(value)}")
    if len(value) > _MAX_ID:
        raise FieldError("item_group_id", value, f"longer than {_MAX_ID} characters")
    return _sound("item_group_id", value).strip()


def attributes_of(field: str, value: Any, drop: Drop) -> dict[str, AttributeValue]:
    """The attributes that can be read, by name; `drop` is told of each that cannot."""
    attributes: dict[str, AttributeValue] = {}
    if value is None or value == "":
        return attributes
    if not isinstance(value, Mapping):
        drop(FieldError(field, value, f"must be an object of names and values, not {kind(value)}"))
        return attributes
    for name, held in value.items():
        # The common kinds first; what is left takes the careful way.
        plain_kind = type(held)
        if (
            (plain_kind is bool or (plain_kind is str and held.isascii() and held.strip() and not _MARKED(held)))
            and name.isascii()
            and name.strip()
            and "&" not in name
        ):
            attributes[name] = held
        else:
            kept(drop, add_attribute, attributes, name, held, f"{field}.{name}")
    return attributes


def add_attribute(attributes: dict[str, AttributeValue], name: str, value: Any, field: str) -> None:
    """Adds an attribute, unless it is empty; FieldError where it cannot be read."""
    held: AttributeValue
    if isinstance(value, str):
        held = text_of(field, value) or ""
        if not held:
            return
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
    attributes[_words("attributes", name)] = held


def _item(field: str, value: Any) -> str:
    if isinstance(value, str):
        return _words(field, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)) and read_number(value) is not None:
        return str(plain(value))
    raise FieldError(field, value, f"a list must hold texts, numbers, true or false, not {kind(value)}")


def path_of(value: Any, drop: Drop) -> tuple[str, ...]:
    """The categories from the top: a list, or one text with ">" between them."""
    if isinstance(value, str):
        text = kept(drop, text_of, "categories", value) or ""
        return tuple(part for part in _PATH.split(text.strip()) if part)
    return list_of("categories", value, drop, text_of)


def list_of(field: str, value: Any, drop: Drop, read: Callable[[str, Any], str | None]) -> tuple[str, ...]:
    """The texts of a list, or of one text; `drop` is told of each that `read` refuses."""
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        if not isinstance(value, str):
            drop(FieldError(field, value, f"must be a list of texts, not {kind(value)}"))
            return ()
        value = (value,)
    texts = (kept(drop, read, field, item) for item in value)
    return tuple(text for text in texts if text is not None)


def rating(value: Any) -> float | None:
    """A rating from 0 to 100, with a decimal comma or the end of its scale behind it ("4,5/5") or without."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and (match := _RATING.fullmatch(value.strip())):
        value = match[1].replace(",", ".")
    number = read_number(value)
    if number is None:
        raise FieldError("rating", value, "must be a number")
    if not 0 <= number <= 100:
        raise FieldError("rating", value, "must be between 0 and 100")
    return float(number)


def day(value: Any) -> str | None:
    """A date in ISO 8601, letter for letter."""
    text = text_of("released_at", value)
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
