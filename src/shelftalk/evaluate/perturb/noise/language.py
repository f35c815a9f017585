"""A request that switches languages: the frame and the small words in German, French or Spanish, the values in English.

So do people who shop in another language than their own, with the words they saw on the shelf left as they are. Two
small words are never translated, for the rule-based parser would meet another number or denial: the tables leave numbers alone and
put a plain denial ("ohne", "sans", "sin") for a plain denial ("without").
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from shelftalk.evaluate.perturb.noise.words import keeps_capital

__all__ = ["FRENCH", "GERMAN", "SPANISH", "Language", "switched"]


@dataclass(frozen=True, slots=True)
class Language:
    """Frames with a place for the thing wanted, and what small words become, longer phrases first."""

    frames: tuple[str, ...]
    words: tuple[tuple[str, str], ...]


def _table(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [(a.strip(), b.strip()) for a, _, b in (line.partition("=") for line in text.strip().split(";")) if b]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


GERMAN = Language(
    ("Ich suche {}", "Ich hätte gern {}", "Haben Sie {}?", "Bitte zeigen Sie mir {}", "Gibt es bei Ihnen {}?"),
    _table("""at least=mindestens; at the most=höchstens; at most=höchstens; up to=bis zu; less than=weniger als; more than=mehr als;
    or more=oder mehr; or less=oder weniger; under=unter; below=unter; with a=mit; with an=mit; with=mit; without=ohne;
    and=und; or=oder; for=für; please=bitte; between=zwischen; from=von; euros=Euro; euro=Euro;
    cheapest=das günstigste; the cheapest=das günstigste; the=das; a=ein; an=ein; if possible=wenn möglich; ideally=am liebsten; preferably=am liebsten; in=in"""),
)
FRENCH = Language(
    (
        "Je cherche {}",
        "Je voudrais {}",
        "Avez-vous {} ?",
        "Montrez-moi {} s'il vous plaît",
        "Est-ce que vous avez {} ?",
    ),
    _table("""at least=au moins; at the most=au maximum; at most=au maximum; up to=jusqu'à; less than=moins de; more than=plus de;
    or more=ou plus; or less=ou moins; under=moins de; below=moins de; with a=avec; with an=avec; with=avec; without=sans;
    and=et; or=ou; for=pour; please=s'il vous plaît; between=entre; from=de;  euros=euros; euro=euro;
    cheapest=le moins cher; the cheapest=le moins cher; the=le; a=un; an=un; if possible=si possible; ideally=idéalement; preferably=de préférence; in=en"""),
)
SPANISH = Language(
    ("Busco {}", "Me gustaría {}", "¿Tienen {}?", "Muéstreme {} por favor", "¿Venden {}?"),
    _table("""at least=al menos; at the most=como máximo; at most=como máximo; up to=hasta; less than=menos de; more than=más de;
    or more=o más; or less=o menos; under=menos de; below=menos de; with a=con; with an=con; with=con; without=sin;
    and=y; or=o; for=para; please=por favor; between=entre; from=de;  euros=euros; euro=euro;
    cheapest=el más barato; the cheapest=el más barato; the=el; a=un; an=un; if possible=si es posible; ideally=a ser posible; preferably=preferiblemente; in=en"""),
)
# What cannot be put into a frame, or would be garbled by small words alone.
_CLAUSE = re.compile(
    r"^(?:and|or|with|but|in)\b|\bthe (?:two|three|four|five|six|first|second)\b|\b(?:I|I'm|I'd|we|my|you|your|which|what|where|how|is|are|isn't|aren't|not|no|nothing|never|don't|can't|weighs?|costs?|"
    r"lighter|longer|cheaper|than|that|these|one|ones|show|name|write|hi)\b",
    re.IGNORECASE,
)
_ALLOWED = re.compile(r"\b(?:less|more) than\b|\bthat (?:is|are)\b", re.IGNORECASE)


def switched(text: str, rng: random.Random, language: Language) -> str | None:
    """The request in that language's frame; None where it is more than a thing with its attributes."""
    thing = text.strip().rstrip(".?!")
    thing = re.sub(r"(?:,\s*)?\bplease\b", "", thing, flags=re.IGNORECASE).strip(" ,")
    if not thing or re.search(r"[.?!]\s", thing) or _CLAUSE.search(_ALLOWED.sub(" ", thing)):
        return None
    if not keeps_capital(thing):
        thing = thing[:1].lower() + thing[1:]
    thing = re.sub(r"(?<=\d) to (?=\d)", "-", thing)
    for phrase, other in language.words:
        # marked, so that no later rule translates what an earlier one wrote
        marked = "".join(f"\x00{c}" for c in other)
        thing = _put(phrase, marked, thing)
    thing = re.sub(r"\s+", " ", thing.replace("\x00", "")).strip()
    return rng.choice(language.frames).format(thing)


def _put(phrase: str, other: str, text: str) -> str:
    return re.sub(rf"(?<![\w\x00-]){re.escape(phrase)}(?![\w-])", lambda _: other, text, flags=re.IGNORECASE)
