"""Strict check of profile lines: whether the interactions that a line names support it, told from interactions and products alone.

It shares no code with what makes the lines (values and field names apart), so that an error there is not repeated here. A line passes
only where each interaction it names exists, is this shopper's, is not to come and shows what the line says; where these are enough
different things in enough visits; and where as many of all that the shopper chose there show it as chance would seldom bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import comb

from shelftalk.facts.holds import as_number, same
from shelftalk.settings import ProfileSettings
from shelftalk.values import Interaction, Product, ProfileLine

__all__ = ["Checker", "Verdict"]

_FOR = ("purchase", "cart", "like", "click")
_LOOK_S, _GOOD, _BAD = 20, 4, 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one line: what is wrong with it, () where its evidence supports it."""

    line: ProfileLine
    wrong: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the evidence supports it."""
        return not self.wrong


class Checker:
    """Checks lines against a whole catalogue. `currency` is the one that prices are compared in."""

    def __init__(
        self, products: Iterable[Product], currency: str | None, settings: ProfileSettings | None = None
    ) -> None:
        self._all = list(products)
        self._by_id = {p.id: p for p in self._all}
        self._thirds: dict[tuple[str, str, str], float | None] = {}
        self._counted: dict[tuple[str, str], list[Product]] = {}
        self._currency, self._settings = currency, settings or ProfileSettings()

    def check(
        self, lines: Iterable[ProfileLine], interactions: Sequence[Interaction], user: str, now: datetime
    ) -> list[Verdict]:
        """A verdict a line; lines that the shopper stated or corrected rest on no interaction, and must name none."""
        mine = {(i.id or f"{i.kind} {i.product_id} {i.at.isoformat()}"): i for i in interactions if i.user == user}
        return [Verdict(line, tuple(self._wrong(line, mine, now))) for line in lines]

    def _wrong(self, line: ProfileLine, mine: Mapping[str, Interaction], now: datetime) -> list[str]:
        if line.source in ("stated", "corrected"):
            return [] if not line.evidence else ["the shopper's own line names interactions"]
        if not line.evidence:
            return ["it names no interactions"]
        gone = [name for name in line.evidence if name not in mine]
        if gone:
            return [f"{name} is no interaction of this shopper" for name in gone]
        evidence = [mine[name] for name in line.evidence]
        wrong = [f"{i.product_id} is not in the catalogue" for i in evidence if i.product_id not in self._by_id]
        wrong += [f"{i.kind} of {i.product_id} is to come" for i in evidence if i.at > now]
        if wrong:
            return wrong
        wrong += [f"{i.kind} of {i.product_id} does not speak so" for i in evidence if not self._speaks(i, line)]
        wrong += [
            f"{i.product_id} is not in {line.category}" for i in evidence if not self._stands_in(i, line.category)
        ]
        wrong += [f"{i.product_id} does not show it" for i in evidence if not self._shows(i, line, mine)]
        wrong += self._too_little(line, evidence, mine, now)
        if not 0 < line.weight <= 1:
            wrong.append(f"its weight is {line.weight:g}")
        return wrong or self._chance(line, mine, now)

    def _speaks(self, one: Interaction, line: ProfileLine) -> bool:
        """Whether an interaction is of a kind that can speak for (or against) what the line says."""
        if _too_dear(line):
            return (one.kind == "dismiss" and one.why == "price") or _positive(one, line.source == "session")
        if line.criterion.want == "not":
            named = one.kind == "dismiss" and one.why == "brand" and line.criterion.field == "brand"
            return named or _negative(one)
        if line.span is not None:
            return one.kind in ("purchase", "cart")
        return _positive(one, line.source == "session")

    def _stands_in(self, one: Interaction, category: str) -> bool:
        return not category or category in self._by_id[one.product_id].categories

    def _shows(self, one: Interaction, line: ProfileLine, mine: Mapping[str, Interaction]) -> bool:
        product = self._by_id[one.product_id]
        if line.span is not None:
            paid = one.price if one.price is not None else product.price
            currency = one.currency if one.price is not None else product.currency
            return paid is not None and currency in (None, self._currency) and line.span[0] <= paid <= line.span[1]
        if one.kind == "dismiss" and one.why == "price" and _too_dear(line):
            return True
        return self._has(product, line)

    def _has(self, product: Product, line: ProfileLine) -> bool:
        criterion = line.criterion
        if criterion.want in ("low", "high"):
            number, end = self._number(product, criterion.field), self._third(line)
            if number is None or end is None:
                return False
            return number <= end if criterion.want == "low" else number >= end
        return same(product.value(criterion.field), criterion.value)

    def _number(self, product: Product, field: str) -> float | None:
        if field == "price" and product.currency != self._currency:
            return None
        return as_number(product.value(field))

    def _third(self, line: ProfileLine) -> float | None:
        """The number that ends the lowest (begins the highest) third of the category."""
        key = (line.category, line.criterion.field, line.criterion.want)
        if key not in self._thirds:
            self._thirds[key] = self._third_anew(line)
        return self._thirds[key]

    def _third_anew(self, line: ProfileLine) -> float | None:
        held = self._units(line)
        numbers = sorted(n for p in held if (n := self._number(p, line.criterion.field)) is not None)
        if len(numbers) < 3:
            return None
        at = (len(numbers) + 2) // 3
        return numbers[at - 1] if line.criterion.want == "low" else numbers[-at]

    def _units(self, line: ProfileLine) -> list[Product]:
        """The products of the category that count: one of each thing, or every variant where these differ in the field."""
        key = (line.category, line.criterion.field)
        if key not in self._counted:
            self._counted[key] = self._units_anew(line)
        return self._counted[key]

    def _units_anew(self, line: ProfileLine) -> list[Product]:
        there = [p for p in self._all if not line.category or line.category in p.categories]
        groups: dict[str, list[Product]] = {}
        for p in there:
            groups.setdefault(_thing(p), []).append(p)
        field = line.criterion.field
        differ = any(len({str(p.value(field)) for p in v}) > 1 for v in groups.values()) and field != "categories"
        return there if differ else [v[0] for v in groups.values()]

    def _too_little(
        self, line: ProfileLine, evidence: Sequence[Interaction], mine: Mapping[str, Interaction], now: datetime
    ) -> list[str]:
        things = {_thing(self._by_id[i.product_id]) for i in evidence}
        if _named_brand(line, evidence):
            later = (
                i for i in mine.values() if now >= i.at > max(e.at for e in evidence) and i.product_id in self._by_id
            )
            again = [
                i
                for i in later
                if i.kind in ("purchase", "cart", "like") and self._has(self._by_id[i.product_id], line)
            ]
            return ["the brand was chosen again since"] if again else []
        settings = self._settings
        needed = settings.least_session if line.source == "session" else settings.least_things
        if all(i.kind == "dismiss" and i.why == "price" for i in evidence) or _is_size(line):
            needed = 2
        wrong = [f"it rests on {len(things)} different things, not {needed}"] if len(things) < needed else []
        visits = _visits(sorted(mine.values(), key=lambda i: (i.at, i.id)), timedelta(minutes=settings.visit_minutes))
        own = {visits[i.id or f"{i.kind} {i.product_id} {i.at.isoformat()}"] for i in evidence}
        if line.source == "session" and len(own) > 1:
            wrong.append("it is of the session but rests on other visits")
        dear = all(i.kind == "dismiss" and i.why == "price" for i in evidence)
        if line.source == "history" and len(own) < settings.least_visits and not dear:
            wrong.append("it rests on one visit alone")
        refused = {
            _thing(self._by_id[i.product_id]): i.at
            for i in mine.values()
            if _negative(i) and i.product_id in self._by_id and i.at <= now
        }
        if line.criterion.want != "not" and not dear:
            last = {t: max(i.at for i in evidence if _thing(self._by_id[i.product_id]) == t) for t in things}
            wrong += [f"{t} was sent away since" for t, at in last.items() if t in refused and refused[t] > at]
        return wrong

    def _chance(self, line: ProfileLine, mine: Mapping[str, Interaction], now: datetime) -> list[str]:
        """Nothing where as many of what was chosen show it as chance would bring in no more than `by_chance` of cases."""
        evidence = [mine[name] for name in line.evidence]
        if _named_brand(line, evidence) or all(i.kind == "dismiss" and i.why == "price" for i in evidence):
            return []
        units = self._units(line)
        if line.span is not None:
            return self._wide(line, units, evidence, mine, now)
        known = [p for p in units if self._known(p, line)]
        holding = sum(self._has(p, line) for p in known)
        drawn = self._drawn(line, mine, now)
        hits = len({_thing(self._by_id[i.product_id]) for i in evidence})
        if line.criterion.field == "brand" and not line.category and any(p.categories for p in self._all):
            chance = self._over_categories(hits, line, drawn)
        else:
            chance = _tail(hits, len(drawn), holding, len(known))
        if chance > self._settings.by_chance:
            return [
                f"chance alone brings {hits} of {len(drawn)} in {chance:.0%} of cases ({holding} of {len(known)} hold it)"
            ]
        return []

    def _wide(
        self,
        line: ProfileLine,
        units: Sequence[Product],
        evidence: Sequence[Interaction],
        mine: Mapping[str, Interaction],
        now: datetime,
    ) -> list[str]:
        """Nothing where so many of the prices paid seldom lie in so little of what is offered."""
        low, high = line.span or (0, 0)
        offered = [n for p in units if (n := self._number(p, "price")) is not None]
        share = Fraction(sum(float(low) <= n <= float(high) for n in offered), max(len(offered), 1))
        bought = [i for i in self._there(line, mine, now) if i.kind in ("purchase", "cart")]
        drawn = len(self._still(bought, mine, now))
        hits = len({_thing(self._by_id[i.product_id]) for i in evidence})
        ways = (comb(drawn, k) * share**k * (1 - share) ** (drawn - k) for k in range(hits - 1, drawn + 1))
        chance = float(sum(ways, Fraction(0)))
        if chance > self._settings.by_chance:
            return [
                f"{share.numerator} of {share.denominator} cost as much: chance brings {hits} of {drawn} in {chance:.0%} of cases"
            ]
        return []

    def _known(self, product: Product, line: ProfileLine) -> bool:
        if line.criterion.want in ("low", "high"):
            return self._number(product, line.criterion.field) is not None
        return product.value(line.criterion.field) not in (None, "", ()) or line.criterion.field == "categories"

    def _over_categories(self, hits: int, line: ProfileLine, drawn: set[str]) -> float:
        """The chance of a brand over the shop, where each thing could have been any of its own category's."""
        things: dict[str, dict[str, Product]] = {}
        for p in self._all:
            for name in p.categories:
                things.setdefault(name, {}).setdefault(_thing(p), p)

        def place(p: Product) -> str:
            return next((n for n in reversed(p.categories) if len(things[n]) >= self._settings.least_offer), "")

        ways = {0: Fraction(1)}
        homes = [place(next(p for p in self._all if _thing(p) == t)) for t in drawn]
        for name in set(homes) - {""}:
            known = [p for p in things[name].values() if p.brand]
            holding, many = sum(self._has(p, line) for p in known), homes.count(name)
            here = {
                k: Fraction(comb(holding, k) * comb(len(known) - holding, many - k), comb(len(known), many))
                for k in range(many + 1)
            }
            ways = {
                total: sum((ways[a] * here[total - a] for a in ways if total - a in here), Fraction(0))
                for total in range(max(ways) + many + 1)
            }
        return float(sum((w for total, w in ways.items() if total >= hits), Fraction(0)))

    def _drawn(self, line: ProfileLine, mine: Mapping[str, Interaction], now: datetime) -> set[str]:
        """The things of the category that the shopper chose (or sent away), and whose record has the field."""
        session = line.source == "session"
        held = self._there(line, mine, now)
        if line.criterion.want == "not":
            held = [i for i in held if _negative(i)]
        elif _is_size(line):
            held = [i for i in held if i.kind in ("purchase", "cart")]
        else:
            held = [i for i in held if _positive(i, session)]
        if session:
            visits = _visits(
                sorted(mine.values(), key=lambda i: (i.at, i.id)), timedelta(minutes=self._settings.visit_minutes)
            )
            own = {visits[name] for name in line.evidence}
            held = [i for i in held if visits[i.id or f"{i.kind} {i.product_id} {i.at.isoformat()}"] in own]
        if line.criterion.want != "not":
            kept = self._still(held, mine, now)
            held = [i for i in held if _thing(self._by_id[i.product_id]) in kept]
        return {_thing(self._by_id[i.product_id]) for i in held if self._known(self._by_id[i.product_id], line)}

    def _there(self, line: ProfileLine, mine: Mapping[str, Interaction], now: datetime) -> list[Interaction]:
        """What the shopper did with products of the category until now."""
        known = [i for i in mine.values() if i.at <= now and i.product_id in self._by_id]
        return [i for i in known if self._stands_in(i, line.category)]

    def _still(self, chosen: Sequence[Interaction], mine: Mapping[str, Interaction], now: datetime) -> set[str]:
        """The things chosen that were not sent away since."""
        last: dict[str, datetime] = {}
        for i in chosen:
            name = _thing(self._by_id[i.product_id])
            last[name] = max(i.at, last.get(name, i.at))
        for i in mine.values():
            if i.product_id in self._by_id and i.at <= now and _negative(i):
                name = _thing(self._by_id[i.product_id])
                if name in last and i.at > last[name]:
                    del last[name]
        return set(last)


