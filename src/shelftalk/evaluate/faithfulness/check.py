"""An independent check of shown claims: it finds what is false, and shares no code with the checker in the path.

Written anew from the standard library: its own reading of words, numbers, negations and relations. It knows the value
classes of the package and nothing else of it.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from shelftalk.values import Claim, Constraint, Intent, Product

__all__ = ["Asked", "Independent", "satisfied"]


class Asked(Protocol):
    """What was asked, and what it was answered with: all that a claim's truth may hang on beside the record."""

    @property
    def intent(self) -> Intent: ...
    @property
    def products(self) -> tuple[Product, ...]: ...
    @property
    def relaxed(self) -> tuple[Constraint, ...]: ...


_NEUTRAL = frozenset(
    re.findall(
        r"\w+",
        """it its the this a an is are has have comes come with in of at by from and or for on that there was which to costs
        sells priced price made brand rated rating reviews review stock listed under category description mentions speaks
        title as released launched weighs lasts holds wide high long deep thick offers includes lacks without no not down
        catalogue suits you your asked wanted wished named though otherwise limit than more less over within between least
        these picks battery left release date first include shown before lowest cheapest lightest shortest smallest highest
        heaviest longest largest brightest""",
    )
)
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


class Independent:
    """Finds what is false in a shown claim; standard library alone, its own reading of words, numbers and relations."""

    def faults(self, claim: Claim, product: Product, job: Asked) -> list[str]:
        """What is wrong with the claim, empty where nothing is."""
        found = []
        if not claim.verified or not claim.evidence:
            found.append("not verified, or cites nothing")
        for piece in claim.evidence:
            if not _equal(_field(product, piece.field), piece.value):
                found.append(f"evidence {piece.field} is not the record's")
        head, tail = self._split(claim.text, product)
        found += self._words(claim, head, tail, job)
        found += self._numbers(claim, head)
        found += self._polarity(claim, head)
        found += self._tail(claim, tail, product, job)
        return found

    @staticmethod
    def _split(text: str, product: Product) -> tuple[str, str]:
        """What is said of the product, and what is said of the wish."""
        match = re.search(
            r"(?:, | and )(under|less than|more than|over|within|between|the [\d.,]+.* you|the \w+est of|as you|not |though)(?=.*)", text
        )  # fmt: skip
        body = text.rstrip(".")
        if not match:
            return body, ""
        return body[: match.start()], body[match.start() :].lstrip(", ")

    @staticmethod
    def _words(claim: Claim, head: str, tail: str, job: Asked) -> list[str]:
        known = set(_NEUTRAL) | set(_MONTHS)
        for piece in claim.evidence:
            known |= set(_words(piece.field)) | set(_words(_text(piece.value)))
            known |= set(_words(re.sub(r"([a-z])([A-Z])", r"\1 \2", piece.field)))
        known |= {"minimum", "maximum", "number", "average", "quantity", "temperature"}
        known |= _unit_words(claim)
        wanted = {w for c in job.intent.constraints for w in _words(_text(c.value))}
        strange = [w for w in _words(head) if not _like(w, known)]
        strange += [w for w in _words(tail) if not _like(w, known | wanted)]
        return [f"says {w!r}" for w in strange if not w[0].isdigit()]

    @staticmethod
    def _numbers(claim: Claim, head: str) -> list[str]:
        held = {n for e in claim.evidence for n in _numbers(_text(e.value))}
        held |= {n for e in claim.evidence for n in _numbers(e.field)}
        return [f"says {n}" for n in _numbers(head) if not any(abs(n - h) < 1e-9 for h in held)]

    @staticmethod
    def _polarity(claim: Claim, head: str) -> list[str]:
        main = claim.evidence[0] if claim.evidence else None
        if main is None:
            return []
        if str(main.value).strip().lower() not in ("true", "false", "yes", "no"):
            held = set(_words(_text(main.value)) + _words(main.field))
            denials = {"not", "no", "without", "lacks"} & set(_words(head)) - held
            return ["denies what is no yes or no"] if denials else []
        truth = str(main.value).strip().lower() in ("true", "yes")
        said = " ".join(_words(head))
        for phrase in (" ".join(_words(main.field)), " ".join(_words(re.sub(r"([a-z])([A-Z])", r"\1 \2", main.field)))):
            said = said.replace(phrase, " ")
        denied = re.search(r"\b(?:not|no|without|lacks)\b", said) is not None
        return ["turns the truth round"] if denied == truth else []

    @staticmethod
    def _tail(claim: Claim, tail: str, product: Product, job: Asked) -> list[str]:
        if not tail or not claim.evidence:
            return []
        main = claim.evidence[0]
        mine = [c for c in (*job.intent.constraints, *job.relaxed) if c.field.removeprefix("attributes.") == main.field]
        value = None if isinstance(main.value, str) else _number(main.value)
        faults = []
        among = re.search(r"the (\w+est) of these picks", tail)
        if among:
            all_ = [_number(_field(p, main.field)) for p in job.products]
            best = min if among[1] in ("lowest", "cheapest", "lightest", "shortest", "smallest") else max
            if None in all_ or value is None or value != best([v for v in all_ if v is not None]):
                faults.append("superlative is false")
            tail = tail.replace(among.group(), "").strip(" ,").removesuffix(" and").strip(" ,")
        limits = _numbers(tail)
        bounds = [n for c in mine for n in _numbers(_text(c.value))]
        if limits and value is not None and re.match(r"under|less|more|over|within|between|the |not ", tail):
            if any(not any(_is(n, b) for b in bounds) for n in limits):
                faults.append("names a limit that nobody set")
            one = limits[0]
            relation = re.match(r"not (?:less|more)\b|\w+", tail)
            true = {
                "under": value < one, "less": value < one, "more": value > one, "over": value > one,
                "within": value <= one, "between": len(limits) == 2 and one <= value <= limits[-1],
                "the": value == one, "not": value != one, "not less": value >= one, "not more": value <= one,
            }[relation.group() if relation else ""]  # fmt: skip
            if not true:
                faults.append(f"relation is false: {tail}")
        elif tail.startswith("not "):
            wanted = [v for c in mine for v in (c.value if isinstance(c.value, tuple) else (c.value,))]
            held = {_text(v).lower() for v in (main.value if isinstance(main.value, (tuple, list)) else (main.value,))}
            if not wanted or any(_text(w).lower() in held for w in wanted):
                faults.append("denies what the record says, or what nobody asked about")
        elif re.match(r"as you", tail) and mine and not any(satisfied(product, c) for c in mine):
            faults.append("says a wish is met that is not")
        elif re.match(r"as you", tail) and not mine:
            faults.append("says it was asked for, and it was not")
        elif tail.startswith("though") and not any(not satisfied(product, c) for c in mine):
            faults.append("says a wish is missed that is met")
        return faults


