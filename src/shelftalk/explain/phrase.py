"""Sentences that the record itself speaks, for when no wording of the model holds or none is asked.

Each point has a few true sentences; which is taken turns with the place of the pick, so that an answer does not drone.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from shelftalk.explain.job import Point
from shelftalk.explain.lexicon import AUDIENCE
from shelftalk.explain.named import foreign, origin
from shelftalk.facts.facts import Fact, money, plain_number, quantity, safe
from shelftalk.facts.holds import as_number, same
from shelftalk.facts.units import close
from shelftalk.facts.words import listed
from shelftalk.values import Constraint

_MASS_NOUN = re.compile(
    r"(?:tion|ing|ity|ness|ance|ence|ment|age|ship|ology|support|play|sound|output|access|storage|noise|power|memory|"
    r"bluetooth|wi-fi|nfc|gps|lining|padding|software|hardware|gluten|sugar|caffeine)$"
)
_ADJECTIVE = re.compile(
    r"^(?:on|in|off|up|out|over|white|black)$|(?:able|ible|proof|less|free|ed|ive|ful|ant|ent|safe|ready|friendly|capable|organic|vegan|wireless|washable|hypoallergenic|"
    r"ergonomic|electric|solar|outdoor|indoor|standing|natural|manual|automatic|magnetic|analog|digital|portable|cordless|handmade|foldable|new|clear|soft|slim|halal|kosher|vegetarian|dimmable)$"
)
OWNING = re.compile(r"^(?:is|has|with|includes?|contains?) ")
_THING = re.compile(r"\b(?:function|feature|design|mode|timer|alarm|port|display|screen|control|support|technology|system|camera|light|flashlight|button|slot|jack|case|pocket|handle|lid|protection|feedback|charger|remote|stand|strap|filter|sensor|underwire)$")  # fmt: skip
_COUNTABLE = re.compile(r"(?:function|section|edition|cushion|option|button|station|ring|string|opening|setting|lining|compartment|entity|garage|package|stage|display)$")  # fmt: skip
VERB_FIRST = re.compile(
    r"^(?:charges|keeps|fits|holds|folds|stands|works|needs|requires|uses|makes|connects|comes|runs|takes|covers|opens|turns|"
    r"plays|tracks|measures|allows|prevents|protects|reduces) \w"
)
_NO_COUNT = re.compile(r"^(?:cups|servings|portions|.* degrees)$")
_RECIPIENT = re.compile(r"(?:ing|men|women|children|kids|boys|girls|adults|teens|toddlers|babies|dogs|cats|travel|school|work|everyone)$")  # fmt: skip
_NO_ARTICLE = frozenset({"plug and play"})
_NOUN_ENDINGS = re.compile(r"(?:table|cable|vegetable|stable|bed|seed|feed|speed|shed|sleeve|drive|archive|olive|event|component|assistant|agent|scent|led|vent|detergent|deodorant|hive|plant|pendant)$")  # fmt: skip
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip
EXTENT = {"width": "wide", "height": "high", "length": "long", "depth": "deep", "thickness": "thick"}
_LOWER = listed("color colour colors colours material materials fabric finish pattern style occasion season")


# What the least and the most of a dimension is called.
_EXTREMES = {
    "money": ("cheapest", "highest"), "mass": ("lightest", "heaviest"), "time": ("shortest", "longest"),
    "calendar": ("shortest", "longest"), "length": ("smallest", "largest"), "volume": ("smallest", "largest"),
    "light": ("lowest", "brightest"),
}  # fmt: skip
PLAINLY_ASKED = frozenset({", as you asked", ", as you wanted"})


def sentence(point: Point) -> str:
    """One true sentence for the point, ending in a full stop."""
    heads = statements(point)
    tails = endings(point)
    head = heads[point.variant % len(heads)]
    tail = tails[point.variant % len(tails)]
    return f"{head}{tail}."


def sentences(point: Point) -> tuple[str, ...]:
    """All the sentences that `sentence` takes turns over."""
    return tuple(dict.fromkeys(f"{head}{tail}." for head in statements(point) for tail in endings(point)))


def statements(point: Point) -> tuple[str, ...]:
    """What the facts say, in a few ways, without the shopper's wish and without a full stop."""
    fact = point.fact
    match fact.field:
        case "price":
            return _price(fact, point.facts[1:])
        case "list_price":
            return (f"The list price is {money(fact.value, fact.currency)}",)
        case "brand":
            return (f"It is from {fact.parts[0]}", f"The brand is {fact.parts[0]}")
        case "rating":
            return _rating(fact, point.facts[1:])
        case "review_count":
            return (f"It has {plain_number(fact.value)} {'review' if fact.value == 1 else 'reviews'}",)
        case "stock":
            count = plain_number(fact.value)
            if fact.value <= 0:
                return ("It is out of stock",)
            return (
                f"There {'is' if fact.value == 1 else 'are'} {count} in stock",
                f"It is in stock, with {count} left",
            )
        case "availability":
            words = fact.parts[0]
            return (f"It is {words}",) if words in ("in stock", "out of stock") else (f"The availability is {words}",)
        case "categories":
            return (f"It is listed under {_category(fact, point.constraint)}",)
        case "released_at":
            return (f"It was released on {_day(fact.parts[0])}",)
        case "title" | "description" if fact.kind == "mention":
            return (f'Its {fact.name} mentions "{point.quoted}"',)
        case "title":
            return (f'It is listed as "{fact.parts[0].replace(chr(34), chr(39))}"',)
        case "id":
            return ("It is in the catalogue",)
    return _attribute(fact)


