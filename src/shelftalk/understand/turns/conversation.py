"""Several turns: what "cheaper ones", "the second, but in blue" or "not that brand" mean after what was said and shown.

Earlier turns arrive as Request.history. An assistant turn lists its picks one a line, "1. TITLE - 19.99 USD [id]";
everything else in it is ignored, and what it lists is only ever looked up, never obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from shelftalk.text import shorten
from shelftalk.understand.reading import Question, Reading, Shown
from shelftalk.understand.rules import (
    Field,
    RuleParser,
    Text,
    comparative,
    mentions,
    tokenise,
)
from shelftalk.understand.turns import phrases as said
from shelftalk.understand.turns.merging import NO_FIELD, Merge, merge, searched
from shelftalk.understand.turns.newtopic import new_topic
from shelftalk.understand.turns.phrases import Lookup
from shelftalk.understand.turns.relative import Comparing, Relative
from shelftalk.understand.turns.setaside import Aside, set_aside
from shelftalk.understand.turns.shown import ORDINAL, place, question, shown
from shelftalk.understand.turns.state import Talk
from shelftalk.understand.turns.takenback import TakenBack, taken_back
from shelftalk.understand.turns.topics import Topic, returned, unknown_return
from shelftalk.understand.turns.toshop import asks_the_shop
from shelftalk.understand.turns.wished import with_wish
from shelftalk.values import Constraint, Criterion, Intent, Product, Request, Scalar, Sort
from shelftalk.words.stems import stem

__all__ = ["NO_FIELD", "Conversation", "Lookup", "shown"]

_MOST_TURNS = 50  # of both sides; what was wanted before them is forgotten

CLEARED = "What was wanted before is forgotten. What are you looking for now?"


def _latest(*criteria: Criterion) -> tuple[Criterion, ...]:
    """The criteria, of several on one field the last."""
    return tuple({c.field: c for c in criteria}.values())


def _names_nothing(intent: Intent) -> bool:
    """Whether a turn sets no limit, no order, no number and no wish that a field answers."""
    return not (intent.constraints or intent.criteria or intent.sort or intent.limit or intent.exclude)


class Conversation:
    """Folds the turns of a request into one reading, from the first to the last. `leaves` tells whether a turn tells of a need that
    the products wanted so far (by an intent and the words that it began with) do not answer; `service` whether a turn, with "item" for the
    kinds of product in it, asks the shop about itself; `remark` whether one that names nothing of the catalogue asks for nothing."""

    def __init__(
        self,
        rules: RuleParser,
        products: Lookup | None = None,
        leaves: Callable[[str, Intent, str], bool] | None = None,
        service: Callable[[str], bool] | None = None,
        remark: Callable[[str], bool] | None = None,
    ) -> None:
        self.rules = rules
        self.products = products
        self.leaves = leaves or (lambda content, before, first: False)
        self.service = service
        self.remark = remark or (lambda content: False)
        self.comparing = Comparing(rules.index, products)

    def read(self, request: Request) -> Reading:
        """The intent of the last turn in the light of the earlier ones."""
        talk = Talk()
        for turn in request.history[-_MOST_TURNS:]:
            if turn.role == "assistant":
                talk.listed(shown(turn.content))
            elif turn.intent is not None:
                talk.given(turn.intent)
            else:
                talk.follow(turn.content, self._next(turn.content, talk))
        reading = self._next(request.request, talk)
        if not reading.merged and reading.follow_up is None:
            return reading
        held = talk.topic or Topic(Intent())
        return replace(reading, earlier=tuple(held.said), without=talk.without(reading))

    def _next(self, content: str, talk: Talk) -> Reading:
        """The next user turn as read; the talk is turned back to an earlier topic where the turn goes back to it."""
        self._asked_above(content, talk)
        if asks_the_shop(content, talk.picks, self.rules.index, self.service, self._held):
            return Reading(Intent(shopping=False), service=True)
        back = returned(tokenise(content), talk.past)
        if back is None:
            topics = [*talk.past, *([talk.topic] if talk.topic is not None else [])]
            strange = unknown_return(tokenise(content), topics) if topics else ""
            if strange:
                reading = self.rules.read(strange)
                return replace(reading, notes=("nothing of that was asked for before", *reading.notes))
            return self.turn(content, talk.reading, talk.picks, talk.focus)
        talk.turn_back(back.topic)
        note = (
            f"went back to what was wanted before: '{shorten(back.topic.said[0], 60)}'"
            if back.topic.said
            else "went back"
        )
        talk.back = True
        again = Reading(back.topic.intent, back.topic.thrifty, (note,), merged=True, said="")
        if not back.rest or not self.rules.read(back.rest).intent.shopping:
            return again
        reading = self.turn(back.rest, talk.reading, talk.picks)
        talk.back = not reading.merged
        if not reading.merged:
            return again
        return replace(reading, notes=(note, *reading.notes), said=back.rest if reading.said is None else reading.said)

    @staticmethod
    def _asked_above(content: str, talk: Talk) -> None:
        """Turns the talk back to the topic before where the last one showed nothing and this turn asks about what still stands above."""
        if talk.picks or not talk.past or not talk.past[-1].picks:
            return
        if question(tokenise(content), talk.past[-1].picks) is not None:
            talk.turn_back(talk.past[-1])

    def turn(self, content: str, earlier: Reading | None, picks: list[Shown], focus: Sequence[Shown] = ()) -> Reading:
        """One user turn after the reading so far, the picks last shown and those of them that were last asked about."""
        if earlier is None and not picks:
            return self.rules.read(content)
        before = earlier.intent if earlier is not None else Intent()
        if reset := said.RESET.match(content.lower()):
            rest = content[reset.end() :].strip()
            nothing = Reading(Intent(shopping=False), notes=(CLEARED,), cleared=True)
            return replace(self.rules.read(rest), cleared=True) if len(rest) > 3 else nothing
        text = tokenise(said.LEAD.sub("", content) or content)
        aside = set_aside(text, picks) if question(text, picks) is None else Aside()
        if aside.picks:
            text = tokenise(aside.rest)
        taken = taken_back(text, self.rules.index, before, earlier.earlier if earlier is not None else ())
        if taken:
            text = tokenise(taken.rest)
        reading = self.rules.read(text.text)
        refers = self._refers(text, picks) or (bool(aside.picks or taken) and not reading.intent.shopping)
        first = next(iter(earlier.earlier), "") if earlier is not None else ""
        if not refers and (
            new_topic(text, reading.intent, before, self.rules.index, picks, self.products)
            or (not said.GOES_ON.match(text.low) and self.leaves(text.text, before, first))
        ):
            return reading
        if not reading.intent.shopping and not refers:
            return reading
        before, given_up = self._without_vain(before, picks, text)
        if (asked := question(text, picks, focus)) is not None:
            product = self.products(asked.about[0].id) if self.products else None
            asked = with_wish(asked, text.text, self.rules, self._category(product) if product is not None else ())
            told = self._about(asked, reading, given_up, text)
            if asked.kind == "best":
                told = replace(told, intent=replace(told.intent, criteria=before.criteria))
            return replace(told, follow_up=asked, before=before)
        if not refers and _names_nothing(reading.intent) and self.remark(text.text):
            return Reading(Intent(shopping=False))
        if earlier is not None and earlier.thrifty and reading.intent.sort is None:
            reading = replace(reading, thrifty=True)
        merged = self._merged(text, reading, before, picks, aside.picks, focus, taken)
        if said.same(merged.intent, before) and len(merged.notes) == 1:
            merged = replace(merged, notes=(*merged.notes, "nothing in it changes what is looked for"))
        return replace(merged, notes=(*merged.notes, *given_up))

    def _without_vain(self, before: Intent, picks: list[Shown], text: Text) -> tuple[Intent, tuple[str, ...]]:
        """The earlier intent without limits that came from comparing ("cheaper ones") and that no pick shown since keeps,
        with a note for each: the shopper has seen that nothing satisfies them. Comparing on, they stand."""
        if not picks or said.CHEAPER.search(text.low) or said.DEARER.search(text.low):
            return before, ()
        kept, notes = [], []
        for constraint in before.constraints:
            known = self.rules.index.fields.get(constraint.field)
            if known is None or not said.compares(constraint) or not self._broken(constraint, known, picks):
                kept.append(constraint)
            else:
                notes.append(
                    f"'{constraint.span}' was given up: nothing was {constraint.field} {constraint.operator} {constraint.value}"
                )
        return replace(before, constraints=tuple(kept)), tuple(notes)

    def _broken(self, constraint: Constraint, known: Field, picks: list[Shown]) -> bool:
        """Whether every pick whose value is known breaks the limit."""
        values = [p.price if known.field == "price" else self.comparing.number(p, known) for p in picks]
        held = [v for v in values if v is not None]
        limit = float(str(constraint.value))
        return bool(held) and all(v >= limit if constraint.operator == "<" else v <= limit for v in held)

    def _about(self, asked: Question, reading: Reading, given_up: tuple[str, ...], text: Text) -> Reading:
        """The intent of a question about products shown: they and no others, what is asked as a wish, and no new limits."""
        titles = tuple(dict.fromkeys(p.title for p in asked.about))
        limit = Constraint(
            "title", "=" if len(titles) == 1 else "in", titles[0] if len(titles) == 1 else titles, asked.said
        )
        sort = self._sorted(reading.intent.sort, None, list(asked.about)) if reading.intent.sort else None
        if asked.kind == "best" or (sort is not None and self.products and not self._held(sort.field, asked.about)):
            sort = None
        if sort is None and len(asked.about) > 1:  # "which is lighter?"
            sort = _ordering(self.comparing.other(text, asked.about))
        wishes = [*(c.span for c in reading.intent.constraints if c.span), *reading.intent.preferences]
        intent = Intent(
            constraints=(limit,),
            sort=sort,
            limit=len(asked.about),
            preferences=tuple(dict.fromkeys(wishes))[:8],
            query=" ".join(titles),
            shopping=True,
        )
        named = ", ".join(f"{p.rank} ({p.id})" for p in asked.about)
        return Reading(
            intent,
            False,
            (f"read as a question about the earlier pick{'s' if len(asked.about) > 1 else ''} {named}", *given_up),
        )

    def _refers(self, text: Text, picks: list[Shown]) -> bool:
        if question(text, picks) is not None:
            return True
        return bool(picks and ORDINAL.search(text.low)) or any(
            p.search(text.low)
            for p in (said.CHEAPER, said.DEARER, said.OTHERS, said.THAT_BRAND, said.SAME_BRAND)
            if not said.FRESH.search(text.low)
        )

    def _merged(
        self,
        text: Text,
        reading: Reading,
        before: Intent,
        picks: list[Shown],
        gone: tuple[Shown, ...],
        focus: Sequence[Shown],
        taken: TakenBack,
    ) -> Reading:
        """The earlier intent with what the turn adds, without the picks that it turns down (`gone`) and what it takes back."""
        new = reading.intent
        into = Merge(
            constraints=[c for c in before.constraints if not taken.limit(c)],
            criteria=[c for c in before.criteria if not taken.wish(c)],
            added=list(new.constraints), exclude=list(before.exclude), query=before.query, words=text.text,
            without=taken.without, thrifty=reading.thrifty, read=reading.notes,
        )  # fmt: skip
        category = said.category_of(new) or said.category_of(before)
        into.sort = None if before.sort is not None and before.sort.field in taken.fields else before.sort
        if new.sort is not None:
            into.sort = self._sorted(new.sort, category, picks)
        chosen = self._chosen(text, picks)
        about = [chosen] if chosen else list(gone) or list(focus) or picks
        self._brand_spoken_of(into, text, about, before, chosen is not None)
        against = picks if about == list(focus) and not said.OF_ONE.search(text.low) else about
        compared = self._compared(text, new, before, against, category)
        if compared is not None:
            into.compare(compared, before)
        if gone:
            into.exclude += [p.id for p in gone]
            into.notes.append(
                f"left out: earlier pick{'s' if len(gone) > 1 else ''} {', '.join(str(p.rank) for p in gone)}"
            )
        if chosen is not None:
            self._go_by(into, chosen, text, new)
        else:
            into.exclude += [p.id for p in picks] if said.OTHERS.search(text.low) else []
            into.query = searched(into.query, new, before, taken, compared)
        merged = Intent(
            constraints=merge(into.constraints, into.added, self.rules.index.fields),
            sort=into.sort,
            limit=new.limit or before.limit,
            preferences=tuple(dict.fromkeys((*before.preferences, *new.preferences)))[:8],
            exclude=tuple(dict.fromkeys((*into.exclude, *new.exclude))),
            query=into.query,
            shopping=True,
            criteria=_latest(*into.criteria, *new.criteria),
            kinds=before.kinds,
        )
        return Reading(
            merged, into.thrifty, (*into.read, *into.notes), merged=True, asides=reading.asides,
            said=" ".join(into.words.split()).strip(" ,;:.!-"), without=(into.without,),
        )  # fmt: skip

    def _brand_spoken_of(self, into: Merge, text: Text, about: list[Shown], before: Intent, one: bool) -> None:
        """ "not that brand" and "the same brand" as limits."""
        brand = next((f for f in self.rules.index.fields.values() if f.brand), None)
        if brand is None:
            return
        if that := said.THAT_BRAND.search(text.low):
            values, operator = self._brands(brand, about, before, one=one), "!="
        elif (that := said.SAME_BRAND.search(text.low)) and about:
            values, operator = self._brands(brand, about[:1], before, one=True)[:1], "="
        else:
            return
        span = text.text[that.start() : that.end()]
        into.added += [Constraint(brand.field, operator, value, span) for value in values]  # type: ignore[arg-type]

    def _compared(
        self, text: Text, new: Intent, before: Intent, about: Sequence[Shown], category: str | None
    ) -> Relative | None:
        """The comparison with what was shown that the turn makes; a price that is named is none."""
        priced = any(c.field == "price" for c in new.constraints)
        by_price = None if priced else self.comparing.price(text, about)
        told = [before.query, *(c.words for c in before.criteria), *(c.span for c in before.constraints)]
        wished = {comparative(w) or w for part in told for w in part.lower().split()}
        return by_price or self.comparing.other(text, about, category, wished)

    def _go_by(self, into: Merge, chosen: Shown, text: Text, new: Intent) -> None:
        """The turn is about one pick: its title is searched for, in its category."""
        into.notes.append(f"taken as about the earlier pick {chosen.rank}")
        words = [w for w in new.query.split() if stem(w.lower()) in self.rules.index.tokens]
        into.query = " ".join([*self._title(chosen, new.constraints).split(), *words][:40])
        product = self.products(chosen.id) if self.products else None
        if product is not None:
            into.constraints = [c for c in into.constraints if c.field != "categories"]
            into.added += self._category(product)
        if said.MORE_LIKE.search(text.low) or said.OTHERS.search(text.low):
            into.exclude.append(chosen.id)

    def _sorted(self, wish: Sort, category: str | None, picks: list[Shown]) -> Sort:
        """The order of a later turn, by a field that the products spoken of have: "the lightest" of tents by weight_kg."""
        known = self.rules.index.fields.get(wish.field)
        held = {f.field for f in self.comparing.fields_of(category, picks)} if known is not None else set()
        if known is None or not known.number or known.kind == "money" or wish.field in held:
            return wish
        others = [
            f
            for f in self.rules.index.fields.values()
            if f.field in held
            and f.number
            and f.name == known.name
            and (f.unit and f.unit.dimension) == (known.unit and known.unit.dimension)
        ]
        return replace(wish, field=others[0].field) if len(others) == 1 else wish

    def _held(self, field: str, about: Iterable[Shown]) -> bool:
        """Whether one of these products has a value in the field."""
        if field == "price":
            return True
        found = [self.products(p.id) for p in about] if self.products else []
        return any(p is not None and p.value(field) is not None for p in found)

    def _title(self, pick: Shown, wanted: Iterable[Constraint]) -> str:
        """The pick's title without its own values of the fields that are wanted otherwise: its colour for "in green"."""
        fields = {c.field for c in wanted}
        title = tokenise(pick.title)
        gone = {i for m in mentions(title, self.rules.index) if m.field in fields for i in range(m.first, m.last + 1)}
        return " ".join(t.text for i, t in enumerate(title.tokens) if i not in gone) if gone else pick.title

    def _chosen(self, text: Text, picks: list[Shown]) -> Shown | None:
        match = ORDINAL.search(text.low)
        if match is None or not picks:
            return None
        return place(match["a"] or match["b"], picks)

    def _brands(self, brand: Field, about: Iterable[Shown], before: Intent, one: bool) -> list[Scalar]:
        """The brands that "that brand" means: the one asked for before, else that of the pick spoken of (the first)."""
        if not one:
            asked = [c for c in before.constraints if c.field == brand.field and c.operator in ("=", "in")]
            if asked:
                return [v for c in asked for v in (c.value if isinstance(c.value, tuple) else (c.value,))]
        out: list[Scalar] = []
        for pick in about:
            product = self.products(pick.id) if self.products else None
            value = product.value(brand.field) if product else None
            held = next(
                (v for v, _ in brand.facet.values if value is not None and str(v).lower() == str(value).lower()), None
            )
            if held is None:
                title = tokenise(pick.title)
                held = next(
                    (m.value.value for m in mentions(title, self.rules.index) if m.field == brand.field and m.value),
                    None,
                )
            if held is not None:
                out.append(held)
        distinct = list(dict.fromkeys(out))
        return distinct[:1]

    def _category(self, product: Product) -> list[Constraint]:
        """The product's most specific category as the facets spell it; none where it holds the whole catalogue."""
        facet = self.rules.index.facets.get("categories")
        if facet is None:
            return []
        counts = {str(v).lower(): (v, n) for v, n in facet.values}
        held = [counts[c.lower()] for c in product.categories if c.lower() in counts]
        held = [h for h in held if h[1] < self.rules.index.facets.products]
        if not held:
            return []
        return [Constraint("categories", "=", min(held, key=lambda h: h[1])[0], "earlier pick")]


def _ordering(found: Relative | None) -> Sort | None:
    """The order among the picks asked about that a comparison makes: "which is lighter?"."""
    if found is None or found.limit is None:
        return found.sort if found else None
    return Sort(found.limit.field, "asc" if found.limit.operator == "<" else "desc", found.words)
