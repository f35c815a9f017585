"""What the independent check knows of English: numbers in figures and words, units, ends of a scale, denial, praise.

Standard library alone; nothing here is shared with the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


def _list(text: str) -> list[str]:
    return text.split()


NUMBER_WORDS = {
    **{w: float(n) for n, w in enumerate(_list("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"))},
    **{w: 10.0 * n for n, w in enumerate(_list("thirty forty fifty sixty seventy eighty ninety hundred"), start=3)},
    "dozen": 12.0, "thousand": 1000.0, "half": 0.5, "quarter": 0.25, "both": 2.0, "pair": 2.0, "couple": 2.0, "single": 1.0, "twice": 2.0, "double": 2.0,
}  # fmt: skip
ORDINALS = {
    w: n for n, w in enumerate(_list("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"), start=1)
}  # fmt: skip
# Units by what they measure, with the factor to a common one.
_MEASURES: tuple[dict[str, float], ...] = (
    {"g gram grams gramme grammes": 1, "kg kilo kilos kilogram kilograms": 1000, "mg": 0.001, "lb lbs pound pounds": 453.59237, "oz ounce ounces": 28.349523, "t tonne tonnes": 1e6},
    {"mm millimetre millimetres millimeter millimeters": 1, "cm centimetre centimetres centimeter centimeters": 10, "m metre metres meter meters": 1000, "km kilometre kilometres kilometer kilometers": 1e6, "in inch inches": 25.4, "ft foot feet": 304.8, "mi mile miles": 1609344},
    {"ml millilitre millilitres milliliter milliliters": 1, "cl": 10, "dl": 100, "l litre litres liter liters": 1000},
    {"s sec secs second seconds": 1, "min mins minute minutes": 60, "h hr hrs hour hours": 3600, "day days": 86400, "week weeks": 604800, "month months": 2629800, "year years": 31557600},
    {"w watt watts": 1, "kw kilowatt kilowatts": 1000, "hp": 735.49875},
    {"wh": 1, "kwh": 1000},
    {"mb": 1, "gb": 1000, "tb": 1e6},
    {"eur euro euros €": 1}, {"usd dollar dollars $": 1}, {"gbp £": 1}, {"chf": 1}, {"sek": 1},
    {"db decibel decibels": 1}, {"lm lumen lumens": 1}, {"mah": 1, "ah": 1000}, {"v volt volts": 1}, {"a amp amps": 1},
    {"hz": 1, "khz": 1000, "mhz": 1e6, "ghz": 1e9}, {"rpm": 1}, {"bar": 1, "mbar": 0.001}, {"nits nit": 1}, {"lux": 1},
    {"c celsius": 1}, {"mp megapixel megapixels": 1}, {"dpi": 1}, {"% percent": 1}, {"nm": 1}, {"n": 1}, {"psi": 1}, {"gsm": 1},
    {"person persons people": 1}, {"piece pieces pcs": 1}, {"cup cups": 1},
)  # fmt: skip
UNITS: dict[str, tuple[int, float]] = {
    word: (measure, factor)
    for measure, units in enumerate(_MEASURES)
    for words, factor in units.items()
    for word in words.split()
}
MONEY = frozenset(UNITS[word][0] for word in ("eur", "usd", "gbp", "chf", "sek"))

# The ends of a scale: which way a word goes, and what it is said of ("" for anything). Words of no side may go either way.
_LOW = {
    "cheap": "price", "light": "weight", "short": "", "narrow": "width", "low": "", "quiet": "noise", "small": "", "dim": "light",
    "thin": "thick", "slim": "thick", "flat": "", "few": "", "less": "", "little": "", "silent": "noise", "slight": "",
}  # fmt: skip
_HIGH = {
    "expensive": "price", "dear": "price", "pricey": "price", "costly": "price", "heavy": "weight", "long": "", "wide": "", "broad": "",
    "tall": "", "loud": "noise", "noisy": "noise", "large": "", "big": "", "bright": "light", "high": "", "thick": "", "deep": "", "more": "",
    "great": "", "roomy": "", "many": "", "much": "",
}  # fmt: skip
_IRREGULAR = {"least": "less", "fewest": "few", "most": "more", "less": "less", "fewer": "few", "more": "more"}
_NO_END = frozenset(
    _list("""best rest test tests guest guests west nest chest vest interest request forest honest suggest invest harvest latest protest modest arrest
    contest earnest digest crest quest jest pest zest lest finest other others ever never over under after water rather either neither
    whether paper leather lever cover power tower timer corner user order number sister brother mother father copper silver rubber layer
    filter winter summer answer matter charger burner rider owner buyer shower later cooler dryer blender toaster heater gather further
    member remember wonder together per her here there were where computer printer speaker drawer zipper hanger river weather""")
)  # fmt: skip
DENIALS = frozenset(
    _list("""not no without never neither nor none nothing cannot can't isn't aren't wasn't doesn't don't didn't won't wouldn't hasn't haven't lacks
    lack lacking missing absent free""")
)  # fmt: skip
# What makes a clause doubtful where a "no" is told in other words ("keep it out of the freezer"), and what may stand between a
# denial and what it denies ("does not have a hood").
CARE = frozenset(
    _list(
        """out left off own bring except only keep away avoid instead hand dry
        dries lift careful stays stay leave loses without separate sold"""
    )
)
LIGHT = frozenset(
    _list("a an the any have has had fully really be being very quite its actually come comes with at all in")
)
PRAISE = frozenset(
    _list("""amazing awesome beautiful best brilliant comfortable comfy convenient cosy cozy delightful dependable durable effortless elegant
    excellent exceptional exquisite fabulous fantastic flawless flexible gorgeous great high-quality hygienic
    ideal impressive incredible innovative long-lasting lovely luxurious magnificent marvellous modern outstanding perfect pleasant
    popular powerful practical premium pretty quality reliable remarkable robust safe sleek smart sophisticated spacious
    splendid stunning sturdy stylish suitable superb superior terrific top-notch trendy trusted trustworthy unbeatable unmatched
    versatile well-made wonderful world-class""")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A number said in a text: its value, the unit after it (or the currency before it), its place, and its words."""

    value: float
    unit: str
    start: int
    end: int
    text: str

    @property
    def digits(self) -> bool:
        """Whether it is written in figures."""
        return self.text[0].isdigit() or self.text[0] in "-+"


