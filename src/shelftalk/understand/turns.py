"""Several turns: what "cheaper ones", "the second, but in blue" or "not that brand" mean after what was said and shown.

Earlier turns arrive as Request.history. An assistant turn lists its picks one a line, "1. TITLE - 19.99 USD [id]";
everything else in it is ignored, and what it lists is only ever looked up, never obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from shelftalk.understand import turnwords as said
from shelftalk.understand.index import Field, named
from shelftalk.understand.kind import named_kind
from shelftalk.understand.lexicon import FILLER, SUPERLATIVES, superlative
from shelftalk.understand.mentions import mentions
from shelftalk.understand.merging import merge
from shelftalk.understand.reader import Reader, Reading
from shelftalk.understand.setaside import Aside, set_aside
from shelftalk.understand.shown import ORDINAL, Question, Shown, place, question, shown
from shelftalk.understand.tokens import Text, stem, tokenise
from shelftalk.values import Constraint, Intent, Product, Request, Scalar, Sort

Lookup = Callable[[str], Product | None]
_MOST_TURNS = 50  # of both sides; what was wanted before them is forgotten


class Conversation:
    """Folds the turns of a request into one reading, from the first to the last."""

    def __init__(self, reader: Reader, products: Lookup | None = None) -> None:
        self.reader = reader
        self.products = products

    def read(self, request: Request) -> Reading:
        """The intent of the last turn in the light of the earlier ones."""
        earlier: Reading | None = None
        picks: list[Shown] = []
        focus: list[Shown] = []
        asked = False
        said_before: list[str] = []
        for turn in request.history[-_MOST_TURNS:]:
            if turn.role == "assistant":
                listed = shown(turn.content)
                if asked and {p.id for p in listed} <= {p.id for p in picks}:
                    focus = [p for q in listed for p in picks if p.id == q.id]  # places are still those of all picks
                elif listed:
                    picks, focus = listed, []
            elif turn.intent is not None:
                earlier, asked, said_before = Reading(turn.intent, False, ()), False, []
            else:
                reading = self.turn(turn.content, earlier, picks, focus)
                asked = reading.asked is not None
                if reading.intent.shopping and not asked:
                    earlier = reading
                    said_before = [*said_before, turn.content] if reading.merged else [turn.content]
        reading = self.turn(request.request, earlier, picks, focus)
        if not reading.merged:
            return reading
        held = earlier.intent if earlier is not None else Intent()
        merged = replace(reading.intent, criteria=held.criteria, kinds=held.kinds)
        return replace(reading, earlier=tuple(said_before), intent=merged)

    def turn(self, content: str, earlier: Reading | None, picks: list[Shown], focus: Sequence[Shown] = ()) -> Reading:
        """One user turn after the reading so far, the picks last shown and those of them that were last asked about."""
        if earlier is None and not picks:
            return self.reader.read(content)
        before = earlier.intent if earlier is not None else Intent()
        if reset := said.RESET.match(content.lower()):
            rest = content[reset.end() :].strip()
            return self.reader.read(rest) if len(rest) > 3 else replace(self.reader.read(content), intent=Intent())
        text = tokenise(said.LEAD.sub("", content) or content)
        aside = set_aside(text, picks) if question(text, picks) is None else Aside()
        if aside.picks:
            text = tokenise(aside.rest)
        reading = self.reader.read(text.text)
        refers = self._refers(text, picks) or (bool(aside.picks) and not reading.intent.shopping)
        if not refers and self._new_topic(text, reading, before):
            return reading
        if not reading.intent.shopping and not refers:
            return reading
        before, given_up = self._without_vain(before, picks, text)
        if (asked := question(text, picks, focus)) is not None:
            return replace(self._about(asked, reading, given_up, text), asked=asked, before=before)
        merged = self._merged(text, reading, before, picks, aside.picks, focus)
        return replace(merged, notes=(*merged.notes, *given_up))

    def _without_vain(self, before: Intent, picks: list[Shown], text: Text) -> tuple[Intent, tuple[str, ...]]:
        """The earlier intent without limits that came from comparing ("cheaper ones") and that no pick shown since keeps,
        with a note for each: the shopper has seen that nothing satisfies them. Comparing on, they stand."""
        if not picks or said.CHEAPER.search(text.low) or said.DEARER.search(text.low):
            return before, ()
        kept, notes = [], []
        for constraint in before.constraints:
            known = self.reader.index.fields.get(constraint.field)
            if known is None or not said.compares(constraint) or not self._broken(constraint, known, picks):
                kept.append(constraint)
            else:
                notes.append(
                    f"'{constraint.span}' was given up: nothing was {constraint.field} {constraint.operator} {constraint.value}"
                )
        return replace(before, constraints=tuple(kept)), tuple(notes)

    def _broken(self, constraint: Constraint, known: Field, picks: list[Shown]) -> bool:
        """Whether every pick whose value is known breaks the limit."""
        values = [p.price if known.field == "price" else self._number(p, known) for p in picks]
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
        if sort is None and len(asked.about) > 1:  # "which is lighter?"
            held: list[Constraint] = []
            sort = self._compared(text, asked.about, held)
            sort = sort or next((Sort(c.field, "asc" if c.operator == "<" else "desc", c.span) for c in held), None)
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
        if self._dropped(text) and len(text.tokens) <= 12:
            return True
        return bool(picks and ORDINAL.search(text.low)) or any(
            p.search(text.low)
            for p in (said.CHEAPER, said.DEARER, said.OTHERS, said.THAT_BRAND, said.SAME_BRAND)
            if not said.FRESH.search(text.low)
        )

    def _new_topic(self, text: Text, reading: Reading, before: Intent) -> bool:
        """Whether the turn speaks of something else: it names a product of its own, rather than a detail of the last one."""
        category = next((c for c in reading.intent.constraints if c.field == "categories"), None)
        if category is not None:
            return category not in before.constraints
        held = {stem(w.lower()) for w in before.query.split()}
        nouns = {t.stem for t in text.tokens if t.stem in self.reader.index.nouns}
        if nouns and not nouns & held:
            return True
        if said.STARTS.match(text.low):
            return False
        if self._another_kind(text, reading.intent, held):
            return True
        taken = {stem(w.low) for c in reading.intent.constraints for w in tokenise(c.span).tokens}
        content = [t for t in text.tokens if t.low not in FILLER and not t.numeric and t.stem not in taken]
        new = [t for t in content if t.stem not in held and t.stem not in self.reader.index.tokens]
        if said.FRESH.search(text.low) and new:
            return True
        return (
            bool(new) and len(text.tokens) > 2 and not said.ANAPHORA.search(text.low) and not reading.intent.constraints
        )

    def _another_kind(self, text: Text, intent: Intent, held: set[str]) -> bool:
        """Whether the turn asks for "a kettle under 5 euros" by a name that neither the earlier turns nor a field know."""
        found = said.A_THING.match(text.low)
        if found is None or said.ANAPHORA.search(text.low):
            return False
        kind = named_kind(text.low[found.start("thing") :], intent)
        known = self.reader.index
        return bool(kind) and not any(
            s in held or s in known.by_word or w in said.VERSIONS or superlative(w[:-2] + "est") is not None
            for w, s in ((w, stem(w)) for w in kind.split())
        )

    def _merged(
        self,
        text: Text,
        reading: Reading,
        before: Intent,
        picks: list[Shown],
        gone: tuple[Shown, ...],
        focus: Sequence[Shown],
    ) -> Reading:
        """The earlier intent with what the turn adds, without the picks that it turns down (`gone`)."""
        new = reading.intent
        constraints = list(before.constraints)
        notes = ["read together with the earlier turns"]
        added: list[Constraint] = list(new.constraints)
        query, exclude, sort = before.query, list(before.exclude), new.sort or before.sort
        category = said.category_of(new) or said.category_of(before)
        if new.sort is not None:
            sort = self._sorted(new.sort, category, picks)
        for name in self._dropped(text):
            constraints = [c for c in constraints if c.field != name]
        chosen = self._chosen(text, picks)
        about = [chosen] if chosen else list(gone) or list(focus) or picks
        brand = next((f for f in self.reader.index.fields.values() if f.brand), None)
        if brand is not None and said.THAT_BRAND.search(text.low):
            for value in self._brands(brand, about, before, one=chosen is not None):
                added.append(Constraint(brand.field, "!=", value, "that brand"))
        elif brand is not None and said.SAME_BRAND.search(text.low) and about:
            for value in self._brands(brand, about[:1], before, one=True)[:1]:
                added.append(Constraint(brand.field, "=", value, "same brand"))
        if said.CHEAPER.search(text.low) and not any(c.field == "price" for c in new.constraints):
            sort = self._priced("<", [p.price for p in about if p.price is not None], added, before, notes)
        elif said.DEARER.search(text.low) and not any(c.field == "price" for c in new.constraints):
            sort = self._priced(">", [p.price for p in about if p.price is not None], added, before, notes)
        else:
            compared = self._compared(text, about, added, category)
            sort = compared or sort
        if gone:
            exclude += [p.id for p in gone]
            notes.append(f"left out: earlier pick{'s' if len(gone) > 1 else ''} {', '.join(str(p.rank) for p in gone)}")
        if chosen is not None:
            notes.append(f"taken as about the earlier pick {chosen.rank}")
            query = self._title(chosen, new.constraints)
            product = self.products(chosen.id) if self.products else None
            if product is not None:
                constraints = [c for c in constraints if c.field != "categories"]
                added += self._category(product)
            if said.MORE_LIKE.search(text.low) or said.OTHERS.search(text.low):
                exclude.append(chosen.id)
        elif said.OTHERS.search(text.low) and picks:
            exclude += [p.id for p in picks]
        if chosen is None:
            extra = [
                w
                for w in new.query.split()
                if w.lower() not in query.lower().split()
                and not said.comparing(w.lower())
                and not said.empty(w.lower())
            ]
            if self._dropped(text):
                extra = []
            query = " ".join([*query.split(), *extra][:40])
        else:
            query = " ".join(
                [*query.split(), *(w for w in new.query.split() if stem(w.lower()) in self.reader.index.tokens)][:40]
            )
        merged = Intent(
            constraints=merge(constraints, added, self.reader.index.fields),
            sort=sort,
            limit=new.limit or before.limit,
            preferences=tuple(dict.fromkeys((*before.preferences, *new.preferences)))[:8],
            exclude=tuple(dict.fromkeys((*exclude, *new.exclude))),
            query=query,
            shopping=True,
        )
        return Reading(merged, reading.thrifty, (*reading.notes, *notes), merged=True)

    def _sorted(self, wish: Sort, category: str | None, picks: list[Shown]) -> Sort:
        """The order of a later turn, by a field that the products spoken of have: "the lightest" of tents by weight_kg."""
        known = self.reader.index.fields.get(wish.field)
        held = {f.field for f in self._fields_of(category, picks)} if known is not None else set()
        if known is None or not known.number or known.kind == "money" or wish.field in held:
            return wish
        others = [
            f
            for f in self.reader.index.fields.values()
            if f.field in held
            and f.number
            and f.name == known.name
            and (f.unit and f.unit.dimension) == (known.unit and known.unit.dimension)
        ]
        return replace(wish, field=others[0].field) if len(others) == 1 else wish

    def _title(self, pick: Shown, wanted: Iterable[Constraint]) -> str:
        """The pick's title without its own values of the fields that are wanted otherwise: its colour for "in green"."""
        fields = {c.field for c in wanted}
        title = tokenise(pick.title)
        gone = {i for m in mentions(title, self.reader.index) if m.field in fields for i in range(m.first, m.last + 1)}
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
                    (m.value.value for m in mentions(title, self.reader.index) if m.field == brand.field and m.value),
                    None,
                )
            if held is not None:
                out.append(held)
        distinct = list(dict.fromkeys(out))
        return distinct[:1]

    def _priced(
        self, operator: str, prices: list[float], added: list[Constraint], before: Intent, notes: list[str]
    ) -> Sort | None:
        if "price" not in self.reader.index.fields:
            return before.sort
        if not prices:
            return Sort(
                "price", "asc" if operator == "<" else "desc", "cheaper" if operator == "<" else "more expensive"
            )
        limit = min(prices) if operator == "<" else max(prices)
        value: Scalar = int(limit) if limit.is_integer() else limit
        added.append(
            Constraint(
                "price", "<" if operator == "<" else ">", value, "cheaper" if operator == "<" else "more expensive"
            )
        )
        notes.append(f"held against the earlier picks: price {operator} {value}")
        return before.sort

    def _fields_of(self, category: str | None, about: Iterable[Shown]) -> list[Field]:
        """The fields that products of the category carry; where products shown can be looked up, those that one of them
        has a number in, if there are any."""
        fields = [f for f in self.reader.index.fields.values() if f.carried(category)]
        picks = list(about)
        return [f for f in fields if any(self._number(p, f) is not None for p in picks)] or fields

    def _compared(
        self, text: Text, about: Iterable[Shown], added: list[Constraint], category: str | None = None
    ) -> Sort | None:
        """The order or limit of a bare comparative: "lighter ones", "something bigger"."""
        for i, token in enumerate(text.tokens):
            base = superlative(token.low[:-2] + "est") if token.low.endswith("er") and len(token.low) > 4 else None
            if (
                base not in SUPERLATIVES
                or base is None
                or (i + 1 < len(text.tokens) and text.tokens[i + 1].low == "than")
            ):
                continue
            for hints, direction in SUPERLATIVES[base]:
                fields = [f for f in self._fields_of(category, about) if f.number and set(hints) & set(f.name)]
                if not fields:
                    continue
                known = max(fields, key=lambda f: named(f, frozenset(hints)) - 0.1 * len(f.name))
                values = [v for p in about if (v := self._number(p, known)) is not None]
                less = direction.startswith("asc")
                if not values:
                    return Sort(known.field, "asc" if less else "desc", token.text)
                limit = min(values) if less else max(values)
                added.append(
                    Constraint(
                        known.field, "<" if less else ">", int(limit) if limit.is_integer() else limit, token.text
                    )
                )
                return None
        return None

    def _number(self, pick: Shown, known: Field) -> float | None:
        product = self.products(pick.id) if self.products else None
        value = product.value(known.field) if product else None
        try:
            return None if value is None or isinstance(value, (bool, tuple)) else float(value)
        except (TypeError, ValueError):
            return None

    def _category(self, product: Product) -> list[Constraint]:
        """The product's most specific category as the facets spell it; none where it holds the whole catalogue."""
        facet = self.reader.index.facets.get("categories")
        if facet is None:
            return []
        counts = {str(v).lower(): (v, n) for v, n in facet.values}
        held = [counts[c.lower()] for c in product.categories if c.lower() in counts]
        held = [h for h in held if h[1] < self.reader.index.facets.products]
        if not held:
            return []
        return [Constraint("categories", "=", min(held, key=lambda h: h[1])[0], "earlier pick")]

    def _dropped(self, text: Text) -> list[str]:
        """Fields whose limits the turn lifts: "any brand is fine", "price doesn't matter"."""
        out = []
        for match in said.ANY.finditer(text.low):
            word = stem(next(g for g in match.groups() if g))
            out += [f.field for f in self.reader.index.by_word.get(word, ()) if word in f.name or f.kind == "money"]
        return out
