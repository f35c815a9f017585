"""The stage's face: a Request goes in, an Understood comes out, read by the rule-based parser, the language model or both."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from shelftalk.engines.base import Engine
from shelftalk.errors import UsageError
from shelftalk.prompts.library import PromptLibrary
from shelftalk.settings import UnderstandSettings
from shelftalk.understand.languages import Heard, KindSearch, Multilingual
from shelftalk.understand.model import Asked, IntentParser, Matchers, Wanting, Written
from shelftalk.understand.reading import Question, Reading
from shelftalk.understand.rules import AS_A_WISH, THRIFTY, RuleParser, named_kind, of_kinds, placed, stems, unread
from shelftalk.understand.turns import NO_FIELD, Conversation, Lookup
from shelftalk.values import Criterion, Facet, Facets, Intent, Request, Scalar, Tokens


@dataclass(frozen=True, slots=True)
class Understood:
    """An intent, what there is to say about how it was reached, and what the language model read and wrote for it.

    `service` where the turn asks the shop about itself; `follow_up` where the turn asks about products already shown, which were picked for the wish `before` it; `chosen` where the
    model chose the kinds of product for a need that names none; `heard` where the request is in another language.
    """

    intent: Intent
    notes: tuple[str, ...] = ()
    tokens: Tokens = Tokens()
    prompt: str | None = None
    follow_up: Question | None = None
    before: Intent = Intent()
    chosen: bool = False
    earlier: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    said: str | None = None
    without: tuple[frozenset[str], ...] = ()
    heard: Heard | None = None
    service: bool = False

    @property
    def unread(self) -> bool:
        """Whether it is in a language that nothing here reads: no wish, grade or sentence can be held against it."""
        return self.heard is not None and self.prompt is None


class Understander:
    """Turns requests into intents over one version of a catalogue's facets.

    `engine` and `prompts` are needed for the modes "wishes", "model" and "both"; `products` looks up a product by id, so that a
    later turn can speak of an earlier pick. UsageError where a mode needs an engine and there is none.
    """

    def __init__(
        self,
        facets: Facets,
        engine: Engine | Callable[[], Engine] | None = None,
        prompts: PromptLibrary | None = None,
        settings: UnderstandSettings | None = None,
        products: Lookup | None = None,
        kinds: KindSearch | None = None,
        matchers: Callable[[], Matchers | None] | None = None,
        held: Callable[[Sequence[str]], Mapping[str, tuple[Scalar, ...]]] | None = None,
        titled: Callable[[str], bool] | None = None,
        covers: Callable[[str], bool] | None = None,
        called: Callable[[str], Sequence[str]] | None = None,
        numbered: Callable[[str], Collection[str]] | None = None,
        service: Callable[[str], bool] | None = None,
        remark: Callable[[str], bool] | None = None,
    ) -> None:
        self.facets, self._numbered = facets, numbered
        self.settings = settings or UnderstandSettings()
        self.rules = RuleParser(facets)
        self.conversation = Conversation(self.rules, products, self._leaves, service, remark)
        self.multilingual = Multilingual(self.rules.index, kinds, covers, self.settings.languages == "auto", called)
        self.model: IntentParser | None = None
        self.wanting: Wanting | None = None
        if self.settings.mode == "rules":
            return
        if engine is None and self.settings.asks_model:
            raise UsageError(
                f'understand.mode is "{self.settings.mode}", which needs a language model; set it to "encoders" or "rules", or load an engine'
            )
        library = prompts or PromptLibrary.default()
        loaded = engine if engine is None or callable(engine) else lambda: engine
        if self.settings.reads_wishes:
            reader = loaded if self.settings.asks_model else None
            self.wanting = Wanting(facets, reader, library, kinds or (lambda intent, text: ()), matchers, held, titled)
        elif loaded is not None:
            template = library.named("understand", self.settings.prompt, "understand.prompt")
            self.model = IntentParser(self.rules.index, loaded(), template)

    def _leaves(self, turn: str, before: Intent, first: str) -> bool:
        return self.wanting is not None and self.wanting.leaves(turn, before, first)

    def understand(self, request: Request) -> Understood:
        """The intent of one request and the turns before it."""
        return self.understand_many([request])[0]

    def understand_many(self, requests: Sequence[Request]) -> list[Understood]:
        """One Understood a request, in order; the language model is called in one batch. An intent that is given stands."""
        out = []
        heard, originals = self.multilingual.heard(requests), requests
        requests = [h.request for h in heard]
        read = iter(self._read([(h, r) for h, r in zip(heard, originals, strict=True) if r.intent is None]))
        for request in requests:
            if request.intent is not None:
                out.append(Understood(_spoken(request.intent, self.conversation.read(request).intent)))
                continue
            understood = next(read)
            intent, notes = placed(understood.intent, self.rules.index, frozenset(stems(request.request)))
            if not request.history or (self.model is None and _begins(request, understood)):
                intent = replace(intent, kind=named_kind(request.request, intent))
            left: Sequence[str] = ()
            if understood.follow_up is None:  # a question about products shown searches for nothing
                left = unread(request.request, intent, (*understood.notes, *notes), self._numbered)
            out.append(replace(understood, intent=intent, notes=(*understood.notes, *notes, *left)))
        wanted = self._wanted(requests, out, heard)
        return [
            u if r.intent is not None else h.completed(replace(u, intent=undirected(u.intent)))
            for r, u, h in zip(requests, wanted, heard, strict=True)
        ]

    def _wanted(
        self, requests: Sequence[Request], understood: list[Understood], heard: Sequence[Heard]
    ) -> list[Understood]:
        """With the criteria and kinds that the model reads, where it is asked for them; a given intent has its own."""
        if self.wanting is None or not self.wanting.able:
            return understood
        both = zip(requests, understood, heard, strict=True)
        at = [n for n, (r, u, h) in enumerate(both) if _open(r, u) and not h.foreign]
        asked = [
            Asked(
                self.rules.asking(requests[n].request if u.said is None else u.said),
                tuple(map(self.rules.asking, u.earlier)),
                u.intent,
                u.asides,
                u.without,
            )
            for n in at
            if (u := understood[n])
        ]
        for n, wanted in zip(at, self.wanting.read(asked), strict=True):
            one = understood[n]
            intent = self._with_company(requests[n].request, wanted.intent)
            understood[n] = replace(
                one, intent=intent, tokens=one.tokens + wanted.tokens, prompt=wanted.prompt or one.prompt,
                chosen=wanted.chosen, notes=told_of(one, intent),
            )  # fmt: skip
        for n, one in enumerate(understood):
            if one.follow_up is not None and requests[n].intent is None:
                understood[n] = self._answerable(requests[n].request, self._with_wishes(requests[n].request, one))
        return understood

    def _with_company(self, request: str, intent: Intent) -> Intent:
        """The intent with the room for a company where the kind that a need is for has a field of it: "we are 7 adults and want something
        funny to play after dinner"; without the room in other kinds of things ("coffee for one person" asks for no tent)."""
        if intent.kinds:
            intent = of_kinds(intent, self.rules.index)
        if len(intent.kinds) != 1 or any(c.field == "categories" for c in intent.constraints):
            return intent
        room, nearest = self.rules.company(request, intent.kinds[0])
        fields = {c.field for c in room}
        if not room or any(c.field in fields for c in intent.constraints):
            return intent
        criteria = tuple(c for c in intent.criteria if c.field not in fields)
        sort = intent.sort or (None if criteria else nearest)
        return replace(intent, constraints=(*intent.constraints, *room), criteria=criteria, sort=sort)

    def _answerable(self, request: str, one: Understood) -> Understood:
        """A question about several products shown with what answers it: the wishes so far for the best of them, and the order by the
        field that "which uses least power?" asks for."""
        asked, wanting = one.follow_up, self.wanting
        if asked is None or wanting is None or not asked.which:
            return one
        if asked.kind == "best":
            wished = wanting.read([Asked(asked.rest, one.earlier, one.before, one.asides, one.without)])[0]
            first = [
                replace(c, importance=3) if c.words and c.words in asked.rest else c for c in wished.intent.criteria
            ]
            before = undirected(replace(wished.intent, criteria=tuple(first), unanswered=()))
            intent = replace(one.intent, criteria=before.criteria)
            return replace(one, intent=intent, before=before, tokens=one.tokens + wished.tokens, prompt=wished.prompt)
        return self._orderly(request, one)

    def _orderly(self, request: str, one: Understood) -> Understood:
        """A question which of several products does something, with the order that it asks for: by a number, else by its wishes."""
        asked, wanting, known = one.follow_up, self.wanting, self.conversation.comparing
        if asked is None or wanting is None or one.intent.sort is not None:
            return one

        def held(facet: Facet) -> bool:
            if facet.kind in ("money", "number"):
                field = self.rules.index.fields.get(facet.field)
                return field is not None and any(known.number(p, field) is not None for p in asked.about)
            return any(known.value(p, facet.field) is not None for p in asked.about)

        sort = wanting.order_asked(request, one.before.named_kinds or asked.asks.named_kinds, held)
        intent = replace(one.intent, sort=sort) if sort else replace(one.intent, criteria=asked.asks.criteria)
        return replace(one, intent=intent)

    def _with_wishes(self, request: str, one: Understood) -> Understood:
        """A question about products shown with the wishes that the encoders read in it; no language model is asked."""
        asked, wanting = one.follow_up, self.wanting
        if asked is None or wanting is None or asked.kind != "fact":
            return one
        kinds = asked.asks.named_kinds or one.before.named_kinds
        wishes = wanting.asked_of(asked.purpose or request, kinds)
        return replace(one, follow_up=replace(asked, asks=replace(asked.asks, criteria=wishes)))

    def _read(self, both: Sequence[tuple[Heard, Request]]) -> list[Understood]:
        """What the rules read of each request as they can read it; the language model is asked for the request as it was written."""
        readings = [self.conversation.read(h.request) for h, _ in both]
        if self.model is None:
            readings = [_wished(r) for r in readings] if self.wanting is not None else readings
            return [_as_read(r) for r in readings]
        open_ = [
            ((h.foreign and h.state != "talk") or r.intent.shopping) and r.follow_up is None and bool(q.request.strip())
            for (h, q), r in zip(both, readings, strict=True)
        ]
        asked = [(h, q, r) for (h, q), r, o in zip(both, readings, open_, strict=True) if o]
        answers = iter(self.model.ask([(q, self._before(h.request), r) for h, q, r in asked]))
        out = []
        for (heard, _), reading, asks in zip(both, readings, open_, strict=True):
            if not asks:
                out.append(_as_read(reading))
                continue
            written = next(answers)
            intent, notes = self._told(self.model, heard, reading, written)
            out.append(Understood(intent, (*reading.notes, *notes), written.tokens, self.model.template.ref))
        return out

    def _told(
        self, model: IntentParser, heard: Heard, reading: Reading, written: Written
    ) -> tuple[Intent, tuple[str, ...]]:
        """The intent that the rules and the model make together. Of another language the rules read what is exact, so what they found
        stands, and the model's words need not be those of the catalogue."""
        if heard.foreign:
            return model.added(reading, written)
        return model.join(reading, written) if self.settings.mode == "both" else model.alone(reading, written)

    def _before(self, request: Request) -> Reading | None:
        """What the turns before the last one came to, for the model to start from."""
        users = [i for i, t in enumerate(request.history) if t.role == "user"]
        if not users:
            return None
        last = users[-1]
        return self.conversation.read(
            replace(request, request=request.history[last].content, history=request.history[:last])
        )


