"""Puts constraints where they belong among the catalogue's fields.

One on a field that no product of the wanted category carries cannot be meant: it becomes a soft wish. One number held
against one end of a range ("for 6 players" where there are players_min and players_max) is held against both.
"""

from __future__ import annotations

import re
from dataclasses import replace

from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.tokens import stems
from shelftalk.values import Constraint, Intent, Operator
from shelftalk.words.numbers import number_word

AS_A_WISH = " was taken as a wish, not as a limit: products in "  # of words whose limit the category has no field for


def ranged(intent: Intent, index: Index) -> Intent:
    """The intent with "= 6" on players_min or players_max read as players_min <= 6 and players_max >= 6."""
    out: list[Constraint] = []
    for constraint in intent.constraints:
        ends = ends_of(constraint.field, index) if constraint.operator == "=" or _players(constraint) else None
        value = constraint.value
        if ends is None or isinstance(value, (str, bool)) or (isinstance(value, tuple) and len(value) != 2):
            out.append(constraint)
            continue
        if isinstance(value, tuple) and constraint.operator == "=":
            out.append(constraint)
            continue
        sides = value if isinstance(value, tuple) else (value, value)
        for field, operator, side in zip(ends, _ENDS, sides, strict=True):
            if all(c.field != field for c in intent.constraints if c is not constraint):
                out.append(Constraint(field, operator, side, constraint.span))
    return replace(intent, constraints=tuple(out))


def paid(intent: Intent, index: Index) -> Intent:
    """The intent with a bare upper limit as one on the price where its own field is settled besides: "at least 400 lumen under 60", "for
    two players under thirty"."""
    price = index.fields.get("price")
    bounds = price.bounds() if price is not None else None
    if bounds is None or any(c.field == "price" for c in intent.constraints):
        return intent
    least = {c.field: c.value for c in intent.constraints if c.operator in (">", ">=")}
    settled: set[str] = set()  # fields of the most (players), where their number is told besides
    for c in intent.constraints:
        if c.operator == "=" and (ends := ends_of(c.field, index)) is not None:
            least[ends[1]] = c.value
            settled.add(ends[1])

    def told(c: Constraint) -> Constraint:
        low, high = least.get(c.field), c.value
        bare = c.operator in ("<", "<=") and _ends_with_its_number(c.span)
        if not bare or not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
            return c
        if low <= high and not (c.field in settled and _beyond(index.fields[c.field], high)):
            return c
        return replace(c, field="price") if bounds[0] <= high <= 3 * bounds[1] else c

    return replace(intent, constraints=tuple(map(told, intent.constraints)))


def _beyond(known: Field, value: float) -> bool:
    """Whether no product of the field reaches a value."""
    bounds = known.bounds()
    return bounds is not None and value > bounds[1]


def _ends_with_its_number(span: str) -> bool:
    """Whether the words of a limit end with its number, without a unit."""
    last = span.lower().split()[-1:]
    return bool(last) and (_DIGITS.fullmatch(last[0]) is not None or number_word(last[0]) is not None)


_DIGITS = re.compile(r"\d[\d.,]*")


def _players(constraint: Constraint) -> bool:
    """Whether it is a range of players ("2 to 4"), all of which a game must suit."""
    return constraint.operator == "between" and "player" in constraint.field


_ENDS: tuple[Operator, Operator] = ("<=", ">=")


def ends_of(field: str, index: Index) -> tuple[str, str] | None:
    """The fields of the least and the most where the field is one of such a pair."""
    for low, high in (("min", "max"), ("minimum", "maximum")):
        for end in (low, high):
            if field.endswith(f"_{end}"):
                pair = (field.removesuffix(end) + low, field.removesuffix(end) + high)
            elif f"_{end}_" in field:
                pair = (field.replace(f"_{end}_", f"_{low}_"), field.replace(f"_{end}_", f"_{high}_"))
            elif field.startswith(f"{end}_"):
                pair = (low + field.removeprefix(end), high + field.removeprefix(end))
            else:
                continue
            return pair if all(name in index.fields for name in pair) else None
    return None


