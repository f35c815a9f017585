"""The rule-based parser: one request's text becomes an Intent that names only fields and values of the facets.

It knows English shopping and nothing of any catalogue; precision goes before recall, so a word that may merely coincide
with a value becomes part of the search text rather than a hard constraint.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from shelftalk.understand.reading import Reading
from shelftalk.understand.rules.absence import absent, freed
from shelftalk.understand.rules.ages import ages, children_said, grown_into, stages
from shelftalk.understand.rules.amounts import ParsedAmount, amounts
from shelftalk.understand.rules.asides import all_the_same, asked
from shelftalk.understand.rules.astray import questioned
from shelftalk.understand.rules.bodies import bodies
from shelftalk.understand.rules.compare import compared
from shelftalk.understand.rules.counts import FIRST_FEW, how_many, odd_count, ordinal, plural_count
from shelftalk.understand.rules.dates import dates
from shelftalk.understand.rules.flags import flags
from shelftalk.understand.rules.index import Index, names_kind
from shelftalk.understand.rules.lexicon import COMMON
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.models import strange_models
from shelftalk.understand.rules.named_values import EACH_ALONE, of_a_sum, value_limits
from shelftalk.understand.rules.nearby import Quantity
from shelftalk.understand.rules.own_kind import a_thing_of_its_own
from shelftalk.understand.rules.polarity import negatives, rejected_after
from shelftalk.understand.rules.quantities import compared_here, quantities, rooms
from shelftalk.understand.rules.refusals import (
    allergens,
    allergies_said,
    comparing_tokens,
    excluded,
    limits_begin,
    not_borne_words,
    refusable,
    refused_category,
)
from shelftalk.understand.rules.sizes import sizes
from shelftalk.understand.rules.slips import as_written, set_right
from shelftalk.understand.rules.soft import is_shopping, mild_limits, milds, preferences, query, tastes
from shelftalk.understand.rules.spelling import corrected
from shelftalk.understand.rules.superlatives import order, thrift, thrift_tokens, thrift_words
from shelftalk.understand.rules.tokens import Text, tokenise
from shelftalk.understand.rules.unknown import unknown
from shelftalk.understand.rules.value_mentions import mentions
from shelftalk.understand.rules.written import measured_as_written, sides_said
from shelftalk.values import Constraint, Facets, Intent, Scalar, Sort
from shelftalk.words.stop import FILLER, FUNCTION

# What is read of a request: nobody words a wish at greater length, and hostile text shall not cost more.
LONGEST_REQUEST = 4000
THRIFTY = "a low price was wished for without naming one: ordered by price"


class RuleParser:
    """Reads requests against one version of a catalogue's facets; building it indexes them once."""

    def __init__(self, facets: Facets) -> None:
        self.index = Index(facets)

    def asking(self, request: str) -> str:
        """The request without the parts that ask for nothing."""
        return asked(request[:LONGEST_REQUEST], self._names_something)[0]

    def read(self, request: str) -> Reading:
        """What the request asks for, as far as words alone tell. Never raises on any text."""
        text, slips, notes = self._text(request)
        reading = _Parse(text, self.index, notes).reading()
        return replace(reading, intent=as_written(reading.intent, slips))

    def _text(self, request: str) -> tuple[Text, dict[str, str], list[str]]:
        """The tokens of what asks for something, set right, with what was written instead and notes that say so."""
        request, left_out = asked(request[:LONGEST_REQUEST], self._names_something)
        text, slips = set_right(tokenise(request, self.index.currencies, self.index.numbered), self.index)
        text, spelling = corrected(text, self.index)
        notes = [*(f"read {written!r} as {right!r}" for right, written in slips.items()), *spelling]
        if left_out:
            notes.append("what asks for no product was left out")
        return text, slips, notes

    def company(self, request: str, category: str) -> tuple[tuple[Constraint, ...], Sort | None]:
        """The room for those whom a request tells of ("we are 7 adults"), where products of a kind that it does not name have a field
        for it, and the order in which the nearest to it come first."""
        text, *_ = self._text(request)
        return rooms(text, self.index, _Parse(text, self.index, []).negative, category.lower())

    def _names_something(self, sentence: str) -> bool:
        """Whether a sentence holds a word of the catalogue's own that is no word of any sentence."""
        index = self.index
        return any(
            t.stem in index.nouns or (t.stem in index.vocabulary_stems and t.low not in COMMON | FILLER | FUNCTION)
            for t in tokenise(sentence).tokens
        )