def told_of(one: Understood, intent: Intent) -> tuple[str, ...]:
    """The notes without those on limits that were taken back, and without those that say of words that no field speaks of them
    where a criterion was read from these words, or where they only tell whom it is for."""
    read = " ".join([*(c.words.lower() for c in intent.criteria), *one.asides])
    kept = {c.span for c in intent.constraints}
    back = [f"'{c.span}'" for c in one.intent.constraints if c.span and c.span not in kept]
    before = {c.span for c in one.intent.constraints}
    back += [f"'{word}' was not read" for c in intent.constraints if c.span not in before for word in c.span.split()]

    def holds(note: str) -> bool:
        end = next((e for e in (NO_FIELD, AS_A_WISH) if e in note), None)
        unread = end is not None and note.partition(end)[0].strip("' ").lower() in read
        return not unread and not any(span in note for span in back)

    return tuple(n for n in one.notes if holds(n))


def _as_read(r: Reading) -> Understood:
    """What the rules read, with nothing added to it."""
    return Understood(
        r.intent, r.notes, follow_up=r.follow_up, before=r.before, earlier=r.earlier, asides=r.asides, said=r.said,
        without=r.without, service=r.service,
    )  # fmt: skip


def _wished(reading: Reading) -> Reading:
    """The reading with a plea for a low price as a criterion: where wishes are read, it is one of them and no order."""
    intent = reading.intent
    if not reading.thrifty or intent.sort is None or intent.sort.field != "price":
        return reading
    cheap = Criterion("price", "low", words=intent.sort.span or "a low price")
    criteria = (cheap, *(c for c in intent.criteria if c.field != "price"))
    notes = tuple(n for n in reading.notes if n != THRIFTY)
    return replace(reading, thrifty=False, notes=notes, intent=replace(intent, sort=None, criteria=criteria))


