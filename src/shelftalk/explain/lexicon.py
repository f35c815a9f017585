"""The words that a claim may use beside what its facts say, and what some of them commit it to.

Everything outside these tables, the cited facts and their names is an unsupported word, and the checker refuses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shelftalk.facts.facts import Fact
from shelftalk.facts.words import listed

DETERMINERS = listed("a an the its this")
VERBS = listed("is are has have comes come offers offer includes include features feature provides provide gives give uses use")  # fmt: skip
PREPOSITIONS = listed("of in at by from with for on")
NOUNS = listed("it item product pick there")
JOINS = listed("and which that or")
GLUE = DETERMINERS | VERBS | PREPOSITIONS | NOUNS | JOINS
NEGATORS = listed(
    "not no without isn't doesn't hasn't aren't lacks lack lacking never cannot can't non neither nor none"
)
BOUND_WORDS = listed("the your limit budget maximum minimum of a")

# Heads of a field's name that a sentence may leave out: "a glass dial window" for dial_window_material.
HEADS = listed(
    "type kind style design function feature technology system option mode value level rating format category material color "
    "colour finish pattern shape capability support factor connectivity fabric method class form included include "
    "is has with integrated availability"
)
MEASURE_HEADS = listed("capacity size output")
COUNT_HEADS = listed("number quantity count")

COMPARATORS: dict[str, str] = {
    "less than": "<", "fewer than": "<", "below": "<", "under": "<", "cheaper than": "<", "lighter than": "<",
    "shorter than": "<", "lower than": "<", "smaller than": "<", "at most": "<=", "no more than": "<=",
    "not more than": "<=", "not over": "<=", "not above": "<=", "within": "<=", "more than": ">", "over": ">", "above": ">",
    "greater than": ">", "longer than": ">", "heavier than": ">", "higher than": ">", "larger than": ">",
    "bigger than": ">", "beyond": ">", "at least": ">=", "no less than": ">=", "not less than": ">=",
    "not under": ">=", "not below": ">=", "exactly": "=", "between": "between",
}  # fmt: skip
# Comparatives that only make sense of some dimensions.
COMPARES_ONLY: dict[str, tuple[str, ...]] = {
    "cheaper than": ("money",), "lighter than": ("mass",), "heavier than": ("mass",),
    "longer than": ("time", "length", "calendar"), "shorter than": ("time", "length", "calendar"),
}  # fmt: skip

# What the shopper said. "asked" holds where the constraint is met or the limit stands right before it.
ASKED = (
    "just as you asked", "as you asked for", "as you asked", "as you wanted", "as you wished", "as requested",
    "as you requested", "as you named", "which is what you asked for", "which is what you wanted", "which you asked for",
    "which you wanted", "that you asked for", "that you wanted", "you asked for", "you wanted", "you named",
    "you requested", "which matches your request", "matching your request", "like you asked",
)  # fmt: skip
CONTRAST = (
    "though you asked otherwise", "although you asked otherwise", "but you asked otherwise", "though you wanted otherwise",
)  # fmt: skip
# Limits that the shopper gave no number for, by where their number comes from.
ORIGINS = {"shown before": "shown", "the catalogue's average of": "average"}
AMONG = ("of these picks", "among these picks", "of the picks")
OUT_OF_FIVE = "out of 5"
SET_VERBS = ("listed under", "listed as", "sells for", "speaks of")
SET_PHRASES = (*SET_VERBS, "in stock", "out of stock", OUT_OF_FIVE)
SUPERLATIVES: dict[str, tuple[str, str]] = {
    "lowest": ("asc", ""), "cheapest": ("asc", "money"), "lightest": ("asc", "mass"), "shortest": ("asc", "length time calendar"),
    "smallest": ("asc", ""), "highest": ("desc", ""), "longest": ("desc", "length time calendar"), "heaviest": ("desc", "mass"),
    "largest": ("desc", ""), "biggest": ("desc", ""), "brightest": ("desc", "light"),
}  # fmt: skip
NUMBER_WORDS = {w: float(i) for i, w in enumerate("two three four five six seven eight nine ten eleven twelve".split(), 2)}  # noqa: SIM905  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that speaks of some facts only: `names` are the words of a field's name it may stand for."""

    fields: str = r"(?!)"
    kinds: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    names: str = ""
    verb: bool = False

    def fits(self, fact: Fact) -> bool:
        """Whether the word can be said of this fact."""
        if self.dimensions and (fact.unit is None or fact.unit.dimension not in self.dimensions):
            return False
        if self.kinds and fact.kind not in self.kinds:
            return False
        return re.search(self.fields, fact.name.lower()) is not None


