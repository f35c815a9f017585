"""Whether a later turn speaks of something else than the one before: a product of its own, rather than a detail of the last."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from shelftalk.understand.reading import Shown
from shelftalk.understand.rules import (
    SOFT,
    Index,
    Text,
    bare_comparison,
    comparing,
    named_kind,
    names_kind,
    stems,
    tokenise,
)
from shelftalk.understand.turns import phrases as said
from shelftalk.values import Constraint, Intent, Product
from shelftalk.words.stems import stem
from shelftalk.words.stop import FILLER

_ADJECTIVE = re.compile(r"(?:able|ible|ful|less|ish|ous|ive|proof|free|ly|ed|est|like|sized|friendly)$")


def new_topic(
    text: Text,
    new: Intent,
    before: Intent,
    index: Index,
    picks: Sequence[Shown] = (),
    product: Callable[[str], Product | None] | None = None,
) -> bool:
    """Whether a turn, read alone as `new`, is no continuation of the intent `before`. `picks` are what was shown for that."""
    category = next((c for c in new.constraints if c.field == "categories"), None)
    if category is not None and category.operator in ("=", "in"):
        return category not in before.constraints
    if said.GOES_ON.match(text.low) or bare_comparison(text):
        return False
    held = {stem(w.lower()) for w in before.query.split()}
    nouns = {t.stem for t in text.tokens if t.stem in index.nouns}
    if nouns and not nouns & held and not said.STATES.match(text.low):
        return True
    if any(_of_another_category(c, before, index) for c in new.constraints):
        return True
    shown = {s for p in picks for s in _words(p, product)}
    if _another_kind(text, new, held, index, shown):
        return True
    if said.STARTS.match(text.low):
        return False
    if _bare_thing(text, new, held, index, shown):
        return True
    taken = {stem(w.low) for c in new.constraints for w in tokenise(c.span).tokens}
    content = [t for t in text.tokens if t.low not in FILLER and not t.numeric and t.stem not in taken]
    strange = [t for t in content if t.stem not in held and t.stem not in index.tokens]
    # words that are strange here but name no thing ("it must go up quickly") are a wish for what is spoken of
    return bool(said.FRESH.search(text.low) and strange)


def _of_another_category(limit: Constraint, before: Intent, index: Index) -> bool:
    """Whether the turn names a kind of product that the category wanted so far does not have: "espresso machine" after tents."""
    known, category = index.fields.get(limit.field), said.category_of(before)
    return known is not None and names_kind(known) and limit.operator in ("=", "in") and not known.carried(category)


def _another_kind(text: Text, intent: Intent, held: set[str], index: Index, shown: set[str]) -> bool:
    """Whether the turn asks for "a kettle under 5 euros" by a name that neither the earlier turns nor a field know."""
    found = said.A_THING.match(text.low)
    if found is None or said.ANAPHORA.search(text.low):
        return False
    kind = named_kind(text.low[found.start("thing") :], intent)
    return (
        bool(kind)
        and stem(kind.split()[-1]) not in shown
        and not any(
            s in held or s in index.by_word or w in said.VERSIONS or comparing(w)
            for w, s in ((w, stem(w)) for w in kind.split())
        )
    )


def _bare_thing(text: Text, intent: Intent, held: set[str], index: Index, shown: set[str]) -> bool:
    """Whether the turn is the bare name of a thing of which nothing so far speaks: "electric toothbrush"."""
    kind = named_kind(text.text, intent)
    if not kind or said.ANAPHORA.search(text.low) or said.STATES.match(text.low):
        return False
    head = kind.split()[-1]
    known = stem(head) in held or stem(head) in index.tokens or stem(head) in index.by_word
    if known or head in SOFT or head in FILLER or head in said.VERSIONS or _ADJECTIVE.search(head) or comparing(head):
        return False
    return stem(head) not in shown


def _words(pick: Shown, product: Callable[[str], Product | None] | None) -> set[str]:
    """The stems of what a product shown says of itself."""
    found = product(pick.id) if product else None
    texts = [pick.title]
    if found is not None:
        texts += [found.description or "", *found.categories, *(f"{k} {v}" for k, v in found.attributes.items())]
    return {s for text in texts for s in stems(text.replace("_", " "))}
