"""An independent check of shown claims: it finds what is false, and shares no code with the checker in the path.

A claim is a free sentence over the fields that it cites. What can be told false from the record, from the products that fit
and from the request is a fault: a number that stands in none of them, a standing or a comparison that does not hold, a yes or
no turned round, a value that another product holds, praise that nobody said, evidence that is not the record's. What it
cannot read it passes: it bounds the share of false claims from below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shelftalk.evaluate.faithfulness.language import (
    CARE,
    DENIALS,
    LIGHT,
    MONEY,
    NEVER_TURNED,
    PRAISE,
    UNITS,
    Said,
    convert,
    end_of,
    numbers,
    root,
    words,
)
from shelftalk.evaluate.faithfulness.records import AnsweredRequest, Cited, cited, name_words, satisfied, text, value_of
from shelftalk.evaluate.faithfulness.standings import comparisons, ends
from shelftalk.values import Claim, Constraint, Product

__all__ = ["Independent", "silent"]

_SILENCE = re.compile(
    r"\b(?:(?:does(?:n't| not)|do(?:n't| not)) (?:say|state|mention|list|give|tell|know)|says? nothing|(?:is|are) (?:silent|not (?:stated|known|listed|given))"
    r"|no word|not a word|nothing (?:is )?(?:said|stated|known)|unknown)\b", re.I,
)  # fmt: skip
_CLAUSES = re.compile(r"[,;:.()]|\b(?:but|though|although|while|whereas|however|yet|and|so|because|since|as)\b", re.I)
_SOFT = re.compile(r"\b(?:not|nothing|no) (?:only|just|but|other|one else|more|less|fewer|longer|doubt)\b", re.I)
_RELATION = re.compile(
    r"\b(under|below|less than|fewer than|over|above|more than|at least|at most|within|up to|no more than|not more than|no less than|exceeds|beyond)"
    r" (?:your |the |a |that )?(?:limit of |budget of |maximum of |minimum of )?(?=[$€£]?\d)", re.I,
)  # fmt: skip
_REST = re.compile(r"\b(?:others?|rest|not|no|without|lack|missing|\w+n't)\b", re.I)
_OTHERS = re.compile(r"\b(?:only|just|one|two|three|\d+|none|nothing|no|not|would|\w+n't) ", re.I)


_AFTER = re.compile(
    r"free\b|less\b|\w+n't\b|(?:is|are|it|does|do|was|has)\b.{0,12}\b(?:not|missing|absent|lacking|no)\b"
)


class Independent:
    """Finds what is false in a shown claim; standard library alone, its own reading of words, numbers and relations."""

    def faults(self, claim: Claim, product: Product, asked: AnsweredRequest) -> list[str]:
        """What is wrong with the claim, empty where nothing is."""
        said = re.sub(r"\s*\[\d+\]", "", claim.text).replace("’", "'")
        said = _after_quote(said, asked.request)
        facts = [cited(e.field, e.value, asked) for e in claim.evidence]
        found = [] if claim.verified else ["not verified"]
        found += [
            f"evidence {f.name} is not the record's" for f in facts if not _recorded(value_of(product, f.name), f.value)
        ]
        if not facts:
            return [*found, *([] if silent(said, product) else ["cites nothing"])]
        bare = _without_names(said, product)
        found += _numbers(bare, facts, asked)
        found += ends(bare, facts, asked)
        found += comparisons(bare, facts)
        found += _relations(bare, facts)
        found += _turned(bare, facts)
        found += _others(bare, facts, product, asked)
        found += _praise(bare, facts, product, asked)
        found += _asked_for(said, facts, product, asked)
        return found


def _after_quote(said: str, request: str) -> str:
    """What a claim says after it quoted the shopper (`For "a light tent": ...`); all of it where they said no such thing."""
    quoted = re.match(r'For "([^"]+)": ', said)
    if quoted is None or " ".join(words(quoted[1])) not in " ".join(words(request)):
        return said
    return said[quoted.end() :]


def _recorded(held: Any, value: Any) -> bool:
    """Whether evidence is what the record holds; of a long text a part may be cited."""
    one, two = (" ".join(text(v).split()) for v in (held, value))
    return one == two or (isinstance(held, str) and isinstance(value, str) and len(value) > 3 and two in one)


def _without_names(said: str, product: Product) -> str:
    """The text without the product's own title and brand, which prove nothing and are no claim."""
    for name in filter(None, (product.title, product.brand)):
        said = re.sub(re.escape(name), " ", said, flags=re.I)
    return said


