"""Whom it is for, by age: "for my 8 year old nephew", "for ages 3 and up", "a toy for a two-year-old"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shelftalk.understand.rules.bodies import BEINGS
from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.nearby import Quantity
from shelftalk.understand.rules.numbers import numbers
from shelftalk.understand.rules.tokens import Text, stems, tokenise
from shelftalk.values import Criterion, Operator
from shelftalk.words.numbers import SMALL
from shelftalk.words.stop import FUNCTION

_GROWN = 18  # years
_NUMBER = rf"\d{{1,2}}|{'|'.join(w for w, n in SMALL.items() if 0 < n <= _GROWN)}"
_CHILDREN = (
    r"(?:(?:grand|god|step)?(?:children|kids|sons|daughters)|child(?:ren)?|kids|boys|girls|brothers|sisters|siblings|twins|nieces|nephews|"
    r"cousins|toddlers|teens|teenagers|little ones|students|pupils)"
)
_AGES = (
    re.compile(rf"\b(?P<n>{_NUMBER})[- ]?(?P<unit>year|yr|month|mo)s?[- ]?olds?\b"),
    re.compile(rf"\b(?:ages?|aged)(?: of| range)? (?P<n>{_NUMBER})(?: ?(?P<unit>years?|months?))?\b(?! (?:inch|cm|mm|gb|dollars|bucks))"),
    re.compile(rf"\b(?:turn(?:s|ing)|just turned|is) (?P<n>{_NUMBER})(?: (?P<unit>years?))?(?= (?:soon|next|this|today|tomorrow|in \w+)\b|[.!?,](?!\d)|$)"),
    re.compile(rf"\b(?:(?:he|she|who)(?:'s| is)|they(?:'re| are)(?: both| all)?|turns|turned|turning) (?:only |just |almost |nearly |already )?(?P<n>{_NUMBER})(?: (?P<unit>years?|months?)(?: old)?)?(?= (?:and|but|so|now)\b|[.!?,](?!\d)|$)"),
    re.compile(rf"(?<!last )(?<!lasts )(?<!lasting )\b(?:for|from) (?:about |around )?(?P<n>{_NUMBER}|\d\d) (?P<unit>months?)(?=\W*$|[.,;!?)]| (?:and|plus|with|under|below|that|in)\b)"),
    re.compile(rf"\b(?P<n>{_NUMBER})(?:st|nd|rd|th) birthday\b"),
    re.compile(rf"\b{_CHILDREN}(?: who)?(?: are|'re)?,? \(?(?:(?:aged?|about|around|roughly|maybe|like) )*(?P<n>{_NUMBER})(?:[- ]?ish| or so)\b"),
)  # fmt: skip
_CHILD = re.compile(
    rf"(?:\b(?:my|our|the|his|her|their|an?|two|three|both) )?\b(?:{_CHILDREN}|(?:grand|god|step)?(?:child|kid|son|daughter)|boy|girl|nephew|niece)(?![\w'-])"
)
_ALL = rf"(?P<all>(?:{_NUMBER})(?:(?:,? (?:and|&|or|to) | ?[-\u2013] ?)(?:an? )?(?:{_NUMBER})|, ?(?:{_NUMBER}),? (?:and|&|or) (?:{_NUMBER}))"
_END = r"(?=\W*$|\W*[.,;!?)]|,? (?:and|who|that|with|under|for|to|in|on|is|are|but|please|below|less|at|max)\b)"
_SEVERAL = (
    re.compile(rf"\b{_CHILDREN}(?: who)?(?: are|'re)?,? ?\(?(?:(?:aged?|ages|of|at) )?{_ALL}(?: (?P<unit>years?|months?)(?: old| of age)?)?)\)?{_END}"),
    re.compile(rf"\b(?:they|we|who|both)(?:'re| are)(?: only| just| about| now)? {_ALL}(?: (?P<unit>years?|months?)(?: old| of age)?)?){_END}"),
    re.compile(rf"\b(?:aged?|ages)(?: of)? {_ALL}(?: (?P<unit>years?|months?))?)"),
    re.compile(rf"(?<![\w.]){_ALL}[- ]?(?P<unit>year|yr|month|mo)s?[- ]?olds?\b)"),
)  # fmt: skip


_DOES = re.compile(
    r"\b(?:can|could|may|will|would|should) (?:an?|my|our|the|his|her|their) $"
)  # "can my 6 year old play it?"
_NO_AGE = re.compile(
    r"\b(?:budget|limit|price|maximum|minimum|max|min|size|weight|height|length|width|quantity|number) $"
)


def ages(text: Text, index: Index) -> tuple[list[Quantity], set[int]]:
    """What a recipient's age asks of the age fields (the youngest and oldest age a product is for), and the tokens that
    speak of ages: they are no other limit, whatever fields there are."""
    out, used = _of_several(text, index)
    for pattern in _AGES:
        for match in pattern.finditer(text.low):
            first, last = text.at(match.start()), max(text.at(match.start()), text.at(match.end()) - 1)
            found = numbers(tokenise(match.group("n")))
            if not found or set(range(first, last + 1)) & used:
                continue
            if _NO_AGE.search(text.low[: match.start()]) and "unit" in match.groupdict() and not match["unit"]:
                continue
            if pattern is _AGES[0] and a_things(text, last + 1) and not _DOES.search(text.low[: match.start()]):
                used.update(range(first, last + 1))
                out += _aged(text, index, match, found[0].value, first, last)
                continue
            groups = match.groupdict()
            used.update(range(first, last + 1))
            out += _suiting([found[0].value], groups.get("unit"), index, first, last, match.group().strip())
    return out, used


def children_said(text: Text) -> tuple[str, ...]:
    """The words for the children of whom an age is told: it says more of what suits them."""
    return tuple(m.group() for m in _CHILD.finditer(text.low))


def grown_into(found: Sequence[Quantity], index: Index, category: str | None) -> list[Criterion]:
    """The wish for what is made for the oldest that an age lets in: of what a nine-year-old may play, what three-year-olds play comes last. It
    has no words of its own, since nobody asked for a high age."""
    return [
        Criterion(q.field, "high", None, 1)
        for q in found
        if q.operator == "<=" and (category is None or index.fields[q.field].carried(category))
    ]


def _suiting(told: list[float], unit: str | None, index: Index, first: int, last: int, said: str) -> list[Quantity]:
    """The limits by which a product suits all of these ages."""
    out = []
    for known in index.fields.values():
        if known.kind != "number" or "age" not in known.name:
            continue
        oldest = _oldest(known)
        age = _in(max(told) if oldest else min(told), unit or "year", known.unit.name if known.unit else "year")
        out.append(Quantity(known.field, ">=" if oldest else "<=", age, first, last, said))
    return out


_PERSON = re.compile(
    rf"(?:{BEINGS}|grandson|granddaughter|grandchild|godson|goddaughter|learner|beginner|fan|lover)(?:'?s)?$"
)
_ENDS = re.compile(
    r"\b(?:and|who|that|with|for|to|in|on|is|under|below|up|at|who's|loves?|likes?|wants?|needs?|turning|about)$"
)


def a_things(text: Text, at: int) -> bool:
    """Whether an age is followed by the name of a thing: "a 3 year old laptop" is no child's, "a 3 year old's laptop" is."""
    if at and text.tokens[at - 1].low.endswith(("'s", "\u2019s")):
        return False
    held = []
    for token in text.tokens[at : at + 3]:
        if token.hard or token.comma or token.gap.strip() or token.low in FUNCTION or _ENDS.match(token.low):
            break
        held.append(token.low)
    return bool(held) and not any(_PERSON.match(w) for w in held)