_FIGURE = r"(?:(?<![\w.,-])[-−])?(?<![\w.,])\d+(?:[ ,]\d{3})*(?:\.\d+)?(?!\d)"
_APART = ("half", "quarter", "both", "pair", "couple", "single", "twice", "double")
_ONE = "(?:" + "|".join(sorted(set(NUMBER_WORDS) - {*_APART}, key=len, reverse=True)) + ")"
_WORD = rf"\b(?:{_ONE}(?:(?:-| | and ){_ONE})*|{'|'.join(_APART)})\b"
_SAID = re.compile(rf"([$€£]?)({_FIGURE}|{_WORD})(?:st|nd|rd|th)?(?![\w]*[a-z]\d)(?:[ -]?(?:of an? |an? )?([a-z°%€£$²³]+)\b|[ ]?([€£$%]))?", re.I)  # fmt: skip


def numbers(text: str) -> Iterator[Said]:
    """The numbers of a text, in figures and in words; ordinals in figures too ("2nd")."""
    for found in _SAID.finditer(text):
        figure = found[2].replace("−", "-")
        value = _spelt(figure.lower()) if figure[0].isalpha() else float(re.sub(r"[ ,]", "", figure))
        unit = (found[3] or found[4] or found[1] or "").lower().lstrip("°")
        if unit == "in" and re.match(r" \w", text[found.end() :]):  # "4 in 19", "the fewest of 11 in both"
            unit = ""
        yield Said(value, unit if unit in UNITS else "", found.start(2), found.end(2), found[2])


def _spelt(figure: str) -> float:
    """The number that words spell: "two hundred and twenty", "twenty-one"; of words that spell none together, the first."""
    total = 0.0
    for word in re.split(r"-| and | ", figure):
        value = NUMBER_WORDS[word]
        total = total * value if word in ("hundred", "thousand", "dozen") and total else total + value
    return total


def convert(value: float, unit: str, other: str) -> float | None:
    """The value in another unit of the same measure; None where the two measure different things."""
    one, two = UNITS.get(unit), UNITS.get(other)
    return value * one[1] / two[1] if one and two and one[0] == two[0] else None


NEVER_TURNED = frozenset(_list("non no not un free less without anti"))


def words(text: str) -> list[str]:
    """The words of a text or of a field's name, in lower case."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", text).replace("_", " ").replace("’", "'")
    return re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", spaced.lower())


def root(word: str) -> str:
    """A word without the commonest endings, so that "cancelling", "cancels" and "cancelled" meet."""
    for ending in (
        "ations",
        "ation",
        "ings",
        "ing",
        "able",
        "ible",
        "ies",
        "ied",
        "ed",
        "es",
        "ly",
        "er",
        "y",
        "e",
        "s",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def end_of(word: str) -> tuple[str, str] | None:
    """For a superlative or comparative: which end of a scale it is ("low", "high", or "" for either) and of what (a word
    that the field's name or unit must go with, "" for any); None for any other word."""
    word = word.lower()
    if word.endswith("rest"):
        return None
    if word in _IRREGULAR:
        base = _IRREGULAR[word]
    elif word in _NO_END or not re.fullmatch(r"[a-z]{3,}(?:est|er)", word):
        return None
    else:
        base = re.sub(r"(?:est|er)$", "", word)
    for form in (base, f"{base}e", re.sub(r"i$", "y", base), re.sub(r"(.)\1$", r"\1", base), f"{base}y"):
        if form in _LOW:
            return "low", _LOW[form]
        if form in _HIGH:
            return "high", _HIGH[form]
    return ("", "") if word.endswith("est") else None


_OF = {
    "price": ("price", "cost"),
    "weight": ("weight", "load", " g", " kg", " lb", " oz", " mg"),
    "noise": ("noise", "loud", "sound", "volume", " db", " decibel"),
    "light": ("bright", "light", "lumen", "lumin", "nits", "lux", " lm"),
    "thick": ("thick", "depth", "height", "width", "profile", "slim", "thin", "diameter", "gauge", " mm", " cm"),
    "width": ("width", "wide", "narrow", "diameter", " mm", " cm", "toe", "brim"),
}


def goes_with(what: str, field: str) -> bool:
    """Whether such a word can be said of a field, by its name and unit."""
    name = " " + " ".join(words(field))
    return not what or any(part in name for part in _OF.get(what, (what,)))