def silent(said: str, product: Product) -> bool:
    """Whether a sentence says that the record is silent, and it is: it names no field that the record holds."""
    if not _SILENCE.search(said):
        return False
    roots = set(map(root, words(said)))
    held = [name for name in ("price", "brand", "rating", *product.attributes) if value_of(product, name) is not None]
    return not any(set(map(root, name_words(name))) <= roots for name in held)


# Numbers -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Allowed:
    """The numbers that a sentence may say: those in the facts cited, in the request, and counts of products."""

    held: list[Said]
    spoken: list[float]
    counts: set[float]


def _numbers(said: str, facts: list[Cited], asked: AnsweredRequest) -> list[str]:
    known = _allowed(said, facts, asked)
    found = []
    for n in numbers(said):
        if n.digits or not _no_count(n, said):
            found += _faults(n, said, facts, asked, known)
    return found


def _allowed(said: str, facts: list[Cited], asked: AnsweredRequest) -> _Allowed:
    told = [
        f"{text(f.value)} ; {f.name.replace('_', ' ')}" for f in facts if f.number is None or isinstance(f.value, str)
    ]
    held = [n for t in [*told, *(f.name.replace("_", " ") for f in facts)] for n in numbers(t)]
    limits = [c.value for c in (*asked.intent.constraints, *asked.relaxed)]
    spoken = [n.value for n in numbers(" ; ".join([asked.request, asked.intent.query, *map(text, limits)]))]
    spoken.append(float(asked.intent.limit or 0))
    counts: set[float] = set().union(*(f.counts for f in facts))
    if _REST.search(said):
        counts |= set().union(*(f.rest for f in facts))
    return _Allowed(held, spoken, counts)


def _faults(n: Said, said: str, facts: list[Cited], asked: AnsweredRequest, known: _Allowed) -> list[str]:
    """What is wrong with one number that a sentence says, at most one thing."""
    after = said[n.end :]
    if re.match(r"(?:st|nd|rd|th)\b", after):
        return _place(int(n.value), after, facts)
    if any(_is_value(n, f) for f in facts) or any(_same(n, h) for h in known.held):
        return []
    if n.unit and UNITS[n.unit][0] not in (UNITS["person"][0], UNITS["piece"][0], UNITS["%"][0]):
        return [] if _about(n.value, known.spoken) else [f"says {n.text} {n.unit}"]
    if _whole(n, said):
        totals = {len(asked.fits), len(asked.products)} | {len(asked.values(f.name)) for f in facts}
        return [] if n.value in totals or n.value in known.spoken else [f"says of {n.text}"]
    if re.match(r"among the \w+ \w+est", said[max(0, n.start - 10) :]):
        return []
    if n.text.lower() == "half":
        return [] if any(0.4 <= share <= 0.6 for share in _shares(facts, asked)) else ["says half"]
    return [] if n.value in known.counts or _about(n.value, known.spoken) else [f"says {n.text}"]


def _shares(facts: list[Cited], asked: AnsweredRequest) -> Iterator[float]:
    """The shares of the products that have a cited value, or that lie below or above it."""
    for fact in facts:
        yield fact.alike / max(1, len(asked.fits))
        if fact.number is not None:
            places = fact.places()
            yield from (places[end] / max(1, places["of"]) for end in ("low", "high"))


def _whole(n: Said, said: str) -> bool:
    """Whether the number is said as that of all there are: "of the 16", and not "one of 2 in 10", "from 9 of the 14"."""
    before = re.search(
        r"(\w+ )?\b(?:of|among|from|between) (?:the |these |those |all |our |its |which )*$", said[: n.start]
    )
    if before is None or re.match(r" (?:of|out of|in|among)\b", said[n.end :]) or (before[1] or "") == "one ":
        return False
    return not end_of(_next_word(said[n.end :]))  # "among the three cheapest"


def _no_count(n: Said, said: str) -> bool:
    """Whether a number's word stands for no number here: "this one", "one that", "a pair", "a single"."""
    word, before, after = n.text.lower(), said[: n.start].lower(), said[n.end :].lower()
    if word in ("pair", "couple", "double", "twice", "quarter", "both"):
        return True
    if n.unit:
        return False
    if word in ("one", "single", "zero"):
        return True
    if word == "half":
        return re.match(r" (?:of )?(?:the|them|all|these|those|our|\d)", after) is None
    counts = r" (?:of|out of|are|is|have|has|can|do|does|others?|in|among)\b"
    return not re.match(counts, after) and not re.search(
        r"\b(?:only|just|of|among|than|the other|all) (?:the |these )?$", before
    )