_AUDIENCE = r"^(?:(?:suitable|recommended|intended|made|best) (?:for|ages?)|(?:for )?(?:ages?|age groups?|age range|occasions?|activit(?:y|ies)|sports?|seasons?|genders?|recipients?|breeds?|skin types?|hair types?|rooms?|audience|persons?|people|players?|guests?|sleepers?|uses?|intended use))$"  # fmt: skip
_AUDIENCE_NAMES = "suitable recommended intended made best for age ages group groups range occasion activity sport season gender recipient breed skin hair type room audience person persons people player players guest guests sleeper use uses"  # fmt: skip
CUES: dict[str, Cue] = {
    **dict.fromkeys(("costs", "cost", "priced", "price"), Cue(r"^(?:list )?price$", ("money",), names="price", verb=True)),
    **dict.fromkeys(("down",), Cue(r"^list price$", ("money",), names="list price")),
    "before": Cue(r"^list price$", ("money",), names="list price"), "was": Cue(r"^list price$|^release date$", names="list price"),
    **dict.fromkeys(("weighs", "weighing"), Cue(r"\bweight\b", dimensions=("mass",), names="weight item product net", verb=True)),
    **dict.fromkeys(("lasts", "lasting", "last"), Cue(r"life|time|duration|play|run|battery", dimensions=("time", "calendar"), names="life time runtime playtime playback duration", verb=True)),
    **dict.fromkeys(("runs", "running"), Cue(r"life|time|battery|power|operating system|os\b|fuel", names="life time runtime source type system", verb=True)),
    "wide": Cue(r"\bwidth\b", dimensions=("length",), names="width"),
    **dict.fromkeys(("high", "tall"), Cue(r"\bheight\b", dimensions=("length",), names="height")),
    "long": Cue(r"\blength\b", dimensions=("length",), names="length"),
    "deep": Cue(r"\bdepth\b", dimensions=("length",), names="depth"),
    "thick": Cue(r"\bthickness\b", dimensions=("length",), names="thickness"),
    **dict.fromkeys(("holds", "stores"), Cue(r"capacity|storage|volume|memory", names="capacity storage volume", verb=True)),
    **dict.fromkeys(("rated", "stars", "star"), Cue(r"^rating$", names="rating", verb=True)),
    **dict.fromkeys(("reviews", "review"), Cue(r"^reviews$", names="reviews")),
    **dict.fromkeys(("made",), Cue(r"material|fabric|brand|composition|body|case|frame|upper|shell|lining|strap|blade", names="", verb=True)),
    **dict.fromkeys(("released", "launched"), Cue(r"^release date$", ("date",), names="release date", verb=True)),
    **dict.fromkeys(("stock", "left"), Cue(r"^(?:stock|availability)$", names="stock availability")),
    "available": Cue(r"^(?:stock|availability)$|colou?rs?|sizes?", names="availability"),
    **dict.fromkeys(("listed",), Cue(r"^(?:category|title)$", names="category title", verb=True)),
    **dict.fromkeys(("mentions", "description", "title"), Cue(r"^(?:description|title)$", ("mention",), names="description title", verb=True)),
    "number": Cue(r"^(?:minimum|maximum) \w+s$", ("number",)),
    **dict.fromkeys(("suits", "suitable", "fits"), Cue(_AUDIENCE, names=_AUDIENCE_NAMES, verb=True)),
    **dict.fromkeys(("supports", "connects"), Cue(r"support|connect|compat|format|codec|wireless|bluetooth", names="support supported connectivity connection", verb=True)),

    "yes": Cue(r"", ("boolean",)),
}  # fmt: skip
AUDIENCE = re.compile(_AUDIENCE)
# "for" and "is for" speak of these names.
_FOR = Cue(_AUDIENCE, names=_AUDIENCE_NAMES)
CUES["for"] = _FOR