def _field(product: Product, name: str) -> Any:
    return getattr(product, name, None) if name in Product.__dataclass_fields__ else product.attributes.get(name)


def _text(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return " , ".join(map(_text, value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _equal(a: Any, b: Any) -> bool:
    return _text(a) == _text(b)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower().replace("’", "'"))


def _numbers(text: str) -> list[float]:
    joined = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return [float(n) for n in re.findall(r"(?:(?<![\w.-])-)?(?<![\d.])\d+(?:\.\d+)?", joined)]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(str(value))
    except ValueError:
        found = _numbers(str(value))
        return found[0] if found and re.match(r"\s*\d", str(value)) else None


def _is(said: float, limit: float) -> bool:
    """The limit, or a limit of more than two decimals ("a third of a kilo") rounded as it is spoken."""
    rounded = () if round(limit, 2) == limit else (round(limit), round(limit, 1), round(limit, 2))
    return abs(said - limit) < 1e-9 or said in rounded


def _like(word: str, known: set[str]) -> bool:
    """In the list, but for the ending of a plural."""
    return any(w in known for w in (word, word + "s", word + "es", word.removesuffix("s"), word.removesuffix("y") + "ies")) or word == "t"  # fmt: skip


_UNIT_SPELLINGS = {
    "g": "g gram grams", "kg": "kg", "mg": "mg", "l": "litre litres l", "ml": "ml", "cl": "cl", "h": "hour hours", "hours": "hour hours",
    "hrs": "hour hours", "min": "minute minutes", "minutes": "minute minutes", "s": "second seconds", "seconds": "second seconds",
    "days": "day days", "months": "month months", "years": "year years", "year": "year years", "weeks": "week weeks",
    "in": "inch inches", "inch": "inch inches", "cm": "cm", "mm": "mm", "m": "m", "km": "km", "ft": "foot feet", "mi": "mile miles",
    "w": "w", "kw": "kw", "v": "v", "a": "a", "mah": "mah", "wh": "wh", "kwh": "kwh", "gb": "gb", "tb": "tb", "mb": "mb", "hz": "hz",
    "khz": "khz", "mhz": "mhz", "ghz": "ghz", "db": "db", "lm": "lumen lumens", "lumens": "lumen lumens", "mp": "megapixel megapixels",
    "c": "c", "f": "f", "k": "k", "lb": "lb", "lbs": "lb", "oz": "oz", "persons": "people person", "people": "people person", "pcs": "piece pieces",
    "pieces": "piece pieces", "cups": "cup cups", "liters": "litre litres", "litres": "litre litres", "dpi": "dpi", "rpm": "rpm",
}  # fmt: skip


def _unit_words(claim: Claim) -> set[str]:
    """The units that the cited fields' names carry, and the currencies of prices."""
    found: set[str] = set()
    for piece in claim.evidence:
        last = _words(piece.field)[-1:] or [""]
        found |= set(_UNIT_SPELLINGS.get(last[0], "").split())
        if piece.field in ("price", "list_price"):
            found |= {"usd", "eur", "gbp", "chf", "sek"}
    return found


def satisfied(product: Product, c: Constraint) -> bool:
    """Whether the record holds what the constraint asks; text compares without case, a missing value fails all but "not"."""
    held, wanted = _field(product, c.field), c.value
    many = [_text(v).lower() for v in (wanted if isinstance(wanted, tuple) else (wanted,))]
    mine = [_text(v).lower() for v in (held if isinstance(held, tuple) else (held,))]
    if c.operator in ("=", "in"):
        return held is not None and any(m in many for m in mine)
    if c.operator in ("!=", "not in"):
        return not any(m in many for m in mine)
    a, b = _number(held), _number(wanted if not isinstance(wanted, tuple) else wanted[0])
    if a is None or b is None:
        return False
    if c.operator == "between" and isinstance(wanted, tuple):
        top = _number(wanted[-1])
        return top is not None and b <= a <= top
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}.get(c.operator, False)