class _Parse:
    """One request while it is parsed: each rule takes the tokens that it read and leaves the others to the next."""

    def __init__(self, text: Text, index: Index, notes: list[str]) -> None:
        self.text, self.index, self.notes = text, index, notes
        self.spoken = amounts(text)
        self.youth, self.age_tokens = ages(text, index)
        self.released, self.date_tokens = dates(text, index)
        self.found = mentions(
            text,
            index,
            frozenset(
                self.age_tokens | self.date_tokens | thrift_tokens(text) | all_the_same(text) | sides_said(text, index)
            ),
        )
        self.category = _only_category(self.found, index)
        _put_where_carried(self.found, self.category, index)
        if self.category is None:
            self.found = [m for m in self.found if not a_thing_of_its_own(text, index, m, self.found)]
        self.begins, self.negative = self._negation()

    def _negation(self) -> tuple[set[int], list[bool]]:
        """The tokens at which limits begin, and for each token whether a negation reaches it."""
        text, index = self.text, self.index
        anchors = {i: i for i in named_anchors(text, index)}
        anchors.update({a.number.first: a.last for a in self.spoken})
        anchors.update({m.first: m.last for m in self.found})
        inside = _inside(self.found)
        free = [a for a in self.spoken if a.number.first not in inside]
        begins = limits_begin(text, index, free)
        spent = [a.number.first for a in free if a.money or compared_here(text, index, a)[0] is not None]
        return begins, negatives(text, anchors, spent, begins, refusable(text, index, self.found))

    def reading(self) -> Reading:
        """What the request asks for, rule by rule."""
        text = self.text
        self._measure()
        self._name_values()
        constraints = self._constraints()
        wish, thrifty, limit = self._ordering(constraints)
        if not is_shopping(text, bool(constraints or self.sort)):
            return Reading(Intent(query="", shopping=False))
        self._tell(thrifty)
        in_all = of_a_sum(text, constraints)
        if in_all:
            self.notes.append(EACH_ALONE)
        intent = Intent(
            constraints=_ordered(constraints),
            sort=wish,
            limit=limit,
            preferences=preferences(text, self.used | self.count_tokens, self.negative, self.mild),
            exclude=self.exclude,
            query=self._query(),
            shopping=True,
            criteria=tuple(self.wished),
        )
        children = children_said(text) if grown_into(self.youth, self.index, self.category) else ()
        asides = (*self.body.words, *children, *self.odd_sizes, *allergies_said(text), *([in_all] if in_all else []))
        return Reading(intent, thrifty, tuple(dict.fromkeys(self.notes)), asides=asides)

    def _measure(self) -> None:
        """Amounts: of bodies, sizes, orders, counts, and the limits that are left."""
        self._doubt_kind()
        text, index, category = self.text, self.index, self.category
        self.body = bodies(text, index, category)
        self.labels, label_tokens, self.odd_sizes = sizes(text, index, self.negative, frozenset(), category)
        self.doubted = questioned(text)
        young, not_for = stages(text, index, category)
        self.youth += [q for q in young if all(q.field != y.field for y in self.youth)]
        self.age_tokens |= not_for
        taken = self.age_tokens | self.date_tokens | self.body.tokens | label_tokens
        taken |= {i for first, last in self.doubted for i in range(first, last + 1)}
        self.sort = order(text, index, self.negative, category)
        self.sort_tokens = set(range(self.sort.first, self.sort.last + 1)) if self.sort else set()
        self.odd = odd_count(text, taken, index)
        self.counted = (self.odd.limit, self.odd.tokens) if self.odd else plural_count(text, taken)
        if self.counted is not None:
            taken |= self.counted[1]
        self.models = strange_models(
            text, index, self.found, self.spoken, self.negative, taken | _inside(self.found), category
        )
        self.found = [m for m in self.found if m not in self.models.others]
        taken |= self.models.tokens
        inside = _inside(self.found)
        self.as_written, written = measured_as_written(
            text, index, self.spoken, self.negative, taken | inside, category, _likely(self.found, index)
        )
        self.limits, self.limit_tokens = quantities(
            text, index, self.negative, frozenset(taken | written), frozenset(self.sort_tokens), category,
            frozenset(inside),
        )  # fmt: skip
        self.limit_tokens |= label_tokens | self.body.tokens | written

    def _doubt_kind(self) -> None:
        """Leaves out a kind that only another word for it names where a measure is said of other kinds: of a "copper tee 3/4 in" no shirt."""
        kinds = [m for m in self.found if m.field == "categories"]
        if self.category is None or any(m.how != "synonym" for m in kinds):
            return
        others = [m for m in self.found if m not in kinds]
        sized = [m.field for m in others if any(self.text.tokens[i].numeric for i in _tokens(m))]
        measured, _ = measured_as_written(
            self.text, self.index, self.spoken, self.negative, _inside(self.found), None, _likely(others, self.index)
        )
        fields = [*sized, *(c.field for c in measured)]
        if fields and not any(self.index.fields[name].carried(self.category) for name in fields):
            self.found, self.category = others, None

    def _name_values(self) -> None:
        """Values of the catalogue that the request names, each wanted or turned down."""
        text, index, negative = self.text, self.index, self.negative
        found = [m for m in self.found if not _tokens(m) & self.limit_tokens and not _tokens(m) <= self.sort_tokens]
        liked, self.alone = tastes(text), freed(text)
        self.mild = milds(text, found, index.nouns)
        found = [
            m for m in found
            if m not in self.mild and (m.first not in liked or m.field == "categories" or index.fields[m.field].brand)
            and not (m.how == "synonym" and self._astray(m))
        ]  # fmt: skip
        ends = {m.last for m in found}
        for mention in reversed(found):
            if names_kind(index.fields[mention.field]) and (
                mention.last + 1 in self.begins or not refused_category(text, mention, negative, ends)
            ):
                continue
            mention.negative = (
                negative[mention.first] or mention.last in self.alone or rejected_after(text, mention.last)
            )
        _refused_together(text, index, found, negative)
        self.found = found
        self.switches, switch_tokens = flags(text, index, negative, found, self.sort_tokens | self.limit_tokens)
        self.taken_in = self.sort_tokens | self.limit_tokens | switch_tokens
        self.taken_in |= {i for m in found for i in _tokens(m)}

    def _astray(self, mention: Mention) -> bool:
        """Whether the kind that is named has no such field: in "a tent, 2 adults and 2 kids" the kids are no one's clothes."""
        known = self.index.fields[mention.field]
        return self.category is not None and not names_kind(known) and not known.carried(self.category)

    def _constraints(self) -> list[Constraint]:
        text, index, category = self.text, self.index, self.category
        lacks, lacking_tokens = absent(text, index, self.negative, self.taken_in, category)
        switches, self.wished = mild_limits(text, [*self.switches, *lacks], self.mild, index.nouns)
        self.wished += grown_into(self.youth, index, category)
        out = [
            *value_limits(text, index, self.found),
            *switches,
            *self.released,
            *self.labels,
            *self.as_written,
            *self.models.limits,
            *_limits([*self.youth, *self.body.limits, *self.limits]),
        ]
        self.limit_tokens |= self.date_tokens | (self.age_tokens if self.youth else set())
        self.used = self.taken_in | self.limit_tokens | lacking_tokens | self.models.tokens
        strange, self.untold = unknown(text, index, self.used, self.negative, category)
        return [*out, *strange]

    def _ordering(self, constraints: list[Constraint]) -> tuple[Sort | None, bool, int | None]:
        """The order asked for, whether a plea for a low price makes it, and how many are wanted."""
        text, index = self.text, self.index
        limit, self.count_tokens = self.counted or how_many(text, self.used | self.age_tokens, index)
        wish, thrifty = self.sort.sort if self.sort else None, False
        priced = "price" not in index.fields or any(c.field == "price" for c in constraints)
        if wish is None and not priced and thrift(text):
            wish, thrifty = Sort("price", "asc", thrift_words(text)), True
        if wish is None and (roomy := next((q for q in self.limits if q.nearest), None)) is not None:
            wish = Sort(roomy.field, "asc", roomy.span)
            self.notes.append(f"more than '{roomy.span}' fits as well; what comes nearest stands first")
        ranked = ordinal(text, self.sort.first) if self.sort else None
        if ranked and self.sort:
            said = text.span(ranked.first, self.sort.last)
            self.notes.append(f"'{said}' is number {ranked.place} of the picks, which come in that order")
            self.count_tokens = self.count_tokens | set(range(ranked.first, self.sort.first))
            limit = limit or (ranked.place if ranked.place > FIRST_FEW else None)
        return wish, thrifty, limit

    def _tell(self, thrifty: bool) -> None:
        """What there is to say of how the request was read."""
        text, index = self.text, self.index
        unheld = excluded(text, index, self.negative, self.used, self.alone)
        not_borne = not_borne_words(text, index)
        self.exclude = tuple(dict.fromkeys((*unheld, *not_borne)))
        self.notes += [THRIFTY] if thrifty else []
        self.notes += [
            f"no field here speaks of '{word}': products whose texts name it are left out; of the others the shop's data cannot tell"
            for word in [w for w in unheld if w not in not_borne][:1]
        ]
        self.notes += [f"'{text.span(*at)}' was asked about, not asked for; it is no limit" for at in self.doubted]
        self.notes += [
            *allergens(text, index, self.used), *self.untold, *self.models.notes, *self.body.notes, *self.odd_sizes.values(),
            *([self.odd.note] if self.odd else []), *_told(text, self.spoken),
        ]  # fmt: skip

    def _query(self) -> str:
        """The words to search with."""
        dropped = self.limit_tokens | self.count_tokens | self.sort_tokens
        dropped |= {j for i in self.alone & self.used for j in (i, i + 1)}
        dropped |= comparing_tokens(self.text, self.index, self.spoken, self.limit_tokens)
        wanted = {i for m in self.found if not m.negative for i in _tokens(m)}
        named = {i for m in self.found for i in _tokens(m)}
        return query(self.text, dropped, [off and i not in wanted for i, off in enumerate(self.negative)], named)


