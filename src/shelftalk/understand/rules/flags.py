"""Yes/no attributes: "waterproof", "with Bluetooth", "no underwire", "doesn't need to be programmable"."""

from __future__ import annotations

import re
from functools import lru_cache

from shelftalk.understand.rules.absence import freed, lacking_before
from shelftalk.understand.rules.asides import all_the_same
from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.lexicon import COMMON, CONCEPTS, LACKS, VALUE_SYNONYMS
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.polarity import rejected_after
from shelftalk.understand.rules.tokens import Text, stems
from shelftalk.values import Constraint, Scalar
from shelftalk.words.stems import stem, stemmed
from shelftalk.words.stop import FILLER

_NOISE = stemmed(
    "is has with feature features function support supported capable capability included includes technology design system mode required require requires needed need needs included powered operated"
)
_NONE = frozenset({"none", "no", "without"})
_PREFIXES = frozenset({"is", "ha", "has"})


def flags(
    text: Text, index: Index, negative: list[bool], found: list[Mention], taken: set[int]
) -> tuple[list[Constraint], set[int]]:
    """The yes/no constraints, and the tokens they were read from."""
    occupied = {i for m in found for i in range(m.first, m.last + 1)} | taken
    out: list[Constraint] = []
    used: set[int] = set()
    alone = freed(text)
    for known in index.fields.values():
        if known.yes is None and known.no is None:
            if (limit := _with_or_without(text, index, known, negative)) is not None and limit[1] not in occupied:
                out.append(limit[0])
                used.add(limit[1])
            continue
        if (plain := _in_its_own_words(text, index, known, negative, occupied)) is not None:
            said, (first_of, last_of) = plain
            out.append(Constraint(known.field, "=", said, text.span(first_of, last_of)))
            used.update(range(first_of, last_of + 1))
            continue
        where = _asked(text, index, known, found)
        off = where is not None and _denied(text, index, known, where, negative, alone)
        having = _having(text, known, negative) if _of_the_kind(known, found) else []
        if where is not None and any(_or_between(text, where, i) for i in having):
            used.update((*range(where[0], where[1] + 1), *having))
            continue
        if having and known.no is not None and (where is None or off):
            first = where or (having[0], having[0])
            if where and 0 < having[0] - where[1] <= _NEAR:
                first = (where[0], having[0])  # "no bluetooth, with a cable" says it twice
            out.append(Constraint(known.field, "=", known.no, text.span(*first)))
            used.update((*range(first[0], first[1] + 1), *having))
            continue
        if where is None or (set(range(where[0], where[1] + 1)) & occupied and where[0] == where[1]):
            continue
        value = known.no if off else known.yes
        if value is None:
            other = known.yes if off else known.no
            if other is not None:
                out.append(Constraint(known.field, "!=", other, text.span(*where)))
                used.update(range(where[0], where[1] + 1))
            continue
        out.append(Constraint(known.field, "=", value, text.span(*where)))
        used.update(range(where[0], where[1] + 1))
    return out, used


def _in_its_own_words(
    text: Text, index: Index, known: Field, negative: list[bool], occupied: set[int]
) -> tuple[Scalar, tuple[int, int]] | None:
    """The value of a yes/no field that the request says in words of its own, and the tokens: "no perfume" of perfume_free, "without a
    cable" of wireless, "hoodless" of hood."""
    if known.yes is None:
        return None
    if (free := _free_of(text, known, negative)) is not None:
        return known.yes, free
    if (without := _without(text, known, negative)) is not None and without not in occupied:
        return known.yes, (without, without)
    bare = _less(text, index, known) if known.no is not None else None
    return None if bare is None or known.no is None else (known.no, (bare, bare))


def _denied(
    text: Text, index: Index, known: Field, where: tuple[int, int], negative: list[bool], alone: set[int]
) -> bool:
    """Whether the words that name a yes/no field turn it down: "-bluetooth", "bluetooth-free", "a TV that is not smart". What names the
    kind itself ("TV" of smart_tv) does not tell."""
    span = range(where[0], where[1] + 1)
    telling = [i for i in span if text.tokens[i].stem in known.name and text.tokens[i].stem not in index.nouns]
    if "free" not in known.name and any(i in alone for i in telling):
        return True
    return any(negative[i] for i in telling or where[:1])


