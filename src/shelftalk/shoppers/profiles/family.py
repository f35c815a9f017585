"""The tests of one profile as one family: what was chosen held against what the shelf offers, value by value and third by third.

A value is called a preference where as many of the things chosen hold it as chance would seldom bring (the hypergeometric tail), told
together over all values that could have been called so (Tarone, 1990; Benjamini and Hochberg, 1995), and where its share among what was
chosen, by strength and drawn towards the shelf's own share, is `lift` times the shelf's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shelftalk.settings import ProfileSettings
from shelftalk.shoppers.profiles.chance import standing_together, tail, tail_of_sum
from shelftalk.shoppers.profiles.choices import Choice, by_shelf, ids_of
from shelftalk.shoppers.profiles.offers import Field, Offers, Shelf
from shelftalk.values import Scalar, Want

__all__ = ["Finding", "findings"]


Stratum = tuple[
    int, int, int
]  # things chosen that have the field, products that hold the value, products that have the field


@dataclass(frozen=True, slots=True)
class Finding:
    """One value (or third of the numbers) that was chosen more than chance brings. `base` is the share of what is offered that holds it;
    `weight` is how surely, 0 to 1: the part of the way from that share to always."""

    shelf: str
    field: str
    want: Want
    value: Scalar | None
    hits: tuple[Choice, ...]
    base: float
    weight: float
    chance: float


@dataclass(slots=True)
class _Test:
    """A value against one shelf, or against several of which each is a stratum. `base` is the share of the value there, by how strongly
    things were chosen on each."""

    shelf: str
    field: str
    want: Want
    value: Scalar | None
    hits: list[Choice]
    among: list[Choice]
    strata: tuple[Stratum, ...]
    base: float

    @property
    def chance(self) -> float:
        return tail_of_sum(len(self.hits), self.strata)

    def possible(self, share: float) -> int:
        """1 where it could be called more than chance if all that was chosen held the value (Tarone's testable hypotheses), else 0."""
        return int(tail_of_sum(sum(min(drawn, holding) for drawn, holding, _ in self.strata), self.strata) <= share)


def findings(
    chosen: Sequence[Choice],
    offers: Offers,
    settings: ProfileSettings,
    least: int,
    enough: Callable[[Sequence[str]], bool],
    *,
    numbers: bool = True,
) -> list[Finding]:
    """What stands out among the things chosen; each finding rests on `least` things, and on interactions that are `enough`. Sizes are not
    among them."""
    if len(chosen) < least:
        return []
    shelves = {name: held for name, held in by_shelf(chosen, offers).items() if name}
    family, possible = _tests(offers.shop, list(chosen), offers, settings.by_chance, numbers)
    if not offers.flat:
        brands = _brands(shelves, offers)
        family += brands
        possible += sum(test.possible(settings.by_chance) for test in brands)
    for name, held in shelves.items():
        if len(held) >= least:
            tests, more = _tests(offers.shelves[name], held, offers, settings.by_chance, numbers)
            family += tests
            possible += more
    told = [(t, t.chance) for t in family if len(t.hits) >= least and enough(ids_of(t.hits))]
    limit = standing_together([chance for _, chance in told], possible, settings.by_chance)
    found = (_finding(test, chance, settings) for test, chance in told if chance <= limit)
    return [f for f in found if f is not None]


def _tests(shelf: Shelf, held: list[Choice], offers: Offers, share: float, numbers: bool) -> tuple[list[_Test], int]:
    """The tests of a shelf whose value was chosen at least once, and how many could have come out at all."""
    tests: list[_Test] = []
    possible = 0
    named, measured = offers.fields_of(shelf)
    for name in named:
        field = shelf.fields.get(name)
        if field is None or name in offers.sizes:
            continue
        found, among = _holders(name, held, offers)
        drawn = len(among)
        if not 0 < drawn <= field.known:
            continue  # none has it; or products that the catalogue has no more, or not yet
        holdings = Counter(field.holding.values())
        possible += sum(
            n for holding, n in holdings.items() if tail(min(drawn, holding), drawn, holding, field.known) <= share
        )
        tests += [
            _single(shelf.name, name, "is", field.shown[value], hits, among, field.holding[value], field.known)
            for value, hits in found.items()
            if value in field.shown
        ]
    for name in measured if numbers else ():
        field = shelf.fields.get(name)
        if field is not None:
            thirds = _thirds(shelf.name, name, field, held, offers)
            possible += sum(test.possible(share) for test in thirds)
            tests += thirds
    return tests, possible


def _single(
    shelf: str,
    field: str,
    want: Want,
    value: Scalar | None,
    hits: list[Choice],
    among: list[Choice],
    holding: int,
    of: int,
) -> _Test:
    return _Test(shelf, field, want, value, hits, among, ((len(among), holding, of),), holding / of)


def _brands(shelves: Mapping[str, list[Choice]], offers: Offers) -> list[_Test]:
    """Brands over the whole shop, each thing chosen held against the deepest shelf that it stands on: a brand that makes most of the
    rain jackets is no preference of whoever buys rain jackets."""
    strata: dict[str, list[Choice]] = {}
    for name, held in shelves.items():
        strata[name] = [c for c in held if c.shelf == name and offers.values(c.product, "brand")]
    fields = {name: offers.shelves[name].fields.get("brand") for name in strata}
    told = {name: (held, f) for name, held in strata.items() if held and (f := fields[name]) and len(held) <= f.known}
    among = [c for held, _ in told.values() for c in held]
    whole = sum(c.strength for c in among)
    found, _ = _holders("brand", among, offers)
    tests = []
    for value in dict.fromkeys(v for _, field in told.values() for v in field.holding):
        hits = found.get(value, [])
        made = [(held, field.holding.get(value, 0), field.known) for held, field in told.values()]
        base = sum(sum(c.strength for c in held) * holding / of for held, holding, of in made) / whole if whole else 1.0
        rows = tuple(sorted((len(held), holding, of) for held, holding, of in made if holding))
        shown = next(field.shown.get(value) for _, field in told.values() if value in field.holding)
        if shown is not None:
            tests.append(_Test("", "brand", "is", shown, hits, among, rows, base))
    return tests


def _holders(name: str, held: Sequence[Choice], offers: Offers) -> tuple[dict[str, list[Choice]], list[Choice]]:
    """Which of the things chosen hold each value of a field, and which of them have the field."""
    found: dict[str, list[Choice]] = {}
    among = []
    for choice in held:
        values = offers.values(choice.product, name)
        if values or name == "categories":
            among.append(choice)
        for value in values:
            found.setdefault(value, []).append(choice)
    return found, among


def _thirds(shelf: str, name: str, field: Field, held: Sequence[Choice], offers: Offers) -> list[_Test]:
    """The lowest and the highest third of a field's numbers, each with the things chosen that stand in it."""
    numbers = [(c, n) for c in held if (n := offers.number(c.product, name)) is not None]
    among = [c for c, _ in numbers]
    tests: list[_Test] = []
    if not 0 < len(among) <= field.known:
        return tests
    if field.low is not None:
        end, many = field.low
        tests.append(_single(shelf, name, "low", None, [c for c, n in numbers if n <= end], among, many, field.known))
    if field.high is not None:
        end, many = field.high
        tests.append(_single(shelf, name, "high", None, [c for c, n in numbers if n >= end], among, many, field.known))
    return tests


def _finding(test: _Test, chance: float, settings: ProfileSettings) -> Finding | None:
    whole = sum(c.strength for c in test.among)
    share = (sum(c.strength for c in test.hits) + settings.prior * test.base) / (whole + settings.prior)
    if test.base >= 1 or share < settings.lift * test.base:
        return None
    weight = (share - test.base) / (1 - test.base)
    return Finding(test.shelf, test.field, test.want, test.value, tuple(test.hits), test.base, weight, chance)
