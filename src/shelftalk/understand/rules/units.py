"""Units that shoppers write: what they measure, how they convert, and the attribute words they usually go with."""

from __future__ import annotations

from dataclasses import dataclass

from shelftalk.understand.rules.tokens import bag

# dimension -> {unit: (factor to the dimension's first unit, spellings)}. Factors: SI Brochure (2019) and NIST SP 811.
_TABLE: dict[str, dict[str, tuple[float, str]]] = {
    "length": {
        "mm": (1.0, "mm millimeter millimeters millimetre millimetres"),
        "cm": (10.0, "cm centimeter centimeters centimetre centimetres cms"),
        "m": (1000.0, "m meter meters metre metres"),
        "km": (1_000_000.0, "km kilometer kilometers kilometre kilometres"),
        "in": (25.4, "in inch inches inchs inche ins"),
        "ft": (304.8, "ft foot feet"),
        "yd": (914.4, "yd yds yard yards"),
        "mi": (1_609_344.0, "mile miles"),
    },
    "mass": {
        "g": (1.0, "g gr gram grams gramme grammes gms"),
        "mg": (0.001, "mg milligram milligrams"),
        "kg": (1000.0, "kg kgs kilo kilos kilogram kilograms"),
        "oz": (28.349523125, "oz ounce ounces"),
        "lb": (453.59237, "lb lbs pound pounds"),
        "st": (6350.29318, "stone stones"),
    },
    "volume": {
        "ml": (1.0, "ml mls milliliter milliliters millilitre millilitres"),
        "cl": (10.0, "cl centiliter centiliters"),
        "l": (1000.0, "l liter liters litre litres ltr ltrs"),
        "floz": (29.5735295625, "floz"),
        "cup": (236.5882365, "cup cups"),
        "pt": (473.176473, "pint pints"),
        "qt": (946.352946, "qt qts quart quarts"),
        "gal": (3785.411784, "gal gallon gallons"),
    },
    "time": {
        "s": (1.0, "s sec secs second seconds"),
        "min": (60.0, "min mins minute minutes"),
        "h": (3600.0, "h hr hrs hour hours"),
        "day": (86400.0, "day days"),
        "week": (604800.0, "week weeks"),
        "month": (2629746.0, "month months mo"),
        "year": (31556952.0, "year years yr yrs"),
    },
    "data": {
        "mb": (0.001, "mb megabyte megabytes meg megs"),
        "gb": (1.0, "gb gig gigs gigabyte gigabytes gbs"),
        "tb": (1000.0, "tb terabyte terabytes"),
    },
    "power": {
        "w": (1.0, "w watt watts wattage"),
        "kw": (1000.0, "kw kilowatt kilowatts"),
        "hp": (745.7, "hp horsepower"),
    },
    "charge": {"mah": (1.0, "mah milliamp milliamps"), "ah": (1000.0, "ah amp-hours")},
    "energy": {"wh": (1.0, "wh watthour"), "kwh": (1000.0, "kwh")},
    "voltage": {"v": (1.0, "v volt volts")},
    "current": {"a": (1.0, "amp amps ampere amperes"), "ma": (0.001, "ma")},
    "frequency": {"hz": (1.0, "hz hertz"), "khz": (1e3, "khz"), "mhz": (1e6, "mhz"), "ghz": (1e9, "ghz")},
    "pixels": {"mp": (1.0, "mp megapixel megapixels mps mpx mpix")},
    "density": {"dpi": (1.0, "dpi"), "ppi": (1.0, "ppi")},
    "kelvin": {"k": (1.0, "k kelvin kelvins")},
    "light": {"lm": (1.0, "lm lumen lumens")},
    "sound": {"db": (1.0, "db dba decibel decibels")},
    "heat": {"btu": (1.0, "btu btus")},
    "celsius": {"c": (1.0, "celsius centigrade")},
    "fahrenheit": {"f": (1.0, "fahrenheit")},
    "rotation": {"rpm": (1.0, "rpm")},
    "print": {"ppm": (1.0, "ppm")},
    "area": {"sqft": (1.0, "sqft"), "sqm": (10.7639104, "sqm")},
    "zoom": {"x": (1.0, "x")},
    "frames": {"fps": (1.0, "fps")},
    "sheets": {"sheet": (1.0, "sheet sheets")},
    "people": {"person": (1.0, "person persons people servings")},
    "percent": {"%": (1.0, "percent pct")},
    "star": {"star": (1.0, "star stars")},
}