def _tokens(mention: Mention) -> set[int]:
    return set(range(mention.first, mention.last + 1))


def _put_where_carried(found: list[Mention], category: str | None, index: Index) -> None:
    """Gives a value of several words that several fields hold to the one that the kind named has: of a case, "iPhone 15" is what it
    fits. A single word ("medium") says too little to be moved."""
    for mention in found:
        known = index.fields[mention.field]
        if mention.first < mention.last and not names_kind(known) and not known.carried(category):
            other = next((v for v in mention.candidates if v.exact and index.fields[v.field].carried(category)), None)
            if other is not None:
                mention.field, mention.value = other.field, other


def _likely(found: list[Mention], index: Index) -> frozenset[str]:
    """The categories that have every field of which a value is named, where few do: "2x4" is said of lumber."""
    sides = [w for m in found if m.field != "categories" and (w := index.fields[m.field].within)]
    named = {str(m.value.value).lower() for m in found if m.field == "categories" and m.value is not None}
    return frozenset(named) or (frozenset.intersection(*sides) if sides else frozenset())


def _refused_together(text: Text, index: Index, found: list[Mention], negative: list[bool]) -> None:
    """Values joined to one that is turned down behind them are turned down with it."""
    for other, one in pairwise(reversed(found)):
        joined = text.low[text.tokens[one.last].end : text.tokens[other.first].start].strip() in ("and", "or", ",")
        behind = other.negative and not one.negative and not negative[other.first]
        if behind and joined and not names_kind(index.fields[one.field]):
            one.negative = True


