"""A shop around a written reason: a product with the facts of its card, and others among which they stand as the card says.

Also what may go wrong in a sentence: the changes that make a true reason false.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from decimal import Decimal

from shelftalk.evaluate.faithfulness import AnsweredRequest
from shelftalk.values import AttributeValue, Claim, Evidence, Intent, Product
from shelftalk.written import Reason

_STANDING = re.compile(
    r", (?:(?:(\d+)(?:st|nd|rd|th) )?(most expensive|[a-z]+est)|(middle)|all|(\d+)) (?:of )?(\d+)(?: alike)?$"
)
_LOW = ("lightest", "cheapest", "shortest", "narrowest", "lowest", "quietest", "smallest", "dimmest", "thinnest")
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)(?: ?(.*))?")


def world(reason: Reason) -> tuple[Product, AnsweredRequest, list[Evidence]]:
    """The product, what it is asked among, and the evidence of each fact in order."""
    parsed = [_fact(fact) for fact in reason.facts]
    size = max([n for _, _, standing in parsed if standing for n in [int(standing[5])]], default=16)
    rows: list[dict[str, AttributeValue | Decimal]] = [{} for _ in range(size)]
    for name, value, standing in parsed:
        for row, held in zip(rows, _column(value, standing, size), strict=True):
            if held is not None:
                row[name] = held
    products = tuple(_product(i, row, reason.kind) for i, row in enumerate(rows))
    asked = AnsweredRequest(Intent(query=reason.request), products[:1], request=reason.request, among=products)
    evidence = [Evidence(name, products[0].value(name)) for name, _, _ in parsed]
    return products[0], asked, evidence


def _product(i: int, row: dict, kind: str) -> Product:
    core = {k: row[k] for k in ("price", "rating", "description") if k in row}
    if "price" in core:
        core["price"] = Decimal(str(core["price"]))
    held = {k: v for k, v in row.items() if k not in core}
    return Product(f"p{i}", f"Xyloq {i}", currency="EUR", categories=(kind,), attributes=held, **core)


def _fact(fact: str) -> tuple[str, AttributeValue, re.Match[str] | None]:
    name, _, told = fact.partition(": ")
    if name == "text":
        return "description", told.strip('"'), None
    standing = _STANDING.search(told)
    value = told[: standing.start()] if standing else told
    field = re.sub(r"\W+", "_", name)
    if value in ("yes", "no"):
        return field, value == "yes", standing
    number = _NUMBER.fullmatch(value)
    if number is None or (standing and standing[4]):
        return field, value, standing
    unit = re.sub(r"\W+", "_", number[2] or "").strip("_")
    field = field if name in ("price", "rating") or not unit else f"{field}_{unit}"
    amount = float(number[1])
    return field, int(amount) if amount.is_integer() and "." not in number[1] else amount, standing


def _column(value: AttributeValue, standing: re.Match[str] | None, size: int) -> list[AttributeValue | None]:
    """The field's values over all products, that of the product first."""
    other: AttributeValue = not value if isinstance(value, bool) else "qqq"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if standing is None:
        half = (size - 1) // 2
        return [value, *[value - 1 if number else other] * half, *[value + 1 if number else other] * (size - 1 - half)]  # type: ignore[operator]
    of = int(standing[5])
    if standing[4]:
        alike = int(standing[4])
        return [value] * alike + [other] * (of - alike) + [None] * (size - of)
    if not number:
        return [value] * size
    if standing[2]:
        ahead = int(standing[1] or 1) - 1
        step = -1 if standing[2] in _LOW else 1
    else:
        ahead, step = ((of - 1) // 2 if standing[3] else 0), 1
    behind = -step if standing[2] or standing[3] else 0
    rest = [value + step * (i + 1) for i in range(ahead)] + [value + behind * (i + 1) for i in range(of - 1 - ahead)]  # type: ignore[operator]
    return [value, *rest, *[None] * (size - of)]


def claims(reason: Reason, evidence: list[Evidence], text: str | None = None) -> Iterator[Claim]:
    """A claim a sentence, with the evidence of the facts it cites; one that cites nothing stays without."""
    for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z\d])", text or reason.text):
        cited = dict.fromkeys(int(n) for n in re.findall(r"\[(\d+)\]", sentence))
        bare = re.sub(r"\s*\[\d+\]", "", sentence)
        yield Claim(bare, tuple(evidence[n - 1] for n in cited), None, True)


WAYS = ("number", "end", "place", "total", "praise")
OPPOSITE = {
    "lightest": "heaviest", "heaviest": "lightest", "cheapest": "most expensive", "most expensive": "cheapest", "lowest": "highest",
    "highest": "lowest", "longest": "shortest", "shortest": "longest", "largest": "smallest", "smallest": "largest",
    "quietest": "loudest", "loudest": "quietest", "widest": "narrowest", "narrowest": "widest",
}  # fmt: skip


def changed(reason: Reason, how: str, draw: random.Random) -> str | None:
    """The reason's text made false in one way; None where it offers no place for that."""
    text = reason.text
    if how == "number":
        found = [m for m in re.finditer(r"(?<![\d\[.,])\d+(?:\.\d+)?(?![\d\]])", text) if float(m[0]) > 1]
        return _put(text, draw.choice(found), str(round(float(draw.choice(found)[0]) * 3 + 7))) if found else None
    if how == "end":
        found = list(re.finditer("|".join(OPPOSITE), text))
        return _put(text, m := draw.choice(found), OPPOSITE[m[0]]) if found else None
    if how == "place":
        m = re.search(r"\b(second|third|2nd|3rd)[ -](?=most expensive|[a-z]+est\b)", text)
        return _put(text, m, "fifth ") if m else None
    if how == "total":
        m = re.search(r"(?<=of )(?:the |these |our )?(\d{1,2})\b(?! ?[a-z])", text)
        return _put(text, m, str(int(m[1]) + 7)) if m else None
    if how == "praise":
        return text[:-1] + f", a {draw.choice(['superb', 'premium', 'reliable', 'stylish'])} choice."
    raise ValueError(how)


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]