def placed(intent: Intent, index: Index, words: frozenset[str] = frozenset()) -> tuple[Intent, tuple[str, ...]]:
    """The intent with such constraints and such a sort taken out, and notes that say which.

    Only where one category is wanted, or where the fields exclude each other. `words` are the stems of the request. Refusals ("!=", "not in") stay: what a product lacks, it does not have.
    """
    intent = ranged(paid(intent, index), index)
    wanted = [c for c in intent.constraints if c.field == "categories" and c.operator == "="]
    if not wanted:
        return _together(intent, index, words)
    if len(wanted) != 1:
        return intent, ()
    category = str(wanted[0].value)
    kept: list[Constraint] = []
    wishes = list(intent.preferences)
    notes: list[str] = []
    unwanted = list(intent.exclude)
    for constraint in intent.constraints:
        known = index.fields.get(constraint.field)
        if known is None or constraint.operator in ("!=", "not in") or known.carried(category.lower()):
            kept.append(constraint)
            continue
        wish = constraint.span or str(constraint.value)
        if any(c.span == wish and c in kept for c in intent.constraints):
            continue  # the same words made a limit that the category has
        if constraint.value is False:  # what shall not be is no wish
            unwanted += [wish.lower()] if wish.lower() not in unwanted else []
            notes.append(f"products in {category} have no field for '{wish}': those whose texts name it are left out")
            continue
        if all(wish.lower() not in held.lower() for held in wishes):
            wishes.append(wish)
        if constraint.field != "categories" and not _named(wish, category, index):
            notes.append(f"'{wish}'{AS_A_WISH}{category} have no field for it")
    sort = intent.sort
    if sort is not None and (field := index.fields.get(sort.field)) is not None and not field.carried(category.lower()):
        sort = None
        notes.append(f"no product in {category} can be ordered by {intent.sort.field if intent.sort else ''}")
    intent = replace(intent, constraints=tuple(kept), sort=sort, preferences=tuple(wishes), exclude=tuple(unwanted))
    return intent, tuple(notes)


def _together(intent: Intent, index: Index, words: frozenset[str]) -> tuple[Intent, tuple[str, ...]]:
    """The intent without values of fields that no category carries beside the others', in a request that names no category.

    The side stays whose categories' names share a word with the request: of "a front light allowed on German roads" the
    position of a bicycle light, not the terrain of a shoe.
    """
    sides = [
        (c, _narrowest(known, index))
        for c in intent.constraints
        if (known := index.fields.get(c.field)) is not None and known.within and c.operator not in ("!=", "not in")
    ]
    if not sides or frozenset.intersection(*(within for _, within in sides)):
        return intent, ()

    def spoken_of(within: frozenset[str]) -> bool:
        return any(words & set(stems(category)) for category in within)

    likely = [(c, within) for c, within in sides if spoken_of(within)]
    shared = frozenset.intersection(*(within for _, within in likely)) if likely else frozenset()
    strays = [c for c, within in sides if c.operator in ("=", "in") and not within & shared and not spoken_of(within)]
    if not shared or not strays:
        return intent, ()
    kept = tuple(c for c in intent.constraints if c not in strays)
    wishes = tuple(dict.fromkeys((*intent.preferences, *(c.span or str(c.value) for c in strays))))
    notes = tuple(
        f"'{c.span}' was taken as a wish, not as {c.field}: nothing else asked for here has that field" for c in strays
    )
    return replace(intent, constraints=kept, preferences=wishes), notes


def _narrowest(known: Field, index: Index) -> frozenset[str]:
    """The categories that carry a field, without those that hold more products than carry it: of "Sports" and "Running
    Shoes" the latter, where only shoes have the field."""
    facet = index.facets.get("categories")
    sizes = {str(v).lower(): n for v, n in facet.values} if facet else {}
    return frozenset(c for c in known.within if sizes.get(c, 0) <= known.facet.count) or known.within


def _named(wish: str, category: str, index: Index) -> bool:
    """Whether another field of the category speaks of it: "battery" where there is a battery life."""
    given = set(stems(wish))
    return any(known.carried(category.lower()) and given & set(known.name) for known in index.fields.values())
