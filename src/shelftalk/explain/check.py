"""The strict checker: a claim passes only if everything it says is in the facts it cites.

It works on a closed world. Each stretch of a sentence is a value, a name or an amount of a cited fact, a set phrase whose
truth can be computed (a comparison with a limit, "as you asked", a superlative over the picks), or one of a few neutral
words; anything else fails. So an adjective, a brand or a number that the record lacks cannot slip in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shelftalk.explain import lexicon
from shelftalk.explain.job import Point
from shelftalk.explain.named import foreign, origin
from shelftalk.explain.parse import Item, read
from shelftalk.explain.phrase import VERB_FIRST, tidy, wanted
from shelftalk.facts.facts import Fact, safe
from shelftalk.facts.holds import as_number
from shelftalk.facts.units import close, same_quantity
from shelftalk.facts.words import stem, stems, words
from shelftalk.prompts.filters import neutral

MAX_LENGTH, MAX_SENTENCE_WORDS = 240, 40
_ALLOWED = re.compile(r"[\w \-.,:/+'’\"“”%°()&#$€£¥₹™®©²³½~–;×]+\Z")
_ENDS_BADLY = (
    lexicon.DETERMINERS | lexicon.PREPOSITIONS | lexicon.JOINS | {"is", "are", "has", "have", "it", "not", "your"}
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a claim holds; why not, in words that a writer can act on; and the facts that it states."""

    ok: bool
    why: str = ""
    cited: tuple[Fact, ...] = ()


class _Refused(Exception):
    """The first thing found wrong with a claim."""


def check(text: str, point: Point) -> Verdict:
    """Whether everything that `text` says follows from the facts (and the constraint) of the point."""
    try:
        _hygiene(text, point)
        items = read(text, point)
        _phrasing(text, items)
        items = _amounts(items, point)
        _origins(items, point)
        _wishes(items, point)
        _superlatives(items, point)
        _vocabulary(items, point)
        cited = _stated(items, point)
        _polarity(items, point)
    except _Refused as refused:
        return Verdict(False, str(refused))
    return Verdict(True, cited=cited)


def _hygiene(text: str, point: Point) -> None:
    if not text or len(text) > MAX_LENGTH + sum(len(p) for f in point.facts for p in f.parts):
        raise _Refused("is empty or too long")
    if text != neutral(text) or not _ALLOWED.match(text):
        raise _Refused("holds markup, a link or signs that no fact has")
    if not text.endswith(".") or not re.match(r"[A-Z0-9$€£\"“]", text):
        raise _Refused("is no sentence: begin with a capital and end with a full stop")
    if not all(safe(f.name) for f in point.facts):
        raise _Refused("rests on a field whose name cannot be spoken")
    spoken = text
    for part in sorted((p for f in point.facts for p in f.parts), key=len, reverse=True):
        spoken = re.sub(re.escape(part), "", spoken, flags=re.IGNORECASE)
    if re.search(r"[.;]\s+\S", re.sub(r"\d\.\d", "", spoken)):
        raise _Refused("is more than one sentence")


def _phrasing(text: str, items: Sequence[Item]) -> None:
    """Well-formed enough to show: a verb or the form "Name: value.", no stutter, nothing left hanging."""
    if len(words(text)) > MAX_SENTENCE_WORDS + 20 * sum(i.kind == "value" for i in items) or len(items) < 2:
        raise _Refused("is too short or too long")
    plain = [i.text for i in items if i.kind == "word"]
    verbs = [w for w in plain if w in lexicon.VERBS or (w in lexicon.CUES and lexicon.CUES[w].verb) or w in lexicon.NEGATORS]  # fmt: skip
    verbs += [i.text for i in items if i.kind == "name" and VERB_FIRST.match(i.text)]
    if not verbs and ":" not in text and not any(i.text in lexicon.SET_VERBS for i in items):
        raise _Refused("has no verb")
    last = items[-1]
    if last.kind == "word" and last.text in _ENDS_BADLY:
        raise _Refused(f'stops at "{last.text}"')
    for left, right in pairwise(items):
        if left.kind == right.kind == "word" and not _may_follow(left.text, right.text):
            raise _Refused(f'"{left.text} {right.text}" is no English')
        if left.text == right.text:
            raise _Refused(f'says "{left.text}" twice')
    values = [(i.text, i.kind) for i in items if i.kind in ("value", "name")]
    if len(values) != len(set(values)):
        raise _Refused("says a thing twice")


