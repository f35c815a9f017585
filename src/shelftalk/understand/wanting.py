"""What the shopper wants beyond limits, read by the language model: kinds of product in question, then criteria over their fields.

Rules have read limits before this. Kinds come from a limit on the category where one was read, from the search where what it
finds is nearly all of one kind, else from the model's choice among the kinds that the search offers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from shelftalk.engines.base import Engine
from shelftalk.prompts.library import PromptLibrary
from shelftalk.understand.criteria import (
    FLOOR,
    NEED_FLOOR,
    Question,
    Wishes,
    WishReader,
    question_fields,
    said_in,
    shown_name,
)
from shelftalk.understand.lexicon import FILLER, FUNCTION
from shelftalk.understand.matching import Matchers, Offered, plain_order, spans_of
from shelftalk.understand.needs import MOST_KINDS, NeedReader
from shelftalk.understand.tokens import stem
from shelftalk.values import Constraint, Criterion, Facet, Facets, Intent, Scalar, Tokens

__all__ = ["KindSearch", "Wanted", "Wanting"]

# (kind, its share of what the search finds first), the largest share first; [] where products have no categories.
KindSearch = Callable[[Intent, str], Sequence[tuple[str, float]]]

# Kinds, words, the same without what the rules read as limits, and whether the kinds are certain.
_Text = tuple[tuple[str, ...], str, str, bool]
CLEAR = 0.8  # a kind with this share of what is found first is what is meant
MOST_TURNS = 4  # earlier turns whose wishes still count
MOST_CRITERIA = 6
# What a kind's share of what is found adds to its nearness, and how far behind the nearest another may stand.
SHARE, APART = 0.5, 0.12
MOST_PLAIN = 14  # fields shown where no matcher orders them
MOST_KEPT = 128  # texts whose wishes are remembered
BESIDE = 0.05  # how much nearer a kind must stand to a need than those that a value belongs to
_WORD = re.compile(r"[^\W\d_]+")
_DULL = FUNCTION - {"not", "no", "without", "nothing", "never", "too", "less", "more"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The intent with criteria, kinds and what no field answers; `chosen` says that the model chose the kinds."""

    intent: Intent
    tokens: Tokens = Tokens()
    prompt: str | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the rules read it: its text, the texts of earlier turns that still count, and the intent."""

    request: str
    earlier: tuple[str, ...]
    intent: Intent


class Wanting:
    """Reads wishes and needs. `search` offers kinds; the engine is loaded when it is first asked."""

    def __init__(
        self,
        facets: Facets,
        engine: Callable[[], Engine],
        prompts: PromptLibrary,
        search: KindSearch,
        matchers: Callable[[], Matchers | None] | None = None,
        held: Callable[[Sequence[str]], Mapping[str, tuple[Scalar, ...]]] | None = None,
    ) -> None:
        self._matchers, self._held = matchers, held
        self._facets, self._engine, self._search = facets, engine, search
        self._wishes, self._kinds = prompts.get("understand/wishes"), prompts.get("understand/kinds")
        self._kept: dict[_Text, Wishes] = {}
        facet = facets.get("categories")
        self._known = {str(v).lower(): str(v) for v, _ in facet.values} if facet else {}

    def read(self, asked: Sequence[Asked]) -> list[Wanted]:
        """One Wanted a request, in order; the model is asked for all kinds in one batch, then for all wishes in one."""
        asked = [self._freed(one) for one in asked]
        kinds, chosen, spent, needs = self._kinds_of(asked)
        texts: list[tuple[int, str]] = []
        for n, one in enumerate(asked):
            texts += [
                (n, text) for text in (*one.earlier[-MOST_TURNS:], one.request) if self._says_more(text, one.intent)
            ]
        wishes = self._read([(kinds[n], text, _unlimited(text, asked[n].intent), n not in needs) for n, text in texts])
        found: list[list[Wishes]] = [[] for _ in asked]
        for (n, _), wish in zip(texts, wishes, strict=True):
            found[n].append(wish)
        out = []
        for n, one in enumerate(asked):
            tokens = sum((w.tokens for w in found[n]), spent[n])
            asked_model = bool(found[n]) or chosen[n]
            mine = found[n] if n not in needs else [self._of_all(kinds[n], wishes) for wishes in found[n]]
            intent = _joined(one.intent, kinds[n] if not _named(one.intent) else (), mine)
            out.append(Wanted(intent, tokens, self._wishes.ref if asked_model else None, chosen[n]))
        return out

    def _kinds_of(self, asked: Sequence[Asked]) -> tuple[list[tuple[str, ...]], list[bool], list[Tokens], set[int]]:
        """By request: the kinds, whether several were chosen, what that cost; and the requests that are needs, where the kinds
        are neither named nor nearly all that the search finds."""
        kinds: list[tuple[str, ...]] = []
        open_: list[tuple[int, list[tuple[str, float]]]] = []
        for n, one in enumerate(asked):
            named = _named(one.intent)
            if named:
                kinds.append(named)
                continue
            said = " ".join((*one.earlier, one.request))
            shares = list(self._search(one.intent, said))
            kinds.append(tuple(k for k, _ in shares[:1]))
            if shares and shares[0][1] < CLEAR and one.intent.query.strip():
                open_.append((n, self._near(one, dict(shares))))
        chosen, spent = [False] * len(asked), [Tokens()] * len(asked)
        if open_:
            reader = NeedReader(self._engine(), self._kinds)
            texts = [(_first_said(asked[n]), [k for k, _ in near[:MOST_KINDS]]) for n, near in open_]
            for (n, near), helping in zip(open_, reader.choose(texts), strict=True):
                spent[n] = helping.tokens
                kinds[n] = helping_kinds(near, helping.kinds) or kinds[n]
                chosen[n] = len(kinds[n]) > 1
        return kinds, chosen, spent, {n for n, _ in open_}

    def _near(self, one: Asked, shares: Mapping[str, float]) -> list[tuple[str, float]]:
        """The kinds that the search finds, by how near the need is to their names and by their share of what is found."""
        matchers = self._matchers() if self._matchers is not None else None
        if matchers is None:
            return list(shares.items())
        near = matchers.kinds.order(_first_said(one), list(shares))
        return sorted(((k, score + SHARE * shares[k]) for k, score in near), key=lambda k: -k[1])

    def _read(self, texts: Sequence[_Text]) -> list[Wishes]:
        """The wishes in each text over the fields of its kinds; what was read a moment ago is not read again."""
        known = {t: replace(self._kept[t], tokens=Tokens()) for t in texts if t in self._kept}
        new = list(dict.fromkeys(t for t in texts if t not in known))
        told: list[Wishes] = []
        fresh: dict[_Text, Wishes] = {}
        if new:
            questions = [
                Question(text, kinds, self._offered(kinds, left), FLOOR if certain else NEED_FLOOR)
                for kinds, text, left, certain in new
            ]
            read = WishReader(self._engine(), self._wishes).read(questions)
            read = [self._worded(kinds, left, wishes) for (kinds, _, left, _), wishes in zip(new, read, strict=True)]
            fresh = dict(zip(new, read, strict=True))
            self._kept = dict([*self._kept.items(), *fresh.items()][-MOST_KEPT:])
        for text in texts:
            told.append(fresh.pop(text) if text in fresh else known[text])
            known[text] = replace(told[-1], tokens=Tokens())
        return told

    def _worded(self, kinds: tuple[str, ...], text: str, wishes: Wishes) -> Wishes:
        """The criteria with the words of the request that stand nearest to each, as the encoder finds them."""
        matchers = self._matchers() if self._matchers is not None and wishes.criteria else None
        if matchers is None:
            return wishes
        wanted = [
            (facet, c.want if c.value is None else c.value)
            for c in wishes.criteria
            if (facet := self._facets.get(c.field)) is not None
        ]
        said = matchers.fields.said(kinds, spans_of(text, _DULL), wanted)
        words = {facet.field: found for (facet, _), found in zip(wanted, said, strict=True)}
        return replace(wishes, criteria=tuple(replace(c, words=words.get(c.field) or c.words) for c in wishes.criteria))

    def _freed(self, one: Asked) -> Asked:
        """The request without values that the rules took for a field of other kinds than the need is nearest to: "hike" is no
        backpack's use in "something to charge my phone on a hike"."""
        matchers = self._matchers() if self._matchers is not None and not _named(one.intent) else None
        doubtful = [c for c in one.intent.constraints if self._of_few(c)] if matchers is not None else []
        if matchers is None or not doubtful:
            return one
        near = matchers.kinds.order(_first_said(one), list(self._known.values()))
        score = dict(near)
        lost = []
        for c in doubtful:
            facet = self._facets.get(c.field)
            its = max((score[k] for k in (facet.categories if facet else ()) if k in score), default=0.0)
            if near[0][1] - its > BESIDE:
                lost.append(c)
        constraints = tuple(c for c in one.intent.constraints if c not in lost)
        return replace(one, intent=replace(one.intent, constraints=constraints)) if lost else one

    def _of_few(self, c: Constraint) -> bool:
        facet = self._facets.get(c.field)
        named = c.operator == "=" and isinstance(c.value, str) and c.field not in ("categories", "brand")
        return named and facet is not None and bool(facet.categories) and facet.kind in ("text", "list")

    def _offered(self, kinds: tuple[str, ...], text: str) -> tuple[Offered, ...]:
        """The fields to show for a text: the nearest by the matcher, else the first as they come."""
        fields = list(question_fields(self._facets, kinds, text))
        if self._held is not None and kinds and (held := self._held(kinds)):
            fields = [
                _of_kind(f, held) for f in fields if f.field in ("price", "rating") or shown_name(f.field) in held
            ]
        matchers = self._matchers() if self._matchers is not None else None
        return tuple(matchers.fields.offer(kinds, text, fields) if matchers else plain_order(fields, MOST_PLAIN))

    def _of_all(self, kinds: tuple[str, ...], wishes: Wishes) -> Wishes:
        """For a need, the criteria over fields of most kinds that help; a wish read for one of them alone would decide between them."""
        kept = tuple(c for c in wishes.criteria if 2 * sum(self._carries(c.field, kind) for kind in kinds) > len(kinds))
        lost = tuple(c.words for c in wishes.criteria if c not in kept and c.words)
        return replace(wishes, criteria=kept, unanswered=(*wishes.unanswered, *lost))

    def _carries(self, field: str, kind: str) -> bool:
        facet = self._facets.get(field)
        return facet is None or not facet.categories or kind in facet.categories

    def forget(self) -> None:
        """Read everything anew from now on (for measuring)."""
        self._kept.clear()

    def _says_more(self, text: str, intent: Intent) -> bool:
        """Whether words are left that a wish could stand in, once the words of limits, of the kind and of grammar are gone."""
        spans = [part for c in intent.constraints for part in (c.span, c.field)]
        spans += [intent.sort.span] if intent.sort else []
        spans += self._words_of(intent) if _named(intent) else [intent.kind]
        read = {stem(w.lower()) for span in spans for w in _WORD.findall(span)}
        return any(
            len(w) > 2 and w.lower() not in FUNCTION and w.lower() not in FILLER and stem(w.lower()) not in read
            for w in _WORD.findall(text)
        )

    def _words_of(self, intent: Intent) -> tuple[str, ...]:
        return tuple(self._known.get(str(v).lower(), "") for c in intent.constraints if c.field == "categories" for v in (c.value if isinstance(c.value, tuple) else (c.value,)))  # fmt: skip


