"""What the published description says of texts and rows beyond their types, so that clients know before they send.

Only described here: what is refused, and in which words, is decided where the value is used.
"""

from __future__ import annotations

from typing import Any

from shelftalk.catalog.money import CURRENCIES
from shelftalk.schema import ProductModel
from shelftalk.shoppers.events.fields import MOST_AMOUNT
from shelftalk.shoppers.events.kinds import EARLIER_KINDS
from shelftalk.shoppers.events.parse import MOST
from shelftalk.values import INTERACTION_KINDS, WHYS

# A character that text.clean leaves: neither white space nor control nor invisible.
_BLANK = (
    "\\s\\x00-\\x20\\x7f-\\xa0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e"
    "\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
SEEN = f"[^{_BLANK}]"
_LINE = "[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]"
WORDS: dict[str, Any] = {"pattern": SEEN}  # for a text that must not be blank

_NO_NUL = "^[^\\x00]*$"
_NONE = {"type": "null"}
_EMPTY = {"type": "string", "pattern": r"^\s*$"}
_COUNT = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "exclusiveMaximum": 2**63},
        {"type": "string", "pattern": r"^[0-9]{0,18}$"},
        _NONE,
    ]
}
_AMOUNT = {
    "anyOf": [
        {"type": "string", "pattern": r"^(\s*|[0-9]{1,15}(\.[0-9]{1,18})?)$"},
        {"type": "number", "minimum": 0, "exclusiveMaximum": 10**15},
        _NONE,
    ]
}  # fmt: skip
_SUM = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": MOST_AMOUNT},
        {"type": "string", "pattern": r"^(\s*|[0-9]{1,12}(\.[0-9]{1,18})?)$"},
        _NONE,
    ]
}  # fmt: skip
_RATING = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 100},
        {"type": "string", "pattern": r"^(\s*|[0-9]{1,2}(\.[0-9]{1,6})?)$"},
        _NONE,
    ]
}  # fmt: skip
_TEXTS = {"anyOf": [{"type": "array", "items": {"type": ["string", "null"]}}, {"type": "string"}, _NONE]}
_NUMBER = {"type": "number", "minimum": -(2**63), "exclusiveMaximum": 2**63}  # bounds that floats hold exactly
_VALUE = {
    "anyOf": [
        {"type": ["string", "boolean", "null"]}, _NUMBER,
        {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}},
    ]
}  # fmt: skip
_ATTRIBUTES: dict[str, Any] = {"anyOf": [{"type": "object", "additionalProperties": _VALUE}, {"const": ""}, _NONE]}
_LIMITS: dict[str, dict[str, Any]] = {
    "id": {
        "anyOf": [
            {"type": "string", "maxLength": 512, "pattern": "^LINE*[^\\s\\x00-\\x20\\x7f-\\xa0\\u2028\\u2029]LINE*$".replace("LINE", _LINE)},
            {"type": "integer"},
        ]
    },
    "title": {"type": "string", "pattern": SEEN},
    "price": _AMOUNT,
    "list_price": _AMOUNT,
    "currency": {"anyOf": [{"enum": sorted(CURRENCIES)}, _EMPTY, _NONE]},
    "categories": _TEXTS,
    "attributes": _ATTRIBUTES,
    "hidden_attributes": _ATTRIBUTES,
    "item_group_id": {"anyOf": [{"type": "string", "maxLength": 512}, {"type": "integer"}, _NONE]},
    "rating": _RATING,
    "review_count": _COUNT,
    "stock": _COUNT,
    "images": _TEXTS,
    "released_at": {"anyOf": [{"type": "string", "format": "date"}, _EMPTY, _NONE]},
}  # fmt: skip


def bounded(description: dict[str, Any], most: int) -> dict[str, Any]:
    """The description with `most`, the setting max_request_chars, as the length of every text that is a request."""
    schemas = description["components"]["schemas"]
    texts = [schemas[name]["properties"]["request"] for name in ("RecommendationBody", "WhyBody")]
    why = description["paths"]["/v1/products/{product_id}/why"]["get"]["parameters"]
    texts += [parameter["schema"] for parameter in why if parameter["name"] == "request"]
    for text in texts:
        text["maxLength"] = min(most, text["maxLength"])
    # once more: FastAPI writes every bound as a float, which 64 bits do not fit into
    schemas["ProductsBody"]["properties"]["products"]["items"] = row()
    schemas["PairBody"]["properties"]["product"]["anyOf"] = [row(), {"type": "null"}]
    return description


def row() -> dict[str, Any]:
    """The JSON Schema of a product that is taken: an id and a title. Of the other fields what is described is read, and so is
    more, prices and dates as feeds write them; what cannot be read is left out, and told of under `dropped`."""
    schema = ProductModel.model_json_schema()
    for name, held in schema["properties"].items():
        told = {k: v for k, v in held.items() if k in ("title", "description", "default")}
        limits = _LIMITS.get(name) or {k: v for k, v in held.items() if k not in told}
        schema["properties"][name] = {**told, **(limits if name in ("id", "title") else {"anyOf": [limits, {}]})}
    return {**schema, "additionalProperties": True}


def event_fields() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each field of an interaction, for one alone as for one of several. Usual names of kinds and moments in other
    forms are taken too (docs/events.md)."""
    texts = {
        name: {"anyOf": [{"type": "string", "maxLength": most, "pattern": _NO_NUL}, {"type": "integer"}, _NONE]}
        for name, most in MOST.items()
    }
    return {
        **texts,
        "kind": {"enum": [*INTERACTION_KINDS, *EARLIER_KINDS]},
        "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}, _NONE]},
        "currency": {"anyOf": [{"type": "string", "pattern": "^([A-Za-z]{3})?$"}, _NONE]},
        "why": {"enum": [*WHYS, None]},
        "conversation": {"anyOf": [{"type": "string", "pattern": "^([0-9a-f]{32})?$"}, _NONE]},
        "value": _SUM,
        "price": _SUM,
    }


def event_row() -> dict[str, Any]:
    """The JSON Schema of one of several interactions; what is wrong with one is told in the answer, so that the others go in."""
    return {"type": "object", "properties": event_fields(), "required": ["kind"], "additionalProperties": True}