def _is_value(n: Said, fact: Cited) -> bool:
    """Whether the number is the fact's: in its own unit exactly, in another of the same measure as it is rounded there."""
    if fact.number is None:
        return False
    if not n.unit or fact.unit in ("", "min", n.unit):  # "min" may be the least of something else
        if abs(n.value - fact.number) < 1e-9 * max(1.0, abs(fact.number)):
            return True
        if not n.unit and fact.unit:
            return any(_rounded(n, convert(fact.number, fact.unit, u)) for u in UNITS if u != fact.unit)
        return False
    return _rounded(n, convert(fact.number, fact.unit, n.unit))


def _rounded(n: Said, exact: float | None) -> bool:
    if exact is None:
        return False
    digits = len(n.text.partition(".")[2])
    return abs(n.value - exact) < 1e-9 * max(1.0, abs(exact)) or (
        n.value == round(exact, digits) and abs(n.value - exact) <= 0.01 * abs(exact)
    )


def _same(n: Said, held: Said) -> bool:
    return n.value == held.value and (not n.unit or not held.unit or n.unit == held.unit)


def _about(value: float, spoken: Iterable[float]) -> bool:
    """A number of the request, or a limit of more than two decimals rounded as it is spoken."""
    return any(
        abs(value - s) < 1e-9 or (round(s, 2) != s and value in (round(s), round(s, 1), round(s, 2))) for s in spoken
    )


def _place(place: int, after: str, facts: list[Cited]) -> list[str]:
    places = {f.places()[end] for f in facts if f.number is not None for end in ("low", "high")}
    return [] if place in places or end_of(_next_word(after[2:])) else [f"says place {place}"]


def _next_word(after: str) -> str:
    found = words(after)
    return found[0] if found else ""


# Limits, yes and no, values, praise ----------------------------------------------------------------------------------------


def _relations(said: str, facts: list[Cited]) -> list[str]:
    """ "Under your limit of 120 EUR": a cited number of that measure must be so."""
    found = []
    for m in _RELATION.finditer(said):
        n = next((n for n in numbers(said) if n.start >= m.end() - 1), None)
        if n is None:
            continue
        mine = [v for f in facts if f.number is not None and (v := _in_unit(f, n, len(facts))) is not None]
        denied = (
            re.search(r"\b(?:nothing|none|not|no|never|doesn't|isn't)\b[^,;]{0,30}$", said[: m.start()].lower())
            is not None
        )
        if any(value == n.value for value in mine) and _OTHERS.search(said):
            continue  # "only one costs more than 119 EUR": said of others
        if mine and not any(_holds(m[1].lower(), value, n.value) != denied for value in mine):
            found.append(f"is not {m[1].lower()} {n.text}")
    return found


def _in_unit(fact: Cited, n: Said, many: int) -> float | None:
    if n.unit:
        unit = fact.unit or (n.unit if fact.name in ("price", "list_price") and UNITS[n.unit][0] in MONEY else "")
        return convert(fact.number or 0.0, unit, n.unit) if unit else None
    return fact.number if many == 1 else None


def _holds(relation: str, value: float, limit: float) -> bool:
    slack = 1e-9 * max(1.0, abs(limit))
    if relation in ("under", "below", "less than", "fewer than"):
        return value < limit - slack
    if relation in ("over", "above", "more than", "exceeds", "beyond"):
        return value > limit + slack
    return value >= limit - slack if relation in ("at least", "no less than") else value <= limit + slack


def _turned(said: str, facts: list[Cited]) -> list[str]:
    """A yes that is denied, or a no that is said as a yes."""
    found = []
    for fact in facts:
        if fact.truth is None or NEVER_TURNED & {part for word in fact.words for part in word.split("-")}:
            continue
        plain = re.match(r"([^:]+): (yes|no)\b", said.strip(), re.I)  # as a record is spoken: "Foldable: no"
        if plain and set(map(root, words(plain[1]))) >= set(map(root, fact.words)):
            found += [f"turns {fact.name} round"] if (plain[2].lower() == "yes") != fact.truth else []
            continue
        named = _named(said, fact.words)
        if fact.truth and named == "denied":
            found.append(f"denies {fact.name}")
        if not fact.truth and (named == "plain" or (named is None and _affirmed(said, fact.words))):
            found.append(f"affirms {fact.name}")
    return found