def _price(fact: Fact, companions: tuple[Fact, ...]) -> tuple[str, ...]:
    amount = money(fact.value, fact.currency)
    was = next((f for f in companions if f.field == "list_price"), None)
    if was:
        before = money(was.value, was.currency)
        return (f"It costs {amount}, down from {before}", f"The price is {amount}, down from {before}")
    return (f"It costs {amount}", f"The price is {amount}", f"It is priced at {amount}")


def _rating(fact: Fact, companions: tuple[Fact, ...]) -> tuple[str, ...]:
    rating = plain_number(fact.value)
    reviews = next((f for f in companions if f.field == "review_count"), None)
    if not reviews:
        return (f"It is rated {rating}", f"The rating is {rating}")
    count = f"{plain_number(reviews.value)} {'review' if reviews.value == 1 else 'reviews'}"
    return (f"It is rated {rating} in {count}", f"It has a rating of {rating} from {count}")


def _attribute(fact: Fact) -> tuple[str, ...]:
    if fact.truth is not None:
        return boolean(fact.name, fact.truth)
    if fact.kind == "number":
        return _number(fact)
    if labelled(fact.name):
        return (f"{label(fact.name)}: {', '.join(fact.parts)}",)
    parts = [said(fact, part) for part in fact.parts]
    if len(parts) > 1:
        listed = f"{', '.join(parts[:-1])} and {parts[-1]}"
        return (f"The {fact.name} {'are' if plural(fact.name) else 'include' + 's'} {listed}",)
    value = parts[0]
    usual = f"The {fact.name} {'are' if plural(fact.name) else 'is'} {value}"
    if fact.name in ("material", "fabric"):
        return (f"It is made of {value}", usual)
    if fact.name in ("color", "colour"):
        return (f"It comes in {value}", usual)
    if suits(fact):
        return (f"It is for {value}",)
    return (usual,)


def suits(fact: Fact) -> bool:
    """Whether "it is for ..." says what the one value of this fact means: "women", "hiking", not "unisex" or "commuter"."""
    audience = AUDIENCE.search(fact.name.lower()) is not None
    return audience and len(fact.parts) == 1 and _RECIPIENT.search(fact.parts[0].lower()) is not None


def labelled(name: str) -> bool:
    """Whether a name takes no part in a sentence ("keeps cold", "cups"), so that "Name: value" says it best."""
    return VERB_FIRST.search(name.lower()) is not None or _NO_COUNT.search(name.lower()) is not None


def label(name: str) -> str:
    """The name as it stands before a colon."""
    return name[:1].upper() + name[1:]


def said(fact: Fact, part: str) -> str:
    """A text value as it reads inside a sentence: "Blue" as a colour is "blue", names stay as they are."""
    if fact.name.split()[-1] in _LOWER and re.fullmatch(r"(?:[A-Z]?[a-z]+[ /-]?)+", part):
        return part.lower()
    return part