def _thing(product: Product) -> str:
    return f"g:{product.item_group_id}" if product.item_group_id else f"p:{product.id}"


def _positive(one: Interaction, session: bool) -> bool:
    if one.kind in _FOR:
        return True
    if one.kind in ("rating", "review"):
        return one.value is not None and one.value >= _GOOD
    if one.kind == "dwell":
        return session or (one.value is not None and one.value >= _LOOK_S)
    return session and one.kind == "view"


def _negative(one: Interaction) -> bool:
    if one.kind in ("rating", "review"):
        return one.value is not None and one.value <= _BAD
    return one.kind == "dismiss" and one.why not in ("brand", "price", "have")


def _too_dear(line: ProfileLine) -> bool:
    return line.criterion.field == "price" and line.criterion.want == "low"


def _named_brand(line: ProfileLine, evidence: Sequence[Interaction]) -> bool:
    brand = line.criterion.field == "brand" and line.criterion.want == "not"
    return brand and all(i.kind == "dismiss" and i.why == "brand" for i in evidence)


def _is_size(line: ProfileLine) -> bool:
    words = line.criterion.field.lower().replace(" ", "_").split("_")
    return line.criterion.want == "is" and bool({"size", "sizes"} & set(words[-2:]))


def _visits(interactions: Sequence[Interaction], pause: timedelta) -> dict[str, object]:
    found: dict[str, object] = {}
    before, number = None, 0
    for i in interactions:
        name = i.id or f"{i.kind} {i.product_id} {i.at.isoformat()}"
        if i.session:
            found[name] = i.session
        else:
            number += before is not None and i.at - before > pause
            found[name], before = number, i.at
    return found


def _tail(hits: int, drawn: int, holding: int, of: int) -> float:
    """The hypergeometric tail in whole numbers."""
    drawn = min(drawn, of)
    ways = sum(comb(holding, k) * comb(of - holding, drawn - k) for k in range(hits, min(drawn, holding) + 1))
    return float(Fraction(ways, comb(of, drawn))) if of else 1.0