def _named(said: str, name: list[str]) -> str | None:
    """How a text speaks of what a field is named after: "denied" right before or after it, "doubtful" where its clause holds
    a word of denial or care elsewhere, else "plain"; None where no clause names it."""
    wanted = {root(w) for w in name if len(w) > 2} or {root(w) for w in name}
    for clause in _clauses(said):
        roots = [root(w) for w in clause]
        at = [i for i, r in enumerate(roots) if r in wanted or any(len(x) > 4 and r.startswith(x) for x in wanted)]
        if not wanted or len({roots[i] for i in at}) < len(wanted):
            continue
        before, after = clause[: at[0]], clause[at[-1] + 1 :]
        cared = any(w in DENIALS or w in CARE or w.endswith("n't") for w in clause)
        while before and before[-1] in LIGHT:
            before.pop()
        turned = any(clause[i].startswith(("non", "un")) and not any(w.startswith("un") for w in name) for i in at)
        if turned or before[-1:] in ([d] for d in DENIALS) or _AFTER.match(" ".join(after)):
            return "denied"
        return "doubtful" if cared else "plain"
    return None


def _clauses(said: str) -> Iterator[list[str]]:
    text = _SOFT.sub(" ", said.lower())
    for clause in _CLAUSES.split(text):
        if found := [w for part in words(clause) for w in (part.split("-") if "-" in part else [part])]:
            yield found


def _affirmed(said: str, name: list[str]) -> bool:
    """Whether a text speaks of a part of the name, of four letters at least, without any word of denial or care."""
    roots = {root(w) for w in words(said.replace("-", " "))}
    cues = set(words(said.replace("-", " "))) & (DENIALS | CARE)
    return (
        not cues
        and not any(w.endswith("n't") for w in words(said))
        and any(root(w) in roots for w in name if len(w) > 3)
    )


def _others(said: str, facts: list[Cited], product: Product, asked: AnsweredRequest) -> list[str]:
    """A value, a yes or a brand that others of what fits have and this product's record does not."""
    own = _known(product)
    asked_for = set(words(" ".join([asked.request, asked.intent.query])))
    low, found = f" {' '.join(words(said))} ", []
    for name in sorted({*asked.attributes, *asked.features}):
        if name in asked.features or any(isinstance(v, bool) for v in asked.values(name)):
            mine = name_words(name)
            if value_of(product, name) is None and not set(mine) <= own | asked_for and _named(said, mine) == "plain":
                found.append(f"says {' '.join(mine)}, on which the record is silent")
            continue
        for value, spoken in asked.spoken(name).items():
            tokens = spoken.split()
            if (
                len(spoken) >= 6
                and spoken in low
                and not set(tokens) <= own | asked_for
                and _named(said, tokens) == "plain"
            ):
                found.append(f"says {value}, which it is not")
    for brand in {p.brand for p in asked.fits if p.brand and p.brand != product.brand}:
        if re.search(rf"\b{re.escape(brand)}\b", said) and not set(words(brand)) <= own | asked_for:
            found.append(f"names {brand}")
    return found


def _known(product: Product) -> set[str]:
    """Every word of the record."""
    held = [product.title, product.description, product.brand or "", *product.categories]
    held += [text(v) for v in product.attributes.values()]
    return set(words(" ".join([*held, *product.attributes])))


def _praise(said: str, facts: list[Cited], product: Product, asked: AnsweredRequest) -> list[str]:
    known = _known(product) | set(words(" ".join([asked.request, asked.intent.query, *asked.intent.preferences])))
    roots = set(map(root, known))
    said_so = [w for w in words(said) if w in PRAISE and w not in known and root(w) not in roots]
    first = any(f.number is not None and 1 in f.places().values() for f in facts) or re.search(
        r"\b(?:\w+(?:nd|rd|th)|second) best\b", said
    )
    return [f"praises: {w}" for w in said_so if not (w == "best" and first)]


def _asked_for(said: str, facts: list[Cited], product: Product, asked: AnsweredRequest) -> list[str]:
    """ "As you asked": the field cited was asked about, and the record has what was asked."""
    if not re.search(
        r"\bas (?:you )?(?:asked|wished|wanted|requested|required)\b|\bas you (?:ask|wish|want)\b", said.lower()
    ):
        return []
    names = {f.name for f in facts}
    mine: list[Constraint] = [
        c for c in (*asked.intent.constraints, *asked.relaxed) if c.field.removeprefix("attributes.") in names
    ]
    if any(c.field.removeprefix("attributes.") in names for c in asked.intent.criteria):
        return []
    if not mine:
        return ["says it was asked for, and it was not"]
    return [] if any(satisfied(product, c) for c in mine) else ["says a wish is met that is not"]