def _less(text: Text, index: Index, known: Field) -> int | None:
    """Where a request says that a product shall be without what a yes/no field is of: "hoodless" of "hood"."""
    if len(known.name) != 1 or "less" not in text.low:
        return None
    return next(
        (
            i
            for i, t in enumerate(text.tokens)
            if t.low.endswith("less") and t.stem not in index.vocabulary_stems and stem(t.low[:-4]) == known.name[0]
        ),
        None,
    )


def _with_or_without(text: Text, index: Index, known: Field, negative: list[bool]) -> tuple[Constraint, int] | None:
    """The constraint of "no armrests" or "with armrests" on a text field that says "none" where there are none, with the
    token it was read from."""
    if known.kind != "text" or len(known.name) != 1 or known.name[0] not in text.stems:
        return None
    nothing = [v for v, _ in known.facet.values if str(v).strip().lower() in _NONE]
    some = tuple(v for v, _ in known.facet.values if v not in nothing)
    if len(nothing) != 1 or not some:
        return None
    for i, token in enumerate(text.tokens):
        if token.stem != known.name[0] or not i or token.gap != " ":
            continue
        lead = text.tokens[i - 1].low
        if lead in ("no", "without") and negative[i]:
            return Constraint(known.field, "=", nothing[0], text.span(i - 1, i)), i
        if lead in ("with", "has", "have", "needs") and not negative[i]:
            return Constraint(
                known.field, "in" if len(some) > 1 else "=", some if len(some) > 1 else some[0], text.span(i - 1, i)
            ), i
    return None


def _free_of(text: Text, known: Field, negative: list[bool]) -> tuple[int, int] | None:
    """Where a request says "without X", "no X" or "allergic to X", for a field like "X free"."""
    if len(known.name) < 2 or known.name[-1] != "free":
        return None
    lead = known.name[-2]
    for i, token in enumerate(text.tokens):
        if token.stem not in CONCEPTS.get(lead, {lead}) or not i or _after_free(text, i):
            continue
        if negative[i] or i in freed(text) or lacking_before(text, i) or rejected_after(text, i):
            return i if text.tokens[i - 1].low in ("and", "or") else i - 1, i
    return None


def _after_free(text: Text, i: int) -> bool:
    """Whether the word at i is turned round once more: "not nickel-free"."""
    return i + 1 < len(text.tokens) and text.tokens[i + 1].low == "free" and text.tokens[i + 1].gap in ("-", " ")


def _named(text: Text, index: Index, known: Field) -> tuple[int, int] | None:
    """The tokens that name a yes/no field: all telling words of its name near each other, or a synonym of it."""
    for form in _forms(known.name, known.trusted):
        hit = _run(text, form)
        if hit is not None and hit[0] == hit[1] and _of_another(text, hit[0], index, known):
            continue
        if hit is not None and not all(text.tokens[i].stem in index.nouns for i in range(hit[0], hit[1] + 1)):
            return hit
    if known.trusted and len(known.name) == 1 and known.name[0] in _PLAIN - _TELLING:
        at = (i for i, t in enumerate(text.tokens) if t.stem == known.name[0] and _HAD.search(text.low[: t.start]))
        return next(((i, i) for i in at if not _of_another(text, i, index, known)), None)
    return None


def _asked(text: Text, index: Index, known: Field, found: list[Mention]) -> tuple[int, int] | None:
    """The tokens that ask for a yes/no field; a thing called like it ("my washing machine is leaking") asks for nothing machine
    washable where no kind is named that has the field."""
    where = _named(text, index, known)
    thing = where is not None and where[1] == where[0] + 1 and text.tokens[where[0]].low.endswith("ing")
    return None if thing and not _of_the_kind(known, found) else where


_HAD = re.compile(
    r"\b(?:with|without|w/o|no|has|have|lacks?|lacking)(?: (?:an?|any|the))? $"
)  # "without a hood": a word of any sentence is a thing here