def _unlimited(text: str, intent: Intent) -> str:
    """The text without the words of limits, which are no wishes: "a light jacket" of "a light jacket under 150, not in black"."""
    left = text
    for c in intent.constraints:
        if c.field != "categories" and len(c.span) > 2:
            left = re.sub(rf"(?<!\w){re.escape(c.span)}(?!\w)", ";", left, flags=re.IGNORECASE)
    clauses = [" ".join(part.split()) for part in re.split(r"[,;]", left)]
    left = ", ".join(c for c in clauses if any(w.lower() not in FUNCTION for w in _WORD.findall(c)))
    return left or text


def _first_said(one: Asked) -> str:
    return one.earlier[0] if one.earlier else one.request


def helping_kinds(near: Sequence[tuple[str, float]], read: Sequence[str]) -> tuple[str, ...]:
    """The kinds for a need, at most three: the nearest, then those that the model reads among the first five, then what stands
    nearly as near as the nearest. A request that names its product has one kind that stands alone."""
    if not near:
        return ()
    best = near[0][1]
    front = [k for k, score in near[:5] if score >= best - APART]
    return tuple(dict.fromkeys((near[0][0], *(k for k in read if k in front), *front)))[:3]


def _of_kind(facet: Facet, held: Mapping[str, tuple[Scalar, ...]]) -> Facet:
    """The facet with the values that products of the kinds hold."""
    values = held.get(shown_name(facet.field))
    if values is None or facet.kind in ("money", "number", "boolean"):
        return facet
    known = {str(v).lower(): v for v, _ in facet.values}
    mine = tuple((known[str(v).lower()], 1) for v in values if str(v).lower() in known)
    return replace(facet, values=mine or facet.values)


def _named(intent: Intent) -> tuple[str, ...]:
    """The categories that a limit names, and those given."""
    for c in intent.constraints:
        if c.field == "categories" and c.operator in ("=", "in"):
            return tuple(str(v) for v in (c.value if isinstance(c.value, tuple) else (c.value,)))
    return intent.kinds


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
    left = tuple(w for w in unanswered if w.lower() not in held)
    return replace(intent, criteria=tuple(criteria[:MOST_CRITERIA]), unanswered=left[:4], kinds=intent.kinds or kinds)
