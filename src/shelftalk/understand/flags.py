"""Yes/no attributes: "waterproof", "with Bluetooth", "no underwire", "doesn't need to be programmable"."""

from __future__ import annotations

import re
from functools import lru_cache

from shelftalk.understand.index import Field, Index
from shelftalk.understand.lexicon import COMMON, FILLER, VALUE_SYNONYMS
from shelftalk.understand.mentions import Mention
from shelftalk.understand.tokens import Text, stem, stemmed, stems
from shelftalk.values import Constraint

_NOISE = stemmed(
    "is has with feature features function support supported capable capability included includes technology design system mode required require requires needed need needs included powered operated"
)
_PREFIXES = frozenset({"is", "ha", "has"})


def flags(
    text: Text, index: Index, negative: list[bool], found: list[Mention], taken: set[int]
) -> tuple[list[Constraint], set[int]]:
    """The yes/no constraints, and the tokens they were read from."""
    occupied = {i for m in found for i in range(m.first, m.last + 1)} | taken
    out: list[Constraint] = []
    used: set[int] = set()
    for known in index.fields.values():
        if known.yes is None and known.no is None:
            continue
        free = _free_of(text, known)
        if free is not None and known.yes is not None:
            out.append(Constraint(known.field, "=", known.yes, text.span(*free)))
            used.update(range(free[0], free[1] + 1))
            continue
        where = _named(text, index, known)
        if where is None or (set(range(where[0], where[1] + 1)) & occupied and where[0] == where[1]):
            continue
        value = known.no if negative[where[0]] else known.yes
        if value is None:
            other = known.yes if negative[where[0]] else known.no
            if other is not None:
                out.append(Constraint(known.field, "!=", other, text.span(*where)))
                used.update(range(where[0], where[1] + 1))
            continue
        out.append(Constraint(known.field, "=", value, text.span(*where)))
        used.update(range(where[0], where[1] + 1))
    return out, used


def _free_of(text: Text, known: Field) -> tuple[int, int] | None:
    """Where a request says "without X" or "no X", for a field like "X free"."""
    if len(known.name) < 2 or known.name[-1] != "free":
        return None
    lead = known.name[-2]
    for i, token in enumerate(text.tokens):
        if (
            token.stem == lead
            and i
            and any(t.low in ("without", "no", "zero", "avoid", "not") for t in text.tokens[max(0, i - 3) : i])
        ):
            return max(0, i - 1), i
    return None


def _named(text: Text, index: Index, known: Field) -> tuple[int, int] | None:
    """The tokens that name a yes/no field: all telling words of its name near each other, or a synonym of it."""
    for form in _forms(known.name, known.trusted):
        hit = _run(text, form)
        if hit is not None and not all(text.tokens[i].stem in index.nouns for i in range(hit[0], hit[1] + 1)):
            return hit
    return None


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


# What somebody says is all the same to them asks for nothing: "I don't care if it's biodegradable or not".
_ALL_THE_SAME = re.compile(
    r"(?:n't|\bnot|\bnever) (?:really |even |particularly )?(?:care|mind|bothered|fussed|matter)(?: to me)? (?:if|whether|about it being)\b[^.!?,;]{0,60}|\bwhether [^.!?,;]{0,40} or not\b"
)


def _run(text: Text, form: tuple[str, ...]) -> tuple[int, int] | None:
    """Where all words of the form stand, within two words of each other."""
    tokens = text.tokens
    wanted = set(form)
    glued = stem("".join(form)) if len(form) > 1 else ""
    if not text.stems & (wanted | {glued}):
        return None
    aside = [(m.start(), m.end()) for m in _ALL_THE_SAME.finditer(text.low)]
    for i, token in enumerate(tokens):
        if any(start <= token.start < end for start, end in aside):
            continue
        if glued and token.stem == glued:
            return i, i
        if token.stem not in wanted:
            continue
        seen, last = {token.stem}, i
        for j in range(i + 1, min(len(tokens), i + len(form) + 2)):
            if tokens[j].hard:
                break
            if tokens[j].stem in wanted:
                seen.add(tokens[j].stem)
                last = j
        if seen == wanted:
            return i, last
    return None