def undirected(intent: Intent) -> Intent:
    """The intent where wishes order what fits: that what comes nearest to "for 4 people" stands first is then one of them, and no
    order above all others."""
    sort = intent.sort
    if sort is None or not intent.criteria or not nearest(intent):
        return intent
    wishes = (*intent.criteria, Criterion(sort.field, "low", None, 1))
    return replace(
        intent, sort=None, criteria=wishes if all(c.field != sort.field for c in intent.criteria) else intent.criteria
    )


def nearest(intent: Intent) -> bool:
    """Whether the order was made for what comes nearest to a lower limit, and not said."""
    sort = intent.sort
    return sort is not None and any(
        (c.field, c.operator, c.span) == (sort.field, ">=", sort.span) and sort.direction == "asc"
        for c in intent.constraints
    )


def _open(request: Request, understood: Understood) -> bool:
    """Whether wishes may stand in a request: it asks for a product, and not about those shown."""
    return request.intent is None and understood.intent.shopping and understood.follow_up is None


def _begins(request: Request, understood: Understood) -> bool:
    """Whether a later turn asks for something new rather than going on from those before."""
    given = any(turn.intent is not None for turn in request.history)
    return not given and not understood.earlier and understood.follow_up is None


def _spoken(given: Intent, read: Intent) -> Intent:
    """The given intent, with the words of the request for those of its limits and its order that the request states too."""
    limits = tuple(next((r for r in read.constraints if r == c), c) for c in given.constraints)
    sort = given.sort
    if sort is not None and read.sort is not None and sort == read.sort:
        sort = read.sort
    return replace(given, constraints=limits, sort=sort)


__all__ = ["Lookup", "Understander", "Understood", "nearest", "undirected"]
