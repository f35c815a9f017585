"""The rule-based parser: one request's text becomes an Intent that names only fields and values of the facets.

It knows English shopping and nothing of any catalogue; precision goes before recall, so a word that may merely coincide
with a value becomes part of the search text rather than a hard constraint.
"""

from __future__ import annotations

from itertools import pairwise

from shelftalk.understand.reading import Reading
from shelftalk.understand.rules.absence import absent, freed
from shelftalk.understand.rules.ages import ages, for_a_child, grown_up
from shelftalk.understand.rules.amounts import Amount, amounts
from shelftalk.understand.rules.asides import all_the_same, asked, owned
from shelftalk.understand.rules.astray import questioned
from shelftalk.understand.rules.bodies import bodies
from shelftalk.understand.rules.compare import compared
from shelftalk.understand.rules.complaints import mend, told_of_old
from shelftalk.understand.rules.counts import FIRST_FEW, how_many, odd_count, ordinal, plural_count
from shelftalk.understand.rules.dates import dates
from shelftalk.understand.rules.either import either
from shelftalk.understand.rules.flags import flags
from shelftalk.understand.rules.index import Index, names_kind
from shelftalk.understand.rules.kinds import a_thing_of_its_own, lacking
from shelftalk.understand.rules.lexicon import COMMON
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.named_values import EACH_ALONE, of_a_sum, value_limits
from shelftalk.understand.rules.nearby import Quantity
from shelftalk.understand.rules.packs import pack_anchors, packs
from shelftalk.understand.rules.polarity import accepted_after, negatives, rejected_after
from shelftalk.understand.rules.quantities import compared_here, quantities
from shelftalk.understand.rules.refusals import (
    allergens,
    another,
    comparing_tokens,
    excluded,
    limits_begin,
    refusable,
    refused_category,
    starts_anew,
)
from shelftalk.understand.rules.senses import to_replace
from shelftalk.understand.rules.sizes import sizes
from shelftalk.understand.rules.slips import as_written, set_right
from shelftalk.understand.rules.soft import is_shopping, mild_limits, milds, preferences, query, tastes
from shelftalk.understand.rules.spelling import corrected
from shelftalk.understand.rules.superlatives import Order, order, thrift, thrift_tokens, thrift_words
from shelftalk.understand.rules.things import things
from shelftalk.understand.rules.tokens import Text, tokenise
from shelftalk.understand.rules.unknown import unknown
from shelftalk.understand.rules.value_mentions import mentions
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

    def read(self, request: str) -> Reading:  # noqa: C901, PLR0912, PLR0915
        """What the request asks for, as far as words alone tell. Never raises on any text."""
        index = self.index
        request, left_out = asked(request[:LONGEST_REQUEST], self._names_something)
        text, slips = set_right(tokenise(request), index)
        text, spelling = corrected(text, index)
        notes = [*(f"read {written!r} as {right!r}" for right, written in slips.items()), *spelling]
        if left_out:
            notes.append("what asks for no product was left out")
        spoken = amounts(text)
        has_already = owned(text)
        youth, age_tokens = ages(text, index)
        released, date_tokens = dates(text, index)
        first_pass = mentions(
            text, index, frozenset(age_tokens | date_tokens | thrift_tokens(text) | all_the_same(text))
        )
        shared = pack_anchors(text, index)
        anchors = {i: i for i in named_anchors(text, index) | shared}
        anchors.update({a.number.first: a.last for a in spoken})
        anchors.update({m.first: m.last for m in first_pass})
        inside = _inside(first_pass)
        begins = limits_begin(text, index, [a for a in spoken if a.number.first not in inside])
        negative = negatives(
            text,
            anchors,
            [
                a.number.first
                for a in spoken
                if a.number.first not in inside and (a.money or compared_here(text, index, a)[0] is not None)
            ],
            begins,
            refusable(text, index, first_pass),
        )
        complaint = told_of_old(text, first_pass)
        first_pass = [m for m in first_pass if m.first not in complaint or m.field == "categories"]
        if has_already:
            negative = [off or i in has_already for i, off in enumerate(negative)]
            first_pass = [m for m in first_pass if m.first not in has_already or m.field == "categories"]
        pieces, pack_tokens = packs(text, index, negative)
        category = _only_category([m for m in first_pass if m.first not in has_already], index)
        if category is None:
            first_pass = [m for m in first_pass if not a_thing_of_its_own(text, index, m, first_pass)]
        old, adults = grown_up(text, index, category) if category else ([], set())
        first_pass = [m for m in first_pass if m.first not in adults]
        youth, childs, childlike, young_notes = for_a_child(youth, index, category)
        body = bodies(text, index, category)
        labels, label_tokens, odd_sizes = sizes(text, index, negative, frozenset(pack_tokens), category)
        holding, thing_tokens = things(text, index, category)
        doubted = questioned(text)
        taken = frozenset(
            pack_tokens | age_tokens | date_tokens | body.tokens | label_tokens | has_already | adults | complaint
        )
        taken |= thing_tokens | {i for first, last in doubted for i in range(first, last + 1)}
        sort = order(text, index, negative, category)
        sort_tokens = set(range(sort.first, sort.last + 1)) if sort else set()
        odd = odd_count(text, set(taken), index)
        counted = (odd.limit, odd.tokens) if odd else plural_count(text, set(taken))
        if counted is not None:
            taken |= frozenset(counted[1])
        limits, limit_tokens = quantities(text, index, negative, taken | inside, frozenset(sort_tokens), category)
        limit_tokens |= label_tokens | body.tokens | thing_tokens
        found = [m for m in first_pass if not set(range(m.first, m.last + 1)) & (pack_tokens | limit_tokens)]
        found = [m for m in found if not set(range(m.first, m.last + 1)) <= sort_tokens]
        liked, alone, mild = tastes(text), freed(text), milds(text, found, index.nouns)
        found = [m for m in found if m not in mild]
        found = [m for m in found if m.first not in liked or m.field == "categories" or index.fields[m.field].brand]
        ends = {m.last for m in found}
        for mention in reversed(found):
            if mention.field == "categories" and to_replace(text, mention) is not None:
                continue
            if names_kind(index.fields[mention.field]) and (
                mention.last + 1 in begins or not refused_category(text, mention, negative, ends)
            ):
                continue
            mention.negative = (
                negative[mention.first] or mention.last in alone or rejected_after(text, mention.last)
            ) and not accepted_after(text, mention.last)
        for other, one in pairwise(reversed(found)):
            if (
                other.negative
                and not one.negative
                and not negative[other.first]
                and not names_kind(index.fields[one.field])
                and text.low[text.tokens[one.last].end : text.tokens[other.first].start].strip() in ("and", "or", ",")
            ):
                one.negative = True
        for before, after in pairwise(found):
            if before.negative and after.negative and starts_anew(text, index, before, after):
                after.negative = False
        switches, switch_tokens = flags(text, index, negative, found, sort_tokens | limit_tokens | pack_tokens)
        turned = another(text, index, found)
        taken_in = sort_tokens | limit_tokens | pack_tokens | switch_tokens
        taken_in |= adults | {i for m in found for i in range(m.first, m.last + 1)}
        lacks, lacking_tokens = absent(text, index, negative, taken_in, category)
        switches, mended = mend(text, complaint, [*switches, *lacks])
        switches, wished = mild_limits(text, switches, mild, index.nouns)
        constraints = [
            *value_limits(text, index, found, turned),
            *switches,
            *released,
            *(c for c in childs if all(m.field != c.field for m in found)),
            *labels,
            *_limits([*pieces, *youth, *body.limits, *holding, *limits]),
        ]
        limit_tokens |= date_tokens | (age_tokens if youth or young_notes else set())
        used = taken_in | limit_tokens | lacking_tokens
        strange, untold = unknown(text, index, used, negative, category)
        constraints += strange
        nouns = {i for m in found if m.field == "categories" and not m.negative for i in range(m.first, m.last + 1)}
        constraints, wanted_either, of_one = either(text, constraints, nouns, negative)
        limit, count_tokens = counted or how_many(text, used | age_tokens, index)
        wish = _order(sort)
        thrifty = False
        if (
            wish is None
            and "price" in index.fields
            and thrift(text)
            and not any(c.field == "price" for c in constraints)
        ):
            wish, thrifty = Sort("price", "asc", thrift_words(text)), True
        if wish is None and (roomy := next((q for q in limits if q.nearest), None)) is not None:
            wish = Sort(roomy.field, "asc", roomy.span)
            notes.append(f"more than '{roomy.span}' fits as well; what comes nearest stands first")
        ranked = ordinal(text, sort.first) if sort else None
        if ranked and sort:
            notes.append(
                f"'{text.span(ranked.first, sort.last)}' is number {ranked.place} of the picks, which come in that order"
            )
            count_tokens = count_tokens | set(range(ranked.first, sort.first))
            limit = limit or (ranked.place if ranked.place > FIRST_FEW else None)
        shopping = is_shopping(text, bool(constraints or sort))
        if not shopping:
            return Reading(Intent(query="", shopping=False))
        dropped = limit_tokens | pack_tokens | count_tokens | sort_tokens
        dropped |= {j for i in alone & used for j in (i, i + 1)} | comparing_tokens(text, index, spoken, limit_tokens)
        wanted = {i for m in found if not m.negative for i in range(m.first, m.last + 1)}
        exclude = excluded(text, index, negative, used, alone)
        if thrifty:
            notes.append(THRIFTY)
        notes += [
            f"no field here speaks of '{word}': products whose title or values name it are left out"
            for word in exclude[:1]
        ]
        notes += [f"'{text.span(*at)}' was asked about, not asked for; it is no limit" for at in doubted]
        notes += [
            *allergens(text, index, used),
            *untold,
            *body.notes,
            *young_notes,
            *odd_sizes.values(),
            *([odd.note] if odd else []),
            *_told(text, spoken),
        ]
        if in_all := of_a_sum(text, constraints):
            notes.append(EACH_ALONE)
        foreign = lacking(text, index, found, used) if category else []
        notes += [f"'{name}' is no category here: looked for in {category}" for name in foreign]
        return Reading(
            as_written(
                Intent(
                    constraints=_ordered(constraints),
                    sort=wish,
                    limit=limit,
                    preferences=(
                        *preferences(text, used | count_tokens, negative, mild),
                        *of_one,
                        *([childlike] if childlike else []),
                    ),
                    exclude=exclude,
                    query=_with(
                        childlike,
                        query(
                            text,
                            dropped,
                            [off and i not in wanted for i, off in enumerate(negative)],
                            {i for m in found for i in range(m.first, m.last + 1)},
                        ),
                    ),
                    shopping=True,
                    criteria=(*old, *mended, *wanted_either, *wished),
                ),
                slips,
            ),
            thrifty,
            tuple(dict.fromkeys(notes)),
            asides=(*body.words, *odd_sizes, *foreign, *([in_all] if in_all else [])),
        )

    def _names_something(self, sentence: str) -> bool:
        """Whether a sentence holds a word of the catalogue's own that is no word of any sentence."""
        index = self.index
        return any(
            t.stem in index.nouns or (t.stem in index.vocabulary_stems and t.low not in COMMON | FILLER | FUNCTION)
            for t in tokenise(sentence).tokens
        )


def _with(word: str | None, query: str) -> str:
    return f"{query} {word}" if word else query


def _told(text: Text, spoken: list[Amount]) -> list[str]:
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


def _order(found: Order | None) -> Sort | None:
    return found.sort if found else None


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