def _told(text: Text, spoken: list[ParsedAmount]) -> list[str]:
    """What there is to say of ranges given from their upper end and of limits below zero."""
    out = []
    for amount in spoken:
        said = text.span(amount.number.first, amount.last)
        if amount.turned:
            out.append(f"'{said}' was read from the smaller number to the larger one")
        if (
            amount.number.value < 0
            and compared(text, amount)[0] in ("<", "<=")
            and (amount.money or amount.unit is None)
        ):
            out.append(f"no product can have less than {amount.number.value:g} of what is limited here")
    return out


def _only_category(found: list[Mention], index: Index) -> str | None:
    """The one category a request names, in lower case, by which fields of the same name are told apart."""
    named = {str(m.value.value).lower() for m in found if m.field == "categories" and m.value is not None}
    return next(iter(named)) if len(named) == 1 else None


def _inside(found: list[Mention]) -> frozenset[int]:
    """The tokens of mentions that contain digits: "1080p", "G2 Chic" are no amounts."""
    return frozenset(i for m in found for i in range(m.first, m.last + 1))


def named_anchors(text: Text, index: Index) -> set[int]:
    """Tokens that name the products themselves ("no Sony or LG players") or a field: a negated list may go on over them."""
    return {
        i for i, t in enumerate(text.tokens) if t.stem in index.tokens and t.stem not in index.nouns and len(t.stem) > 3
    }


def _limits(found: list[Quantity]) -> list[Constraint]:
    """The limits as constraints; a lower and an upper limit on one field stay two."""
    out: list[Constraint] = []
    for quantity in found:
        constraint = quantity.constraint()
        same = next((c for c in out if c.field == constraint.field and c.operator == constraint.operator), None)
        if same is None:
            out.append(constraint)
        elif constraint.operator in ("=", "!=", "in", "not in"):
            values = tuple(dict.fromkeys((*_each(same.value), *_each(constraint.value))))
            refused = constraint.operator in ("!=", "not in")
            if len(values) > 1:
                span = f"{same.span}, {constraint.span}"
                out[out.index(same)] = Constraint(same.field, "not in" if refused else "in", values, span)
    return out


def _each(value: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


def _ordered(constraints: list[Constraint]) -> tuple[Constraint, ...]:
    """The constraints without repeats, a narrower one on the same field replacing what it implies."""
    out: list[Constraint] = []
    refused = {(c.field, v) for c in constraints if c.operator in ("!=", "not in") for v in (_each(c.value))}
    for constraint in constraints:
        if constraint.operator == "=" and (constraint.field, constraint.value) in refused:
            continue
        if constraint not in out:
            out.append(constraint)
    return tuple(out)