def _may_follow(left: str, right: str) -> bool:
    if left in lexicon.DETERMINERS:
        return right not in lexicon.DETERMINERS | lexicon.VERBS | lexicon.PREPOSITIONS | lexicon.JOINS | {"it", "there"}
    if left in ("is", "are", "has", "have"):
        return right not in lexicon.VERBS | {"it", "there", "of", "with", "at", "by", "on"}
    if left in lexicon.PREPOSITIONS:
        return right not in lexicon.VERBS | lexicon.PREPOSITIONS | {"it"}
    if left == "it":
        return right not in {"are", "have", "come", "offer", "include", "provide", "give", "cost", "last"} | lexicon.DETERMINERS | lexicon.PREPOSITIONS  # fmt: skip
    return True


def _amounts(items: list[Item], point: Point) -> list[Item]:
    """Every number is a cited fact's amount or a limit of the shopper's, and the relation said between them holds."""
    out: list[Item] = []
    relation: Item | None = None
    reach = 0
    for n, item in enumerate(items):
        if item.kind == "compare":
            if relation:
                raise _Refused(f'"{relation.text}" compares with nothing')
            relation, reach = item, 2 if item.relation == "between" else 1
            out.append(item)
            continue
        if item.kind != "amount":
            if relation and not (item.kind == "origin" or item.text in lexicon.BOUND_WORDS or (reach == 1 and relation.relation == "between" and item.text == "and")):  # fmt: skip
                raise _Refused(f'"{relation.text}" compares with nothing')
            bare = relation is not None and item.kind != "origin"
            out.append(Item("compare", item.text, relation="bound") if bare else item)
            continue
        if relation:
            _relation(item, relation, reach, point, items[:n])
            reach -= 1
            relation = relation if reach else None
            out.append(replace(item, kind="compare", relation="limit"))
            continue
        out.append(_fact_or_limit(item, items, n, point))
    if relation:
        raise _Refused(f'"{relation.text}" compares with nothing')
    return out


def _origins(items: Sequence[Item], point: Point) -> None:
    """A limit is said to be the shopper's own number only where it is one, and in no currency that was not named."""
    came = origin(point.constraint)
    for n, item in enumerate(items):
        if item.kind == "origin" and lexicon.ORIGINS[item.text] != came:
            raise _Refused(f'says "{item.text}" of a limit that did not come so')
        if item.relation not in ("limit", "not limit"):
            continue
        owned = {i.text for i in items[max(0, n - 4) : n]} & {"your", "budget", "limit"}
        named = items[n + 1 :] and items[n + 1].kind == "asked"
        if came != "named" and (owned or named):
            raise _Refused(f"says that the shopper named {item.text}, which was not")
        if item.currency is not None and foreign(point.constraint, point.fact.currency):
            raise _Refused("gives the limit in a currency that was not named")


def _fact_or_limit(item: Item, items: Sequence[Item], n: int, point: Point) -> Item:
    before = [i.text for i in items[max(0, n - 2) : n]]
    asked = n + 1 < len(items) and items[n + 1].kind == "asked" and items[n + 1].text.startswith("you ")
    if asked and before[-1:] == ["the"]:
        bounds = _bounds(point)
        mine = point.fact.amount
        if not any(_is_bound(item, b, point.fact) for b in bounds) or mine is None:
            raise _Refused(f"names a limit of {item.text} that was not set")
        denied = before[:1] == ["not"]
        if denied and not point.missed:
            raise _Refused("says that a wish is missed which is met")
        if (_convert(item, point.fact) is not None and close(mine, _convert(item, point.fact) or 0.0)) == denied:
            raise _Refused(f"the value is {'just' if denied else 'not'} {item.text}")
        return replace(item, kind="compare", relation="not limit" if denied else "limit")
    for fact in _bound_first(point.facts, items, n):
        if fact.amount is not None and _is_amount(item, fact):
            return Item("value", item.text, fact, item.amount)
    raise _Refused(f"says {item.text}, which no cited fact does{_nearest(item, point)}")