# Words that name an attribute measured in a dimension, for feeds whose fields carry no unit.
HINTS: dict[str, str] = {
    "length": "size screen display length width height depth diameter thickness distance range reach throw dimension filter "
    "diagonal focal blade inseam waist tall wide long inch mm cm tip point band case strap cord cable",
    "mass": "weight mass load precision capacity size package bag pack quantity net",
    "volume": "capacity volume carafe tank size bowl reservoir cup package quantity content bottle",
    "time": "time life duration warranty runtime playtime playback standby battery guarantee age timer hour minute year month period",
    "data": "memory ram storage capacity drive disk ssd hdd flash",
    "power": "power wattage watt output consumption",
    "charge": "battery capacity",
    "energy": "battery capacity energy",
    "voltage": "voltage volt",
    "current": "current amp output",
    "frequency": "frequency refresh rate speed clock response processor",
    "pixels": "megapixel resolution camera sensor pixel mp",
    "density": "dpi resolution sensitivity ppi density",
    "kelvin": "temperature kelvin color colour",
    "light": "lumen brightness light output luminous",
    "sound": "noise decibel sound loudness volume level sensitivity",
    "heat": "heat btu output cooling",
    "celsius": "temperature",
    "fahrenheit": "temperature",
    "rotation": "speed rpm rotation",
    "print": "speed print page",
    "area": "area coverage room heat cooling floor",
    "zoom": "zoom magnification optical",
    "frames": "frame rate video",
    "sheets": "capacity sheet paper tray feeder",
    "people": "capacity people person seat serving sleep",
    "percent": "",
    "star": "rating star",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: what it measures, and its size in the dimension's base unit."""

    name: str
    dimension: str
    factor: float


UNITS: dict[str, Unit] = {}
for _dimension, _units in _TABLE.items():
    for _name, (_factor, _spellings) in _units.items():
        for _spelling in (*_spellings.split(), _name):
            UNITS.setdefault(_spelling, Unit(_name, _dimension, _factor))
# Spellings that are also ordinary words or letters count only right behind a number in digits ("5 in", "5m", "60 w").
SHORT = bag("x in m g s h l k v w a f c st ma pt mi min ins gr")


def unit(name: str | None) -> Unit | None:
    """The unit of that spelling ("hours", "GB", "fl oz", "°F"), or None."""
    if not name:
        return None
    key = name.lower().strip().strip("°.").replace(" ", "").replace("-", "").replace("(s)", "")
    return UNITS.get({"hours": "h", "fluidounce": "floz", "fluidounces": "floz"}.get(key, key))


def convert(value: float, given: Unit, wanted: Unit) -> float | None:
    """The value in the wanted unit; None where the two measure different things."""
    if given.dimension != wanted.dimension:
        if (given.dimension, wanted.dimension) == ("celsius", "fahrenheit"):
            return value * 9 / 5 + 32
        if (given.dimension, wanted.dimension) == ("fahrenheit", "celsius"):
            return (value - 32) * 5 / 9
        return None
    if given.name == wanted.name:
        return value
    return tidy(value * given.factor / wanted.factor)


def tidy(value: float) -> float:
    """The value with at most six significant digits, so that 1.1 lb is 498.952 g and not its binary tail."""
    return float(f"{value:.6g}")


def scalar(value: float) -> int | float:
    """The value as a whole number where it is one."""
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def siblings(given: Unit) -> list[Unit]:
    """The other units of the same dimension, nearest in size first."""
    others = {u.name: u for u in UNITS.values() if u.dimension == given.dimension and u.name != given.name}
    return sorted(others.values(), key=lambda u: abs(u.factor - given.factor))
