"""A weight or height that is a person's or an animal's, not the product's: "I weigh 140 kg", "for my 30 kilo dog".

It asks what a product can carry, where a field says so; else it is no limit, and a note says that it was left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shelftalk.understand.rules.amounts import ParsedAmount, amounts
from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.nearby import Quantity
from shelftalk.understand.rules.placing import ends_of
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.stems import stem, stemmed
from shelftalk.words.units import UNITS, Unit, convert, scalar, tidy

ANIMALS = (
    "dog|puppy|cat|kitten|pet|horse|labrador|retriever|shepherd|terrier|poodle|beagle|dachshund|chihuahua|pug|corgi|husky|spaniel|collie|"
    "bulldog|rottweiler|dalmatian|schnauzer|spitz|maltese|doodle|mongrel|mutt"
)
BEINGS = (
    "someone|somebody|anyone|person|people|man|men|woman|women|guy|guys|gentleman|lady|adult|adults|teenager|teen|child|children|kid|kids|boy|girl|baby|"
    "toddler|infant|son|daughter|husband|wife|partner|boyfriend|girlfriend|father|mother|dad|mum|mom|grandfather|grandmother|"
    "grandpa|grandma|granddad|nan|uncle|aunt|brother|sister|friend|nephew|niece|cousin|boss|colleague|rider|user|runner|hiker|"
    f"climber|{ANIMALS}"
)
_BEING = frozenset(stem(w) for w in BEINGS.split("|"))
_ANIMAL = frozenset(stem(w) for w in ANIMALS.split("|"))
_ABOUT = r"(?:about|around|roughly|nearly|almost|over|only|just|some|at|now|currently|already|up to)"
_BEFORE = re.compile(
    rf"(?:\b(?:i|he|she|we|they|who|(?:{BEINGS})(?: of (?:mine|ours))?|buddy)(?:'m| am| is|'s| are|'re)?(?: that| who)? ?(?:weighs?|weighing)?(?: in)?"
    rf"|\bmy (?:own )?weight(?: is|:)?|\bmy height(?: is|:)?|\b(?:{BEINGS})(?: of|,)?)(?: {_ABOUT})*(?: an?)? $"
)
_ANIMAL_ASIDE = re.compile(rf"\b(?:{ANIMALS})(?:, | \()(?:{_ABOUT} )?$")  # "a coat for our chihuahua, 3 kg"
_WEIGHING = re.compile(r"\bweigh")
_AFTER = re.compile(
    rf"^(?:[- ](?:tall|heavy|old))?[- ](?:(?!tent|bag)[\w'-]+ )?(?:{BEINGS})\b(?=\W*$|\W*[.,;!?]| (?:and|who|that|with|under|over|on|in|to|for|is|needs?|wants?|of|so|but|please|below|less|at)\b)"
)
_IS = re.compile(r"(?:\bi(?:'m| am)| is|'s)\b")
_SOMEBODY = re.compile(r"\b(?:someone|somebody|anyone|a person|rider)(?: of|,)? $")
_ANYONE = stemmed("user rider person people someone")  # who speaks of nobody else is meant by these
_BORNE = tuple({stem(most), "weight"} for most in ("max", "maximum"))  # no product has a most of its own weight
_TALL = re.compile(r"^[- ]tall\b")
_MOST = stemmed("max maximum")
_WEIGHT = frozenset(("mass",))
_SIZE = frozenset(("length",))
_CARRIES = stemmed(
    "load capacity rider user person body dog cat pet animal carry carries support supports bearing owner child"
)


@dataclass(slots=True)
class Bodies:
    """What the weights and heights of living beings ask for, the tokens and words they were read from, and what to tell of them."""

    limits: list[Quantity] = field(default_factory=list)
    tokens: set[int] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def bodies(text: Text, index: Index, category: str | None = None) -> Bodies:
    """The limits that a recipient's weight or height sets; `category` is the one the request names."""
    if category is not None:
        index = index.narrowed(category)
    out = Bodies()
    before: ParsedAmount | None = None  # the last one that was somebody's
    for amount in amounts(text):
        if amount.unit is None or amount.unit.dimension not in _WEIGHT | _SIZE:
            continue
        if not _of_a_being(text, amount) and not (before and _goes_on(text, before, amount)):
            continue
        before = amount
        first, last = amount.number.first, amount.last
        said = text.span(first, last)
        out.tokens |= set(range(first, last + 1))
        out.words.append(said)
        reach = _reach(index, amount.unit)
        if reach is not None:
            out.limits += _within(reach, amount, said)
            out.notes.append(f"'{said}' was taken as somebody's height")
            continue
        known = _carrier(index, amount.unit, text.stems)
        ends = ends_of(known.field, index) if known is not None and known.unit is not None else None
        what = "weight" if amount.unit.dimension == "mass" else "height"
        if known is None:
            out.notes.append(f"'{said}' was taken as somebody's {what}, which no field speaks of; it is no limit")
            continue
        if ends is not None:
            out.limits += _within((index.fields[ends[0]], index.fields[ends[1]]), amount, said)
            out.notes.append(f"'{said}' was taken as somebody's {what}")
            continue
        value = convert(amount.number.value, amount.unit, known.unit) if known.unit else amount.number.value
        if value is not None:
            out.limits.append(Quantity(known.field, ">=", scalar(tidy(value)), first, last, said))
            out.notes.append(f"'{said}' was taken as somebody's {what}: '{_called(known)}' must reach it")
    return out