def _bound_first(facts: Sequence[Fact], items: Sequence[Item], n: int) -> list[Fact]:
    """The facts whose word stands next to the number; all of them where the claim cites one."""
    if len(facts) == 1:
        return list(facts)
    by_name = {f.field: f for f in facts}
    after = [i.text for i in items[n + 1 : n + 3]]
    before = [i.text for i in items[max(0, n - 3) : n]]
    if "review_count" in by_name:
        return [by_name["review_count"]] if after[:1] and after[0] in ("reviews", "review", "ratings") else [f for f in facts if f.field != "review_count"]  # fmt: skip
    if "list_price" in by_name:
        cut = {"down", "before", "was"} & set(before) or "list price" in before
        return [by_name["list_price"]] if cut else [f for f in facts if f.field != "list_price"]
    return list(facts)


def _is_amount(item: Item, fact: Fact) -> bool:
    amount = item.amount or 0.0
    if fact.kind == "money":
        return close(amount, fact.amount or 0.0) and item.currency == fact.currency
    if item.currency:
        return False
    if fact.unit is None and item.unit is not None:
        named = {stem(item.unit.one), stem(item.unit.many)} & stems(fact.name)
        return bool(named) and close(amount, fact.amount or 0.0)
    return same_quantity(amount, item.unit, fact.amount or 0.0, fact.unit)


def _nearest(item: Item, point: Point) -> str:
    fact = point.fact
    return f" (the fact says {fact.reads})" if fact.amount is not None else ""


def _bounds(point: Point) -> list[float]:
    if point.constraint is None:
        return []
    return [b for b in map(as_number, wanted(point.constraint)) if b is not None]


def _convert(item: Item, fact: Fact) -> float | None:
    """The amount said, in the unit of the fact; None where it cannot be."""
    amount = item.amount or 0.0
    if item.currency is not None:
        return amount if item.currency == fact.currency else None
    if item.unit is None:
        return amount
    if fact.unit is None:
        return amount if {stem(item.unit.one), stem(item.unit.many)} & stems(fact.name) else None
    return amount * item.unit.factor / fact.unit.factor if item.unit.dimension == fact.unit.dimension else None


def _is_bound(item: Item, bound: float, fact: Fact) -> bool:
    said = _convert(item, fact)
    short = tidy(bound, fact.amount, money=fact.kind == "money")
    return said is not None and (close(said, bound) or close(said, short))


def _relation(item: Item, relation: Item, reach: int, point: Point, before: Sequence[Item]) -> None:
    fact, bounds = point.fact, _bounds(point)
    limit = _convert(item, fact)
    if fact.amount is None or limit is None or not any(_is_bound(item, b, fact) for b in bounds):
        raise _Refused(f"compares with {item.text}, a limit that was not set for this")
    only = lexicon.COMPARES_ONLY.get(relation.text)
    dimension = "money" if fact.kind == "money" else fact.unit.dimension if fact.unit else ""
    if only and dimension not in only:
        raise _Refused(f'"{relation.text}" does not fit {fact.name}')
    holds = {
        "<": fact.amount < limit, "<=": fact.amount <= limit, ">": fact.amount > limit, ">=": fact.amount >= limit,
        "=": close(fact.amount, limit), "between": fact.amount >= limit if reach == 2 else fact.amount <= limit,
    }[relation.relation or "="]  # fmt: skip
    if not holds:
        raise _Refused(f'"{relation.text} {item.text}" is not true of {fact.reads}')
    near = {i.text for i in before[-4:]}
    operator = point.constraint.operator if point.constraint else ""
    if near & {"limit", "budget", "maximum"} and operator not in ("<", "<=", "between"):
        raise _Refused("speaks of an upper limit that was not set")
    if "minimum" in near and operator not in (">", ">=", "between"):
        raise _Refused("speaks of a minimum that was not set")