def _of_another(text: Text, i: int, index: Index, known: Field) -> bool:
    """Whether the word at i begins another field's name: the battery of "battery life" is not that of "battery powered"."""
    pair = tuple(t.stem for t in text.tokens[i : i + 2])
    return len(pair) == 2 and any(f is not known and f.name[:2] == pair for f in index.fields.values())


def _without(text: Text, known: Field, negative: list[bool]) -> int | None:
    """Where a request turns down what a product with the attribute has not: "without a cable" is wireless."""
    lacks = LACKS.get(known.name[-1], frozenset()) if len(known.name) == 1 else frozenset()
    return next((i for i, t in enumerate(text.tokens) if t.stem in lacks and negative[i]), None)


def _having(text: Text, known: Field, negative: list[bool]) -> list[int]:
    """Where a request wants what a product with the attribute has not: "with a cable", "wired" is not wireless."""
    lacks = LACKS.get(known.name[-1], frozenset()) if len(known.name) == 1 else frozenset()
    return [
        i
        for i, t in enumerate(text.tokens)
        if t.stem in lacks and not negative[i] and (t.low.endswith("ed") or _WITH.search(text.low[: t.start]))
    ]


def _of_the_kind(known: Field, found: list[Mention]) -> bool:
    """Whether a kind of product is named that has the field: a cable of anything else is a cable."""
    named = {str(m.value.value).lower() for m in found if m.field == "categories" and m.value is not None}
    return bool(named & known.within) if known.within else bool(named)


def _or_between(text: Text, where: tuple[int, int], at: int) -> bool:
    """Whether the words at `where` and the one at `at` are alternatives: "wired or wireless" asks for neither."""
    between = text.tokens[where[1] + 1 : at] if at > where[1] else text.tokens[at + 1 : where[0]]
    return len(between) <= 2 and "or" in {t.low for t in between}


_NEAR = 4  # words
_WITH = re.compile(r"\b(?:with|has|have) (?:an? )?(?:[\w-]+ )?$")


@lru_cache(maxsize=4096)
def _forms(name: tuple[str, ...], trusted: bool) -> tuple[tuple[str, ...], ...]:
    """The stems by which a yes/no field of that name is known; none for words that any sentence may hold."""
    telling = tuple(w for w in name if w not in _PREFIXES and (w not in _NOISE or not trusted))
    if not telling or (len(telling) < 2 and not trusted):
        return ()
    forms = [telling, *(g for g in _groups().get(telling, ()) if g != telling)]
    return tuple(f for f in forms if len(f) > 1 or f[0] in _TELLING or f[0] not in _PLAIN)


@lru_cache(maxsize=1)
def _groups() -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    out: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for said, means in VALUE_SYNONYMS.items():
        group = [stems(said), *(stems(m) for m in means)]
        for form in group:
            out.setdefault(form, []).extend(g for g in group if g not in out[form])
    return out


_PLAIN = frozenset(stem(w) for w in FILLER | COMMON)
_TELLING = stemmed("rechargeable portable wireless adjustable foldable smart remote")


_LINKS = frozenset(("that", "which", "is", "are", "not", "isn't", "aren't", "a", "an"))


def _run(text: Text, form: tuple[str, ...]) -> tuple[int, int] | None:
    """Where all words of the form stand, within two words of each other."""
    tokens = text.tokens
    wanted = set(form)
    glued = stem("".join(form)) if len(form) > 1 else ""
    if not text.stems & (wanted | {glued}):
        return None
    aside = all_the_same(text)
    for i, token in enumerate(tokens):
        if i in aside:
            continue
        if glued and token.stem == glued:
            return i, i
        if token.stem not in wanted:
            continue
        seen, last = {token.stem}, i
        left = len(form) + 1  # words that tell something: "a TV that is not smart" says it of a smart TV
        for j in range(i + 1, len(tokens)):
            left -= tokens[j].low not in _LINKS
            if tokens[j].hard or left < 0:
                break
            if tokens[j].stem in wanted:
                seen.add(tokens[j].stem)
                last = j
        if seen == wanted:
            return i, last
    return None
