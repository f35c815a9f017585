"""Which kinds of product are in question: named by a limit, found by the search, or chosen for a need that names none.

"the milk goes off before I am home" names no product. All kinds of the catalogue are ordered by how near the need is to them
(`matching.KindMatcher`), and the language model reads which of the nearest help (`needs.NeedReader`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from shelftalk.catalog.facets import unit
from shelftalk.engines.base import Engine
from shelftalk.prompts.library import Template
from shelftalk.understand.model.loading import Matchers
from shelftalk.understand.model.matching import plain
from shelftalk.understand.model.needs import MOST_KINDS, NeedReader
from shelftalk.understand.rules import stems
from shelftalk.values import Constraint, Facets, Intent, Scalar, Tokens
from shelftalk.words.stems import stem
from shelftalk.words.stop import FUNCTION

__all__ = ["Asked", "Chosen", "KindChooser", "KindSearch", "helping_kinds"]

# (kind, its share of what the search finds first), the largest share first; [] where products have no categories.
KindSearch = Callable[[Intent, str], Sequence[tuple[str, float]]]

CLEAR = 0.8  # a kind with this share of what is found first is what is meant, where the need is as near to it as to any
AS_NEAR = 0.03  # cosines that differ by less are alike
APART = 0.05  # how far behind the nearest kind another one may stand
# How near a kind must stand to a need to help with it ("my back hurts from sitting all day" stands at .62 to office chairs in the
# demo's shop; a name of what the shop does not sell, "a piano", may stand as near), and from where `TOLD` is enough.
# How likely the request must tell of a need for the kind to count as what was asked for, and (`BOUND`) for the answer to be held to
# the kinds: esci train (50 queries) then reaches nDCG@10 .579, with rules alone .576, held to guessed kinds always .492; of the
# needs of dev .916 are told so surely.
MET, NEAR = 0.3, 0.45
TOLD, BOUND = 0.5, 0.8
# How much nearer to another kind a later turn stands that leaves the kinds wanted so far, and how much nearer than to all others a need
# stands to a kind that is held to where `TOLD`.
FAR = 0.2
SAYS = 4  # words of a request that may tell of a need though none is left to search for
# How much nearer to another kind a request stands that only names this one in passing, and where it surely tells of a need.
PASSING, PASSING_NEED = 0.15, 0.08
_WORD = re.compile(r"[^\W\d_]+")
BESIDE = 0.05  # how much nearer a kind must stand to a need than those that a value belongs to


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the rules read it: its text, the texts of earlier turns that still count, the intent, and words that tell
    of no wish: somebody's weight, a thing that the shop has not. `without` holds, for each earlier turn and the last one, the fields and
    the stems of words that were taken back since."""

    request: str
    earlier: tuple[str, ...]
    intent: Intent
    asides: tuple[str, ...] = ()
    without: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The kinds for a request, likeliest first; `need` says that it names none, `met` that the first one is near to what it
    tells, `binding` that the answer is held to them, `tokens` what the model's choice cost."""

    kinds: tuple[str, ...] = ()
    need: bool = False
    tokens: Tokens = Tokens()
    met: bool = False
    binding: bool = True

    @property
    def several(self) -> bool:
        """Whether more than one kind was chosen for a need."""
        return self.need and len(self.kinds) > 1