def _wishes(items: Sequence[Item], point: Point) -> None:
    """What it says of the shopper's wish is so: met where it says so, owned up to where it is missed."""
    owned = any(i.relation in {"limit", "not limit"} for i in items)
    for n, item in enumerate(items):
        before = [i for i in items[:n] if i.kind != "quote"]
        if item.kind == "wanted":
            lead = [i.text for i in before[-2:]]
            chained = lead[-1:] == ["or"] and any(i.kind == "wanted" for i in before)
            if not (lead[-1:] == ["not"] or lead == ["not", "the"] or chained):
                raise _Refused(f'says "{item.text}", which was asked for but is not in the cited fact')
            owned = True
        elif item.kind == "contrast":
            if not point.missed:
                raise _Refused("says that a wish is missed which is met")
            owned = True
        elif (
            item.kind == "asked"
            and not _granted(point)
            and not (item.text.startswith("you ") and before and before[-1].kind in ("wanted", "compare"))
        ):
            raise _Refused("says that this was asked for, and it was not, or is not met")
    if point.missed and not owned:
        raise _Refused("does not own up to the wish that is missed")


def _granted(point: Point) -> bool:
    """Whether "as you asked" is true: a constraint that holds, or a wish whose every word the fact says."""
    if point.kind == "met":
        return point.constraint is not None
    if point.kind != "wish" or not point.answers:
        return False
    said = stems(" ".join((*point.fact.parts, point.fact.name)))
    return all(stem(w) in said for w in words(point.answers))


def _superlatives(items: Sequence[Item], point: Point) -> None:
    best = [i for i in items if i.kind == "word" and i.text in lexicon.SUPERLATIVES]
    among = [i for i in items if i.kind == "among"]
    if not best and not among:
        return
    if len(best) != 1 or len(among) != 1 or items.index(best[0]) > items.index(among[0]):
        raise _Refused('a superlative needs "of these picks"')
    direction, dimensions = lexicon.SUPERLATIVES[best[0].text]
    fact = point.fact
    dimension = "money" if fact.kind == "money" else fact.unit.dimension if fact.unit else ""
    if point.superlative != direction or (dimensions and dimension not in dimensions.split()):
        raise _Refused(f'"{best[0].text}" is not proven')


def _vocabulary(items: Sequence[Item], point: Point) -> None:
    """Every bare word is neutral, or belongs to a cited fact's name, or is a cue that fits a cited fact."""
    named = {s for f in point.facts for s in stems(f.name)}
    spoken = any(f.kind in ("title", "mention") for f in point.facts)
    for n, item in enumerate(items):
        if item.kind == "quote" and not spoken:
            raise _Refused("quotes something")
        if item.kind != "word":
            continue
        text = item.text
        if text == "for" and not any(lexicon.AUDIENCE.search(f.name.lower()) for f in point.facts):
            raise _Refused('"for" says whom it suits, which no cited fact does')
        fact = items[n + 1].fact if n + 1 < len(items) else None
        if fact and fact.truth is not None and text in ("a", "an") and n and items[n - 1].text in ("is", "not"):
            raise _Refused(f"says that it is {text} {fact.name}, which is something it has")
        if fact and fact.field == "brand" and items[n + 1].kind == "value" and text not in ("from", "by", "is"):
            raise _Refused(f'"{text} {items[n + 1].text}" is not what the brand says')
        if text in lexicon.GLUE | lexicon.NEGATORS or text in lexicon.SUPERLATIVES:
            continue
        if text in lexicon.SET_PHRASES:
            _set_phrase(text, point)
            continue
        if stem(text) in named and text not in lexicon.NEGATORS:
            continue
        cue = lexicon.CUES.get(text)
        if cue and any(cue.fits(f) for f in point.facts):
            continue
        raise _Refused(f'says "{text}", which the cited facts do not')