def _number(fact: Fact) -> tuple[str, ...]:
    amount, name = float(fact.amount or 0), fact.name
    q = quantity(amount, fact.unit, name)
    if fact.unit and fact.unit.dimension == "mass" and name in ("weight", "item weight", "product weight"):
        return (f"It weighs {q}", f"The {name} is {q}")
    if fact.unit and fact.unit.dimension == "length" and name in EXTENT:
        return (f"It is {q} {EXTENT[name]}", f"The {name} is {q}")
    counted = re.sub(r"^(?:number of|quantity of|count of) ", "", name)
    if labelled(name):
        return (f"{label(name)}: {q}",)
    if fact.unit is None and (counted != name or plural(name)):
        thing = singular(counted) if amount == 1 else counted
        if name.startswith(("minimum ", "maximum ")):
            return (f"The {name.split()[0]} number of {name.split(maxsplit=1)[1]} is {q}",)
        return (f"It is for {q} {thing}",) if AUDIENCE.search(name.lower()) else (f"It has {q} {thing}",)
    return (f"The {name} is {q}", f"It has {article(name)} {name} of {q}")


def boolean(name: str, truth: bool) -> tuple[str, ...]:
    """What a yes or no says: "waterproof" is something it is, "remote control" something it has."""
    bare = OWNING.sub("", name)
    if labelled(name):
        return (f"It {name}",) if truth else (f"{label(name)}: no",)
    if is_adjective(name):
        return (f"It is {bare}",) if truth else (f"It is not {bare}",)
    thing = bare if uncounted(bare) else f"{article(bare)} {bare}"
    if not truth:
        return (f"It has no {bare}", f"It comes without {thing}")
    return (f"It has {thing}", f"It comes with {thing}")


def is_adjective(name: str) -> bool:
    """Whether a yes to this name is something the product is, as far as spelling tells."""
    if has_thing(name):
        return False
    last = name.rsplit(maxsplit=1)[-1]
    return name.startswith("is ") or (_ADJECTIVE.search(last) is not None and not _NOUN_ENDINGS.search(last))


def has_thing(name: str) -> bool:
    """Whether a yes to this name is surely something the product has."""
    if name.startswith("is "):
        return False
    return OWNING.match(name) is not None or plural(name) or _THING.search(name) is not None


def uncounted(name: str) -> bool:
    """Whether the thing takes no article: a plural or a substance, as far as spelling tells."""
    last = name.rsplit(maxsplit=1)[-1]
    return plural(name) or name in _NO_ARTICLE or (_MASS_NOUN.search(last) is not None and not _COUNTABLE.search(last))


def plural(name: str) -> bool:
    """Whether a name's last word is a plural, as far as spelling tells."""
    last = name.rsplit(maxsplit=1)[-1]
    return last.endswith("s") and not last.endswith(("ss", "us", "is", "ous")) and len(last) > 3 and last.lower() != "lens"  # fmt: skip


