"""What the shopper wants beyond limits, read by the language model: kinds of product in question, then criteria over their fields.

Rules have read limits before this, and the kinds of product in question come from `helping`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from shelftalk.engines.base import Engine
from shelftalk.prompts.library import PromptLibrary
from shelftalk.understand.model.criteria import (
    CLOSE,
    FLOOR,
    NEED_FLOOR,
    READ,
    Wishes,
    WishReader,
    WishRequest,
    proof,
    question_fields,
    read_as_offered,
    said_in,
    shown_name,
)
from shelftalk.understand.model.helping import Asked, KindChooser, KindSearch, first_said
from shelftalk.understand.model.loading import Matchers
from shelftalk.understand.model.matching import Offered, clauses_of, plain_order, spans_of
from shelftalk.understand.rules import bare_comparison, plainly_said, refused, says_kind, stems, tokenise
from shelftalk.values import Criterion, Facet, Facets, Intent, Scalar, Sort, Tokens
from shelftalk.words.stems import stem
from shelftalk.words.stop import FILLER, FUNCTION, STOP_WORDS, content_stems

__all__ = ["Wanted", "Wanting"]

# Kinds, words, the same without what the rules read as limits, and whether the kinds are certain.
_Text = tuple[tuple[str, ...], str, str, bool]
SAID = (
    0.2  # how near (cosine) the words beside the kind's name must stand: 99 in 100 of what is read right stand at .23
)
# How near a field stands to the request and its words to it, both cosines together, below which a wish is not believed. Of the dev split's
# 256 criteria, 158 right: 9 of the 30 named values below, 4 of the 18 numbers.
LEAST_NAMED, LEAST_NUMBER = 0.83, 0.75
ASKED_NEAR = 0.45  # how near a field must stand to a question about products shown to answer it
SAYS_LITTLE = 4  # letters
MOST_TURNS = 4  # earlier turns whose wishes still count
MOST_CRITERIA = 6
MOST_PLAIN = 14  # fields shown where no matcher orders them
MOST_KEPT = 128  # texts whose wishes are remembered
_WORD = re.compile(r"[^\W\d_]+")
_WEIGHS = r"(?:\b(?:i|he|she|we|they)(?:['\u2019](?:m|s|re))?\b(?: \w+){0,3}? )?"  # "I weigh about" before "70 kilos"
_DULL = STOP_WORDS - {"not", "no", "without", "nothing", "never", "too", "less", "more"}
_PLAIN = re.compile(
    r"\bnothing (?:too |very |so )?(?:fancy|special|crazy|particular|extraordinary)\b", re.IGNORECASE
)  # asks for nothing
# What a limit is said of: the verb of "that carries at least 150 kg" is no wish besides.
_SAID_OF = (
    r"(?:\b(?:(?:that|which|who|it|must|should|can|could|will|to|has|have|needs?) )+\w+ "
    r"(?:(?:at|up|no|more|less|than|least|most|to|under|over|about|around|a|the|of|max|min|maximum|minimum) )*)?"
)
_NO_END = frozenset({"without", "not", "no", "too"})  # what a span of words does not end with


@dataclass(frozen=True, slots=True)
class Wanted:
    """The intent with criteria, kinds and what no field answers; `chosen` says that the model chose the kinds."""

    intent: Intent
    tokens: Tokens = Tokens()
    prompt: str | None = None
    chosen: bool = False


class Wanting:
    """Reads wishes and needs. `search` offers kinds; the engine is loaded when it is first asked, and where there is none (None) the
    encoders read alone."""

    def __init__(
        self,
        facets: Facets,
        engine: Callable[[], Engine] | None,
        prompts: PromptLibrary,
        search: KindSearch,
        matchers: Callable[[], Matchers | None] | None = None,
        held: Callable[[Sequence[str]], Mapping[str, tuple[Scalar, ...]]] | None = None,
        titled: Callable[[str], bool] | None = None,
    ) -> None:
        self._matchers, self._held = matchers, held
        self._facets, self._engine, self._wishes = facets, engine, prompts.get("understand/wishes")
        self._ref = None if engine is None else self._wishes.ref
        self._chooser = KindChooser(facets, engine, prompts.get("understand/kinds"), search, matchers, titled)
        self._kept: dict[_Text, Wishes] = {}
        facet = facets.get("categories")
        self._known = {str(v).lower(): str(v) for v, _ in facet.values} if facet else {}

    @property
    def able(self) -> bool:
        """Whether there is anything to read with: the language model, or encoders that are loaded."""
        return self._engine is not None or (self._matchers is not None and self._matchers() is not None)

    def read(self, asked: Sequence[Asked]) -> list[Wanted]:
        """One Wanted a request, in order; the model is asked for all kinds in one batch, then for all wishes in one."""
        asked = [self._chooser.freed(one) for one in asked]
        chosen = self._chooser.choose(asked)
        texts: list[tuple[int, str, frozenset[str]]] = []
        for n, one in enumerate(asked):
            said = (*one.earlier, one.request)
            without = one.without or (frozenset(),) * len(said)
            counted = [*zip(said, without, strict=True)][-MOST_TURNS - 1 :]
            texts += [(n, text, gone) for text, gone in counted if self._says_more(text, one.intent, one.asides)]
        wishes = self._read(
            [
                (
                    chosen[n].kinds,
                    text,
                    _unlimited(text, asked[n], self._told_of_many(asked[n].intent.kind, chosen[n].kinds)),
                    self._chooser.certain(asked[n].intent),
                )
                for n, text, _ in texts
            ]
        )
        found: list[list[Wishes]] = [[] for _ in asked]
        for (n, _, gone), wish in zip(texts, wishes, strict=True):
            found[n].append(_left(wish, gone))
        out = []
        for one, its, mine in zip(asked, chosen, found, strict=True):
            tokens = sum((w.tokens for w in mine), its.tokens)
            told = [self._of_all(its.kinds, wishes) for wishes in mine] if its.need else mine
            read = replace(one.intent, kind=its.kinds[0]) if its.met else one.intent
            if its.need and its.binding and len(its.kinds) == 1:
                read = replace(read, criteria=(*read.criteria, *self._spoken_of(one, its.kinds)))
            intent = _joined(read, its.kinds if its.binding and not one.intent.named_kinds else (), told)
            out.append(Wanted(intent, tokens, self._ref if mine or its.several else None, its.several))
        return out

    def leaves(self, turn: str, before: Intent, first: str) -> bool:
        """Whether a later turn tells of a need that the kinds wanted so far do not answer."""
        return self._chooser.leaves(turn, before, first)

    def asked_of(self, text: str, kinds: tuple[str, ...]) -> tuple[Criterion, ...]:
        """The wishes that the encoders alone read in what is asked of products of these kinds; () without them."""
        if self._matchers is None or self._matchers() is None or not text:
            return ()
        question = WishRequest(text, kinds, self._offered(kinds, text), FLOOR, self._clauses(kinds, text))
        near = {o.facet.field: o.score for o in question.fields}
        wishes = self._worded(question, text, read_as_offered(question)).criteria
        # little or much of something may be read into anything
        return tuple(c for c in wishes if c.want not in ("low", "high") or near.get(c.field, 1.0) >= ASKED_NEAR)

    def order_asked(self, question: str, kinds: tuple[str, ...], held: Callable[[Facet], bool]) -> Sort | None:
        """The order that "which of these uses least power?" asks for: by the number that stands nearest to the question, of the fields
        that the products asked about hold; None where another field stands clearly nearer: which one "packs smallest" no weight tells
        where a field says whether they pack."""
        matchers = self._matchers() if self._matchers is not None else None
        fields = [f for f in self._fields(kinds, question) if held(f)]
        near = matchers.fields.offer(kinds, question, fields) if matchers and fields else []
        first = next((o for o in near if o.facet.kind in ("money", "number")), None)
        if first is None or first.score < ASKED_NEAR or near[0].score - first.score > CLOSE:
            return None
        return Sort(first.facet.field, "asc" if first.ways[0] == "low" else "desc", question)

    def _read(self, texts: Sequence[_Text]) -> list[Wishes]:
        """The wishes in each text over the fields of its kinds; what was read a moment ago is not read again."""
        known = {t: replace(self._kept[t], tokens=Tokens()) for t in texts if t in self._kept}
        new = list(dict.fromkeys(t for t in texts if t not in known))
        told: list[Wishes] = []
        fresh: dict[_Text, Wishes] = {}
        if new:
            questions = [
                WishRequest(
                    text,
                    kinds,
                    self._offered(kinds, left),
                    floor_of(text, certain),
                    self._clauses(kinds, left) if certain else (),
                )
                for kinds, text, left, certain in new
            ]
            read = WishReader(self._engine and self._engine(), self._wishes).read(questions)
            read = [
                self._worded(question, left, wishes)
                for question, (_, _, left, _), wishes in zip(questions, new, read, strict=True)
            ]
            fresh = dict(zip(new, read, strict=True))
            self._kept = dict([*self._kept.items(), *fresh.items()][-MOST_KEPT:])
        for text in texts:
            told.append(fresh.pop(text) if text in fresh else known[text])
            known[text] = replace(told[-1], tokens=Tokens())
        return told

    def _worded(self, question: WishRequest, text: str, wishes: Wishes) -> Wishes:
        """The criteria with the words of the request that stand nearest to each, as the encoder finds them; what only the name of the
        kind stands near to is no wish ("a red rain jacket" wants no water column), nor is what neither the request nor any of its
        words stand near to ("ideally" wants no bed blanket)."""
        kinds = question.kinds
        matchers = self._matchers() if self._matchers is not None and wishes.criteria else None
        if matchers is None:
            return wishes
        wanted = [
            (facet, c.want if c.value is None else c.value)
            for c in wishes.criteria
            if (facet := self._facets.get(c.field)) is not None
        ]
        named = {stem(w.lower()) for kind in kinds for w in _WORD.findall(kind)}
        dull = _DULL | {w.lower() for w in _WORD.findall(text) if stem(w.lower()) in named}
        spans = spans_of(text, dull, _NO_END)
        said = matchers.fields.said(kinds, spans, wanted)
        words = {
            facet.field: (_told(found, text), near) for (facet, _), (found, near) in zip(wanted, said, strict=True)
        }
        near = {o.facet.field: o.score for o in question.fields}
        for _, offered in question.clauses:
            near[offered.facet.field] = max(offered.score, near.get(offered.facet.field, 0.0))
        far = [
            c for c in wishes.criteria if c.field in words and words[c.field][1] + near.get(c.field, 1.0) < _least(c)
        ]
        kept = [c for c in wishes.criteria if c not in far and (c.field not in words or words[c.field][1] >= SAID)]
        kept = [replace(c, words=words.get(c.field, ("",))[0] or _trimmed(c.words)) for c in kept]
        kept = [self._apart(kinds, c, [o.words for o in kept if o is not c], matchers) for c in kept]
        read = [(c, refused(plainly_said(c, text, kinds), text)) for c in kept]
        read = [(c, None if mine is None else proof(mine, text)) for c, mine in read]
        lost = tuple(c.words for c, mine in read if mine is None)
        lost += tuple(w for c in far if _tells(w := words[c.field][0]))
        return replace(
            wishes,
            criteria=tuple(mine for _, mine in read if mine is not None),
            unanswered=tuple(dict.fromkeys((*wishes.unanswered, *lost))),
        )

    def _apart(self, kinds: tuple[str, ...], c: Criterion, others: Sequence[str], matchers: Matchers) -> Criterion:
        """The criterion by the words that are its own: where another one is read from part of them ("light" of "light waterproof"), the
        rest of them says which way of a number is wanted."""
        facet = self._facets.get(c.field)
        inner = max((o for o in others if o and o != c.words and f" {o} " in f" {c.words} "), key=len, default="")
        own = f" {c.words} ".replace(f" {inner} ", " ").strip() if inner else ""
        if not own or facet is None or c.want not in ("low", "high"):
            return c
        way = matchers.fields.offer(kinds, own, [facet], 1)[0].ways[0]
        return replace(c, want="low" if way == "low" else "high", words=own)

    def _offered(self, kinds: tuple[str, ...], text: str) -> tuple[Offered, ...]:
        """The fields to show for a text: the nearest by the matcher, else the first as they come."""
        fields = self._fields(kinds, text)
        matchers = self._matchers() if self._matchers is not None else None
        return tuple(matchers.fields.offer(kinds, text, fields) if matchers else plain_order(fields, MOST_PLAIN))

    def _clauses(self, kinds: tuple[str, ...], text: str) -> tuple[tuple[str, Offered], ...]:
        """The clauses of a text that has several, each with the field nearest to it; () without a matcher."""
        matchers = self._matchers() if self._matchers is not None else None
        clauses = clauses_of(text) if matchers else []
        if matchers is None or len(clauses) < 2:
            return ()
        fields = self._fields(kinds, text)
        return tuple((c, near[0]) for c in clauses if (near := matchers.fields.offer(kinds, c, fields, 1)))

    def _fields(self, kinds: tuple[str, ...], text: str) -> list[Facet]:
        fields = list(question_fields(self._facets, kinds, text))
        if self._held is not None and kinds and (held := self._held(kinds)):
            fields = [
                _of_kind(f, held) for f in fields if f.field in ("price", "rating") or shown_name(f.field) in held
            ]
        return fields

    def _told_of_many(self, name: str, kinds: tuple[str, ...]) -> str:
        """The name of the thing asked for where it ends several values of a field of these kinds, and so tells none of them from
        the others: the "machine" of espresso machine and filter machine; else ""."""
        if not name:
            return ""
        values = ([str(v).lower().split()[-1:] for v, _ in f.values] for f in self._fields(kinds, name))
        return name if any(held.count(name.split()[-1:]) > 1 for held in values) else ""

    def _of_all(self, kinds: tuple[str, ...], wishes: Wishes) -> Wishes:
        """For a need, the criteria over fields of most kinds that help; a wish read for one of them alone would decide between them."""
        kept = tuple(c for c in wishes.criteria if 2 * sum(self._carries(c.field, kind) for kind in kinds) > len(kinds))
        lost = tuple(c.words for c in wishes.criteria if c not in kept and c.words)
        return replace(wishes, criteria=kept, unanswered=(*wishes.unanswered, *lost))

    def _spoken_of(self, one: Asked, kinds: tuple[str, ...]) -> list[Criterion]:
        """The values of a field such as "kind" that a need speaks of, for the one kind of product that helps: the toys of what dogs
        need where "he chews through every toy"."""
        said = {stem(w.lower()): w for w in _WORD.findall(first_said(one))}
        limited = {c.field for c in one.intent.constraints} | {c.field for c in one.intent.criteria}
        out = []
        for facet in self._fields(kinds, one.request):
            if facet.field == "categories" or facet.field in limited or not says_kind(facet.field):
                continue
            named = [str(v) for v, _ in facet.values if len(stems(str(v))) == 1 and stems(str(v))[0] in said]
            if len(named) == 1:
                out.append(Criterion(facet.field, "is", named[0], words=said[stems(named[0])[0]]))
        return out

    def _carries(self, field: str, kind: str) -> bool:
        facet = self._facets.get(field)
        return facet is None or not facet.categories or kind in facet.categories

    def forget(self) -> None:
        """Read everything anew from now on (for measuring)."""
        self._kept.clear()

    def _says_more(self, text: str, intent: Intent, asides: Sequence[str] = ()) -> bool:
        """Whether words are left that a wish could stand in, once the words of limits, of the kind and of grammar are gone."""
        spans = [*asides, *(part for c in intent.constraints for part in (c.span, c.field))]
        spans += [intent.sort.span] if intent.sort else []
        spans += self._words_of(intent) if intent.named_kinds else [intent.kind]
        read = {stem(w.lower()) for span in spans for w in _WORD.findall(span)}
        return any(
            len(w) > 2 and w.lower() not in FUNCTION and w.lower() not in FILLER and stem(w.lower()) not in read
            for w in _WORD.findall(text)
        )

    def _words_of(self, intent: Intent) -> tuple[str, ...]:
        return tuple(self._known.get(str(v).lower(), "") for c in intent.constraints if c.field == "categories" for v in (c.value if isinstance(c.value, tuple) else (c.value,)))  # fmt: skip


def _least(criterion: Criterion) -> float:
    return LEAST_NUMBER if criterion.want in ("low", "high") else LEAST_NAMED


def _tells(words: str) -> bool:
    """Whether words hold one that is not of grammar: "aren't" tells of no wish."""
    return any(not said.endswith("n't") for _, said in content_stems(words))


def _trimmed(words: str) -> str:
    """The words without those of grammar at their ends: "light tent" of "light tent for"."""
    said = words.split()
    while said and said[-1].lower() in FUNCTION | _NO_END:
        said.pop()
    while said and said[0].lower() in _DULL:
        said.pop(0)
    return " ".join(said) or words


def _told(words: str, text: str) -> str:
    """The words, or the whole clause around them where they say too little alone ("put" of "that I can put up on my own")."""
    if len(words) >= SAYS_LITTLE or not words:
        return words
    return next((_trimmed(c) for c in clauses_of(text) if re.search(rf"(?<!\w){re.escape(words)}(?!\w)", c)), words)


def _unlimited(text: str, asked: Asked, name: str = "") -> str:
    """The text without the words of limits, which are no wishes ("a light jacket" of "a light jacket under 150, not in black"), and
    without what tells of somebody's body ("I weigh 70 kilos"), of a thing that the shop has not, or of the kind alone (`name`)."""
    left = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", ";", text, count=1, flags=re.IGNORECASE) if name else text
    left = _PLAIN.sub(";", left)
    for said in asked.asides:
        left = re.sub(rf"{_WEIGHS}(?<!\w){re.escape(said)}(?!\w)", ";", left, flags=re.IGNORECASE)
    for c in asked.intent.constraints:
        if c.field != "categories" and len(c.span) > 2:
            spans = (c.span, *(s for s in c.span.split(", ") if len(s) > 2))  # "white, black" of "white or black"
            for span in spans:
                verb = _SAID_OF if isinstance(c.value, (int, float)) and not isinstance(c.value, bool) else ""
                left = re.sub(rf"{verb}(?<!\w){re.escape(span)}(?!\w)", ";", left, flags=re.IGNORECASE)
    clauses = [" ".join(part.split()) for part in re.split(r"[,;]", left)]
    left = ", ".join(c for c in clauses if any(w.lower() not in FUNCTION for w in _WORD.findall(c)))
    return left or text