def _set_phrase(text: str, point: Point) -> None:
    for fact in point.facts:
        if text == "listed under" and fact.field == "categories":
            return
        if (text, fact.kind) in (("sells for", "money"), ("speaks of", "mention"), ("listed as", "title")):
            return
        if text == lexicon.OUT_OF_FIVE and fact.field == "rating" and (fact.amount or 9) <= 5:
            return
        if text == "in stock" and fact.field == "stock" and (fact.amount or 0) > 0:
            return
        if text == "out of stock" and fact.field == "stock" and fact.amount == 0:
            return
    raise _Refused(f'says "{text}", which the cited facts do not')


def _stated(items: Sequence[Item], point: Point) -> tuple[Fact, ...]:
    """The facts whose value the claim says; the main one must be among them, with its name where it needs one."""
    cited = []
    for fact in point.facts:
        if fact.truth is not None:
            said = True
        elif fact.field == "stock":
            said = any(i.fact is fact and i.kind == "value" for i in items) or (fact.amount == 0 and any(i.text == "out of stock" for i in items))  # fmt: skip
        else:
            said = any(i.fact is not None and i.fact.field == fact.field and i.kind == "value" for i in items)
        if said:
            _named(fact, items)
            cited.append(fact)
        elif fact is point.fact:
            raise _Refused(f"does not say what it cites: {fact.reads}")
    return tuple(cited)


def _named(fact: Fact, items: Sequence[Item]) -> None:
    """That the sentence says which property the value is of."""
    if fact.kind in ("title", "mention") or fact.field in ("brand", "price"):
        return
    needed = [w for w in words(fact.name) if w not in ("of", "per", "the", "and", "in", "to")]
    if fact.truth is not None or fact.kind in ("text", "list", "date"):
        kept = [w for w in needed if w not in lexicon.HEADS]
        if fact.kind in ("text", "list") and not kept:
            return
    else:
        droppable = lexicon.MEASURE_HEADS if fact.unit else lexicon.COUNT_HEADS
        kept = [w for w in needed if w not in droppable]
    said: set[str] = set()
    for item in items:
        if item.kind == "name" and item.fact is fact:
            return
        if item.text == "sells for":
            said.add(stem("price"))
        if item.kind in ("word", "name"):
            said |= stems(item.text)
            cue = lexicon.CUES.get(item.text)
            if cue and cue.fits(fact):
                said |= stems(cue.names)
        elif item.kind == "value" and item.fact is fact:
            said |= stems(item.text)
            if fact.unit:
                said |= stems(f"{fact.unit.one} {fact.unit.many}")
    missing = [w for w in kept or needed[:1] if stem(w) not in said]
    if missing and not (fact.field == "categories" and any(i.text == "listed under" for i in items)):
        raise _Refused(f'does not say that this is its {fact.name} ("{missing[0]}" is missing)')


def _polarity(items: Sequence[Item], point: Point) -> None:
    """Negations stand only before a wish that is not met, or where the fact itself is a no."""
    denials = 0
    for n, item in enumerate(items):
        if item.kind == "word" and item.text in lexicon.NEGATORS:
            ahead = [i for i in items[n + 1 : n + 3] if i.text != "the"]
            if not (ahead and (ahead[0].kind == "wanted" or ahead[0].relation == "not limit")):
                denials += 1
    truth = point.fact.truth
    if truth is None and denials:
        raise _Refused("denies something that the cited fact does not")
    if truth is True and denials:
        raise _Refused(f"denies what the fact says: {point.fact.reads}")
    if truth is False and denials != 1:
        raise _Refused(f"affirms what the fact denies: {point.fact.reads}")
    if truth is False and any(i.text == "yes" for i in items):
        raise _Refused(f"affirms what the fact denies: {point.fact.reads}")