class KindChooser:
    """Chooses kinds; the model is asked where several stand near a need. `search` says what is found, `matchers` how near a need is
    to a kind, `titled` whether a text is the title of a product; the engine loads when first asked; where there is
    none (None), the nearest come in their order."""

    def __init__(
        self,
        facets: Facets,
        engine: Callable[[], Engine] | None,
        template: Template,
        search: KindSearch,
        matchers: Callable[[], Matchers | None] | None = None,
        titled: Callable[[str], bool] | None = None,
    ) -> None:
        self._facets, self._engine, self._template, self._search = facets, engine, template, search
        self._matchers = matchers or (lambda: None)
        self._titled = titled or (lambda text: False)
        facet = facets.get("categories")
        # Where all categories are listed, those that stand last in a path; else none, and the search offers some.
        self._kinds = facet.categories if facet else ()
        self._categories = tuple(str(v) for v, _ in facet.values) if facet else ()

    def certain(self, intent: Intent) -> bool:
        """Whether no kind needs to be guessed: a limit names it, or the catalogue has but one."""
        return bool(intent.named_kinds) or len(self._kinds) == 1

    def choose(self, asked: Sequence[Asked]) -> list[Chosen]:
        """One Chosen a request, in order; the model is asked for all of them in one batch."""
        out: list[Chosen] = []
        needs: list[tuple[int, list[tuple[str, float]]]] = []
        for n, one in enumerate(asked):
            if named := one.intent.named_kinds:
                out.append(Chosen(named))
                continue
            shares = list(self._search(one.intent, " ".join((*one.earlier, one.request))))
            out.append(Chosen(tuple(k for k, _ in shares[:1])))
            if shares and (one.intent.query.strip() or len(one.request.split()) >= SAYS):
                near = self._near(one, dict(shares))
                told = self._told(one) if near[0][1] >= MET else 0.0
                alone = near[0][1] >= NEAR and near[0][1] - max((score for _, score in near[1:]), default=0.0) >= FAR
                # a request that may name what the shop sells is not held to the kinds that stand nearest to it
                bound = told >= (TOLD if alone else BOUND)
                binding = bound or self.certain(one.intent) or self._matchers() is None
                met = told >= (BOUND if near[0][1] < NEAR else TOLD)
                out[n] = replace(out[n], met=met, binding=binding)
                if shares[0][1] < CLEAR or dict(near).get(shares[0][0], 0.0) < near[0][1] - AS_NEAR:
                    front = helping_kinds(near, ())
                    out[n] = replace(out[n], kinds=front, need=True)
                    if len(front) > 1:
                        needs.append((n, near))
        if needs and self._engine is not None:
            reader = NeedReader(self._engine(), self._template)
            texts = [(first_said(asked[n]), [k for k, _ in near[:MOST_KINDS]]) for n, near in needs]
            for (n, near), helping in zip(needs, reader.choose(texts), strict=True):
                out[n] = replace(out[n], kinds=helping_kinds(near, helping.kinds), tokens=helping.tokens)
        return out

    def leaves(self, turn: str, before: Intent, first: str) -> bool:
        """Whether a later turn tells of a need of its own, which the kinds wanted so far do not answer: its words name another kind
        ("my coffee is always cold" after blankets), or it stands far nearer to another. `first` is what the topic began with."""
        matchers = self._matchers() if len(self._kinds) > 1 and len(turn.split()) >= SAYS else None
        if matchers is None or (matchers.kinds.tells(turn) or 0.0) < BOUND:
            return False
        began = first or before.query
        held = before.named_kinds or (helping_kinds(matchers.kinds.order(began, self._kinds), ()) if began else ())
        if not held:
            return False
        near = matchers.kinds.order(turn, self._kinds)
        own = max((score for kind, score in near if kind in held), default=0.0)
        if near[0][1] >= NEAR and near[0][1] - own >= FAR:
            return True
        words, mine = set(stems(turn)), {s for kind in held for s in stems(kind)}
        return any(words & set(stems(kind)) - mine - FUNCTION for kind in self._kinds if kind not in held)

    def _near(self, one: Asked, shares: Mapping[str, float]) -> list[tuple[str, float]]:
        """The kinds by how near the need is to their names; without a matcher as the search finds them."""
        matchers = self._matchers()
        if matchers is None:
            return list(shares.items())
        return matchers.kinds.order(first_said(one), [*shares, *self._kinds])

    def _told(self, one: Asked) -> float:
        """How likely the request tells of a need, as far as is known; the title of what the shop sells does not."""
        matchers = self._matchers()
        told = matchers.kinds.tells(first_said(one)) if matchers else None
        return 1.0 if told is None else 0.0 if told >= TOLD and self._titled(one.request) else told

    def freed(self, one: Asked) -> Asked:
        """The request without limits whose words only tell of the need: a value of other kinds than the need is nearest to ("hike"
        is no backpack's use in "something to charge my phone on a hike", "two people who love to cook" want no tent for
        two), a kind that is named in passing ("muddy paws all over the white sofa")."""
        intent = self._without_passing(one)
        doubtful = [] if intent.named_kinds else [c for c in intent.constraints if self._of_few(c)]
        matchers = self._matchers() if doubtful else None
        if matchers is not None:
            near = matchers.kinds.order(first_said(one), list(self._kinds or self._categories))
            score = dict(near)
            lost = []
            for c in doubtful:
                facet = self._facets.get(c.field)
                its = max((score[k] for k in (facet.categories if facet else ()) if k in score), default=0.0)
                if near[0][1] - its > BESIDE:
                    lost.append(c)
            sort = None if intent.sort and intent.sort.field in {c.field for c in lost} else intent.sort
            intent = replace(intent, constraints=tuple(c for c in intent.constraints if c not in lost), sort=sort)
        return one if intent is one.intent else replace(one, intent=intent)

    def _without_passing(self, one: Asked) -> Intent:
        """The intent without a limit on the kind whose words stand in a text that is clearly nearer to another kind."""
        limits = [c for c in one.intent.constraints if c.field == "categories" and c.operator == "=" and c.span]
        said = [t for t in (one.request, *one.earlier) if limits and limits[0].span.lower() in t.lower()]
        kind = str(limits[0].value) if limits else ""
        matchers = self._matchers() if len(limits) == 1 and said and kind in self._kinds else None
        if matchers is None:
            return one.intent
        near = matchers.kinds.order(said[0], self._kinds)
        passing = PASSING_NEED if self._told(one) >= BOUND else PASSING
        if near[0][1] - dict(near)[kind] <= passing:
            return one.intent
        constraints = tuple(c for c in one.intent.constraints if c is not limits[0])
        return replace(one.intent, constraints=constraints, kind="")

    def _of_few(self, c: Constraint) -> bool:
        """Whether the limit is on a field that only products of some kinds carry, and that its words do not name; a measure or a model
        that a value says ("3/4 in") is what it is."""
        facet = self._facets.get(c.field)
        if facet is None or not facet.categories or c.field in ("categories", "brand", "price"):
            return False
        if facet.kind in ("text", "list") and any(re.search(r"\d", str(v)) for v in _values(c)):
            return False
        said = {stem(w) for w in _WORD.findall(c.span.lower())}
        name = plain(c.field).lower()
        return not said & {stem(w) for w in _WORD.findall(name.removesuffix(unit(c.field) or "")) if len(w) > 2}


def _values(c: Constraint) -> tuple[Scalar, ...]:
    return c.value if isinstance(c.value, tuple) else (c.value,)


def first_said(one: Asked) -> str:
    """The text that tells of the need: the first one of the topic."""
    return one.earlier[0] if one.earlier else one.request


def helping_kinds(near: Sequence[tuple[str, float]], read: Sequence[str]) -> tuple[str, ...]:
    """The kinds for a need, at most three: the nearest, then those that the model reads among the first five, then what stands
    nearly as near as the nearest. A request that names its product has one kind that stands alone."""
    if not near:
        return ()
    best = near[0][1]
    front = [k for k, score in near[:5] if score >= best - APART]
    return tuple(dict.fromkeys((near[0][0], *(k for k in read if k in front), *front)))[:3]