def floor_of(text: str, certain: bool) -> float:
    """How near a field must stand to a text to be believed: one word that compares says little, and where no kind is certain what is
    told may be a need."""
    return READ if bare_comparison(tokenise(text)) else FLOOR if certain else NEED_FLOOR


def _left(wishes: Wishes, gone: frozenset[str]) -> Wishes:
    """The wishes of a turn without those on fields, or told by words (stems), that were taken back since."""
    if not gone:
        return wishes
    kept = tuple(c for c in wishes.criteria if c.field not in gone and not gone & set(stems(c.words)))
    return replace(wishes, criteria=kept, unanswered=tuple(u for u in wishes.unanswered if not gone & set(stems(u))))


def _of_kind(facet: Facet, held: Mapping[str, tuple[Scalar, ...]]) -> Facet:
    """The facet with the values that products of the kinds hold."""
    values = held.get(shown_name(facet.field))
    if values is None or facet.kind in ("money", "number", "boolean"):
        return facet
    known = {str(v).lower(): v for v, _ in facet.values}
    mine = tuple((known[str(v).lower()], 1) for v in values if str(v).lower() in known)
    return replace(facet, values=mine or facet.values)


def _joined(intent: Intent, kinds: tuple[str, ...], read: Sequence[Wishes]) -> Intent:
    """The intent with what was read, the latest turn first: a field wanted anew replaces the earlier wish for it."""
    criteria: list[Criterion] = list(intent.criteria)
    unanswered: list[str] = []
    for wishes in reversed(read):
        for criterion in wishes.criteria:
            if said_in(criterion, intent) or any(c.field == criterion.field for c in criteria):
                continue
            criteria.append(criterion)
        unanswered += [w for w in wishes.unanswered if w not in unanswered]
    criteria.sort(key=lambda c: -c.importance)
    held = " ".join(c.words.lower() for c in criteria)
    limited = [c.span.lower() for c in intent.constraints if len(c.span) > 2]
    left = tuple(w for w in unanswered if w.lower() not in held and not any(s in w.lower() for s in limited))
    # what a criterion says is no soft word besides; it stays among the words to search for
    soft = tuple(p for p in intent.preferences if p.lower() not in held or p.lower() not in intent.query.lower())
    return replace(
        intent,
        criteria=tuple(criteria[:MOST_CRITERIA]),
        unanswered=left[:4],
        kinds=intent.kinds or kinds,
        preferences=soft,
    )