def _aged(text: Text, index: Index, match: re.Match[str], age: float, first: int, last: int) -> list[Quantity]:
    """The age of a product itself, where a field holds it: "a 12 year old whisky"."""
    noun = text.tokens[last + 1].stem in index.nouns
    fields = [k for k in index.fields.values() if k.kind == "number" and k.name == ("age",)] if noun else []
    return [Quantity(k.field, "=", int(age), first, last, match.group().strip()) for k in fields]


def _in(value: float, given: str, wanted: str) -> int | float:
    months = value if given.startswith("mo") else value * 12
    converted = months if wanted == "month" else months / 12
    return int(converted) if float(converted).is_integer() else round(converted, 2)


def _of_several(text: Text, index: Index) -> tuple[list[Quantity], set[int]]:
    """The same for the ages of several children at once: "my kids, four and seven", "a 6 and a 9 year old"."""
    out: list[Quantity] = []
    used: set[int] = set()
    for match in (m for pattern in _SEVERAL for m in pattern.finditer(text.low)):
        told = [n.value for n in numbers(tokenise(match["all"]))]
        unit = match.groupdict().get("unit")
        if len(told) < 2 or max(told) > _GROWN * (12 if (unit or "").startswith("mo") else 1):
            continue
        first, last = text.at(match.start("all")), max(text.at(match.start("all")), text.at(match.end()) - 1)
        used.update(range(first, last + 1))
        out += _suiting(told, unit, index, first, last, text.span(first, last))
        break
    return out, used