def _called(known: Field) -> str:
    """The field's name without its unit, as words: "max load" of max_load_kg."""
    unit = f"_{known.unit.name}" if known.unit else ""
    return known.field.removeprefix("attributes.").removesuffix(unit).replace("_", " ")


def _of_a_being(text: Text, amount: ParsedAmount) -> bool:
    """Whether the amount is what somebody weighs or how tall somebody is."""
    start, end = text.tokens[amount.number.first].start, text.tokens[amount.last].end
    lead = re.split(r"[.;!?]|, (?!who)", text.low[max(0, start - 60) : start])[-1]
    heavy = amount.unit is not None and amount.unit.dimension == "mass"
    if _AFTER.match(text.low[end : end + 40]) or (heavy and _ANIMAL_ASIDE.search(text.low[:start])):
        return True
    match = _BEFORE.search(lead)
    if match is None:
        return False
    if amount.unit is not None and amount.unit.dimension == "length":
        metres = convert(amount.number.value, amount.unit, UNITS["m"]) or 0.0
        said = _IS.search(match.group()) or _SOMEBODY.search(match.group())
        own = said is not None and 0.4 <= metres <= 2.6
        return bool(_TALL.match(text.low[end : end + 10])) or "height" in match.group() or own
    return bool(_WEIGHING.search(match.group())) or bool(
        re.search(r"(?:\bi(?:'m| am)|\b(?:he|she|who)(?:'s| is)| of| is|,)(?: \w+)* $", match.group())
    )


def _goes_on(text: Text, before: ParsedAmount, amount: ParsedAmount) -> bool:
    """Whether it is told of the same being as the amount before it: "is 1.90 m tall and weighs 115 kg"."""
    between = text.low[text.tokens[before.last].end : text.tokens[amount.number.first].start]
    return (
        re.fullmatch(rf"(?: tall| in height)?,?(?: and)?(?: (?:weighs?|weighing|is))?(?: {_ABOUT})* ", between)
        is not None
    )


def _carrier(index: Index, unit: Unit, said: frozenset[str]) -> Field | None:
    """The field of the heaviest or tallest that a product is made for: max_load_kg, weight_capacity; one that names the
    being wins where it is spoken of ("dog" for max_dog_weight_kg)."""
    found = [
        known
        for known in index.fields.values()
        if known.number
        and known.unit is not None
        and known.unit.dimension == unit.dimension
        and (_CARRIES & set(known.name) or (unit.dimension == "mass" and set(known.name) in _BORNE))
        and (unit.dimension == "mass" or {"height", "user", "rider", "person", "bodi"} & set(known.name))
    ]
    named = [known for known in found if _BEING & said & set(known.name)]
    kin = [known for known in found if _ANIMAL & said and _ANIMAL & set(known.name)]  # a corgi is a dog
    found = named or kin or [known for known in found if not (_BEING - _ANYONE) & set(known.name) or _BEING & said]
    return min(found, key=lambda k: len(k.name)) if len(found) == 1 or _told(found) else None


def carries(known: Field) -> bool:
    """Whether the field is the most that a product is made for: max_load_kg, max_dog_weight_kg."""
    return bool(_MOST & set(known.name) and _CARRIES & set(known.name))


def _reach(index: Index, unit: Unit) -> tuple[Field, Field] | None:
    """The fields of the least and the most of somebody's height that a product suits, where there is one such pair."""
    if unit.dimension != "length":
        return None
    for known in index.fields.values():
        ends = ends_of(known.field, index) if _CARRIES & set(known.name) else None
        if ends is not None and known.unit is not None and known.unit.dimension == "length":
            return index.fields[ends[0]], index.fields[ends[1]]
    return None


def _within(reach: tuple[Field, Field], amount: ParsedAmount, said: str) -> list[Quantity]:
    out = []
    for known, operator in zip(reach, ("<=", ">="), strict=True):
        value = convert(amount.number.value, amount.unit, known.unit) if amount.unit and known.unit else None
        if value is not None:
            out.append(Quantity(known.field, operator, scalar(tidy(value)), amount.number.first, amount.last, said))  # type: ignore[arg-type]
    return out


def _told(found: list[Field]) -> bool:
    return bool(found) and len({f.within for f in found}) == 1