def singular(name: str) -> str:
    """The name with its last word in the singular: "charging ports" gives "charging port"."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    if re.search(r"(?:ch|sh|x|ss)es$", name):
        return name[:-2]
    return name[:-1] if plural(name) else name


def article(words: str) -> str:
    """ "an" before a vowel sound, else "a"."""
    first = words.split(maxsplit=1)[0]
    if re.fullmatch(r"[A-Z0-9]+", first):
        return "an" if first[0] in "AEFHILMNORSX8" else "a"
    return (
        "an"
        if re.match(r"8|11\b|18\b|[aeio](?!u[rk]o|ne\b|nce\b)|u(?!s[aei]|ni|k)|hour|honest|heir", first.lower())
        else "a"
    )


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _category(fact: Fact, constraint: Constraint | None) -> str:
    for part in reversed(fact.parts):
        if constraint and any(same(part, w) for w in wanted(constraint)):
            return part
    return fact.parts[-1]


def wanted(constraint: Constraint) -> tuple[object, ...]:
    """The values of a constraint, always as a tuple."""
    return tuple(constraint.value) if isinstance(constraint.value, (tuple, list)) else (constraint.value,)


def bound(fact: Fact, value: object, constraint: Constraint | None = None) -> str:
    """A limit that the shopper set, with the unit of the field: "20 hours", "100 USD"; without the currency where the
    words of the constraint name another one."""
    number = as_number(value)
    if number is None:
        return str(value)
    if fact.kind == "money":
        exact = Decimal(str(value))
        short = Decimal(str(tidy(number, fact.amount, money=True)))
        shown = exact if short == exact else short
        return money(shown, None if foreign(constraint, fact.currency) else fact.currency)
    return quantity(tidy(number, fact.amount), fact.unit, fact.name)


def tidy(number: float, beside: float | None, *, money: bool = False) -> float:
    """A limit that a conversion or a mean left with many digits (226.796 g of half a pound) to three of them, money to
    two places, as long as the value beside it stays on its side of the limit."""
    if close(number, round(number, 2)):
        return number
    short = round(number, 2) if money else float(f"{number:.3g}")
    if beside is None or (short > beside) != (number > beside) or (short < beside) != (number < beside):
        return number
    return short


def endings(point: Point) -> tuple[str, ...]:
    """How the facts stand to what was asked, in a few ways; ("",) where there is nothing to add."""
    best = _best(point)
    if point.kind == "missed" and point.constraint:
        return _missed(point.fact, point.constraint)
    if point.kind == "met" and point.constraint:
        met = _met(point.fact, point.constraint)
        if point.brief and set(met) <= PLAINLY_ASKED:
            return (f", {best}",) if best else ("",)
        return tuple(f"{e}{' and ' + best if best and e else ''}" for e in met)
    return (f", {best}",) if best else ("",)


def _best(point: Point) -> str:
    if not point.superlative:
        return ""
    fact = point.fact
    measured = "money" if fact.kind == "money" else fact.unit.dimension if fact.unit else ""
    low, high = _EXTREMES.get(measured, ("lowest", "highest"))
    return f"the {low if point.superlative == 'asc' else high} of these picks"


def _met(fact: Fact, c: Constraint) -> tuple[str, ...]:
    values = wanted(c)
    if fact.kind in ("money", "number"):
        b = bound(fact, values[0], c)
        exact = as_number(values[0]) == fact.amount
        if fact.name.startswith(("minimum ", "maximum ")):  # the end of a range that holds what was asked
            return (", as you asked",)
        if origin(c) != "named" and c.operator in ("<", "<=", ">", ">=", "between"):
            return _unnamed(c, b, exact)
        match c.operator:
            case "<" | "<=":
                return (f", within your limit of {b}",) if exact else (f", under your limit of {b}", f", less than the {b} you named")  # fmt: skip
            case ">" | ">=":
                return (f", the {b} you asked for",) if exact else (f", more than the {b} you asked for", f", over the {b} you named")  # fmt: skip
            case "between":
                return (f", between the {_bare(values[0])} and {bound(fact, values[-1], c)} you named",)
    if c.operator in ("=", "in"):
        return (", as you asked", ", as you wanted")
    if c.operator in ("!=", "not in") and fact.truth is None and _speakable(values):
        return (f", not {_either(values, fact)}",)
    return (", as you asked",)


def _unnamed(c: Constraint, b: str, exact: bool) -> tuple[str, ...]:
    """How a value stands to a limit that the shopper did not give as a number."""
    than = "less than" if c.operator in ("<", "<=") else "more than"
    if c.operator == "between" or exact:
        return (", as you asked",)
    match origin(c):
        case "shown":
            return (f", {than} the {b} shown before",)
        case "average":
            return (f", {than} the catalogue's average of {b}",)
    return (", as you asked",)


def _bare(value: object) -> str:
    number = as_number(value)
    return plain_number(number) if number is not None else str(value)


def _speakable(values: tuple[object, ...]) -> bool:
    return all(safe(str(v)) for v in values[:3])


def _either(values: tuple[object, ...], fact: Fact) -> str:
    return " or ".join(said(fact, str(v)) for v in values[:3])


def _missed(fact: Fact, c: Constraint) -> tuple[str, ...]:
    values = wanted(c)
    if fact.kind in ("money", "number"):
        low, high = as_number(values[0]), as_number(values[-1])
        amount = fact.amount or 0.0
        over = c.operator in ("<", "<=", "between") and high is not None and amount > high
        short = c.operator in (">", ">=", "between") and low is not None and amount < low
        b = bound(fact, values[-1] if over else values[0], c)
        if origin(c) != "named":
            return _unnamed_missed(c, b, "more than" if over else "less than" if short else "")
        if over:
            return (f", more than the {b} you named", f", over your limit of {b}")
        if short:
            return (f", less than the {b} you asked for",)
        if c.operator in ("<", ">") and amount == low:  # the very limit, which was not to be reached
            return (f", not {'less' if c.operator == '<' else 'more'} than the {b} you named",)
        if c.operator in ("=", "in") and low is not None:
            return (f", not the {b} you asked for",)
    if c.operator in ("=", "in") and fact.truth is None and _speakable(values):
        return (f", not the {_either(values, fact)} you asked for",)
    return (", though you asked otherwise",)


def _unnamed_missed(c: Constraint, b: str, than: str) -> tuple[str, ...]:
    """How a value misses a limit that the shopper did not give as a number."""
    match origin(c):
        case "shown" if than:
            return (f", {than} the {b} shown before",)
        case "average" if than:
            return (f", {than} the catalogue's average of {b}",)
    return (", though you asked otherwise",)