# The ages, in whole years, of those who are called so; "little kids" only where they are told apart from older ones.
_STAGES = {
    "newborn": (0, 0), "bab": (0, 0), "infant": (0, 0), "toddler": (1, 2), "preschooler": (3, 5), "teen": (13, 17),
    "little": (0, 5), "small": (0, 5), "young": (0, 5), "tiny": (0, 2),
}  # fmt: skip
_STAGE = (
    r"(?:(?P<size>little|small|tiny|(?:very )?young(?:er)?) (?:kids|kiddies|children|ones|boys|girls)"
    r"|(?P<stage>newborn|bab|infant|toddler|preschooler|teen)(?:y|ies|s|ager|agers)?)(?![\w'-])"
)
_FOR_A_STAGE = re.compile(
    rf"\bfor (?:(?:an?|my|our|the|his|her|their|your|some)(?: \w+)? )?{_STAGE}(?! (?:brother|sister|room|monitor))"
)
_NOT_FOR_A_STAGE = re.compile(
    rf"(?:\b(?:not|nothing|never|no longer)|n't|\bwithout)(?: \w+){{0,2}}? (?:for|at|to) (?:(?:the|a|an|any) )?{_STAGE}|\bno (?P<kind>bab|toddler|infant)(?:y|ies|s|'s)? (?:toys?|games?|stuff|things?|ones)\b"
)
_CHILDREN_WITHIN = re.compile(
    rf"\b{_CHILDREN} (?:who are |aged? )?(?P<than>under|below|younger than|over|above|older than) (?P<n>{_NUMBER})(?: years?(?: old| of age)?)?"
    r"(?=\W*$|[.,;!?] |\)| (?:and|who|that|with|for|to|in|but|please)\b)"
)


def stages(text: Text, index: Index, category: str | None) -> tuple[list[Quantity], set[int]]:
    """What the age of children that is told by a word asks of the age fields of the kind named ("for my toddler", "not for little
    kids", "kids under 5"), and the tokens of those whom it shall not be for."""
    fields = [
        k for k in index.fields.values() if k.kind == "number" and "age" in k.name and _of_the_kind(k, text, category)
    ]
    out: list[Quantity] = []
    used: set[int] = set()
    for pattern in (_NOT_FOR_A_STAGE, _FOR_A_STAGE, _CHILDREN_WITHIN) if fields else ():
        for match in pattern.finditer(text.low):
            first, last = text.at(match.start()), text.at(match.end()) - 1
            if set(range(first, last + 1)) & used:
                continue
            found = [
                Quantity(k.field, operator, _whole(age, k), first, last, match.group().strip())
                for k in fields
                for operator, age in _limits_of(match, _oldest(k))
            ]
            out += found
            used.update(range(first, last + 1) if found and pattern is not _FOR_A_STAGE else ())
    return out, used


def _limits_of(match: re.Match[str], oldest: bool) -> list[tuple[Operator, float]]:
    """The limits on the youngest or the oldest age of a product that a match makes, in years."""
    if match.re is _CHILDREN_WITHIN:
        age = numbers(tokenise(match["n"]))[0].value
        younger = match["than"].startswith(("under", "below", "young"))
        return [("<", age)] if younger and not oldest else [(">=", age)] if oldest and not younger else []
    said = next(v for name, v in match.groupdict().items() if v is not None)
    least, most = next(ages for stage, ages in _STAGES.items() if said.removeprefix("very ").startswith(stage))
    if match.re is _NOT_FOR_A_STAGE:
        return [(">", most + 1 if most < 5 else most)] if oldest else []
    if match["size"]:
        return []
    return ([(">=", least)] if least else []) if oldest else [("<", most + 1)]


def _of_the_kind(known: Field, text: Text, category: str | None) -> bool:
    """Whether products of the category named have the field, or where none is, those whose category shares a word with the request."""
    if category is not None:
        return known.carried(category)
    return any(text.stems & set(stems(name)) for name in known.within)


def _oldest(known: Field) -> bool:
    return bool({"max", "maximum", "oldest", "to"} & set(known.name))


def _whole(age: float, known: Field) -> int | float:
    return _in(age, "year", known.unit.name if known.unit else "year")
