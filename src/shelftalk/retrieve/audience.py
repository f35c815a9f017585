"""Who a product is made for: a child's things come behind the rest unless the request speaks of a child."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shelftalk.retrieve.stock import placed
from shelftalk.values import Candidate, Intent, Product

# So many picks a shopper sees; a move behind them is not worth a note.
_SHOWN = 3
# The parts of a field's name by which it says for whom, and what it then says of children.
_FIELDS = frozenset({"gender", "audience", "sex", "age", "agegroup", "wearer"})
_CHILD = re.compile(
    r"\b(?:child(?:ren)?(?:'?s)?|kids?|junior|juniors|youth|toddlers?|bab(?:y|ies)|infants?|newborns?|boys?|girls?)\b",
    re.I,
)
_CHILDS = re.compile(
    r"\b(?:for (?:children|kids|toddlers)|(?:children|kid|toddler)(?:'s|s')|(?:kids?|junior|baby|toddler)(?! (?:blue|pink)))(?!\w)",
    re.I,
)
_ADULT = re.compile(r"\b(?:adults?|women|woman|men|man|ladies|unisex)\b", re.I)
# What a request says when a child is meant, beside the words above.
_ASKED = re.compile(
    r"\b(?:sons?|daughters?|nephews?|nieces?|grand(?:son|daughter|child|children|kids?)|school|kindergarten|nursery|"
    r"teen\w*|little one|\d+[- ]?(?:year|month)s?[- ]olds?|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"[- ]?(?:year|month)s?[- ]olds?)\b",
    re.I,
)


def for_children(product: Product) -> bool:
    """Whether a field such as gender or age_group, or its title, says that the product is for children and not for adults."""
    return _for(product, _CHILD) or (_CHILDS.search(product.title) is not None and not _for(product, _ADULT))


def _a_childs_kind(candidate: Candidate) -> bool:
    return _CHILD.search(" ".join(candidate.product.categories)) is not None


def _for(product: Product, whom: re.Pattern[str]) -> bool:
    return any(
        isinstance(value, str) and bool(_FIELDS & set(re.split(r"[\W_]+", name.lower()))) and bool(whom.search(value))
        for name, value in product.attributes.items()
    )


def grown_up_first(candidates: Sequence[Candidate], intent: Intent) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """The candidates with children's products behind the rest, and a note where that moved one.

    Nothing moves where the request speaks of a child or of an age, where a superlative orders the candidates, or where no
    candidate is marked as made for adults.
    """
    if intent.sort is not None:
        return tuple(candidates), ()
    said = " ".join((intent.query, *intent.preferences, *(c.span for c in intent.constraints)))
    if _CHILD.search(said) or _ASKED.search(said) or any(_speaks(c.field, c.value) for c in intent.constraints):
        return tuple(candidates), ()
    adults = any(_for(c.product, _ADULT) for c in candidates)  # of toys, say, none is: who else would they be for
    childs = [c for c in candidates if for_children(c.product)]
    if not adults and (2 * len(childs) >= len(candidates) or any(map(_a_childs_kind, candidates))):
        return tuple(candidates), ()
    theirs = {c.product.id for c in childs}
    others = [c for c in candidates if c.product.id not in theirs]
    if not childs or not others or [*others, *childs] == list(candidates):
        return tuple(candidates), ()
    would_have_shown = any(c.product.id in theirs for c in candidates[:_SHOWN])
    note = ("What is made for children comes last, since no child was spoken of.",) if would_have_shown else ()
    return placed([(c.product, c.scores) for c in (*others, *childs)]), note


def _speaks(field: str, value: object) -> bool:
    parts = set(re.split(r"[\W_]+", field.lower()))
    return bool(_FIELDS & parts) and not isinstance(value, bool)


# Somebody else whom a request is for: "for my sister", "my dad's birthday", "a gift for a colleague"; "for me and my wife" is for oneself too.
_PERSON = (
    r"(?:mother|mum|mom|mummy|mommy|father|dad|daddy|parents?|sister|brother|siblings?|wife|husband|hubby|partner|girlfriend|boyfriend|fianc[ée]e?|"
    r"(?:step|grand|god)?(?:son|daughter|child|children|kids?|mother|father|parents?)|baby|toddler|little one|teenager|nephew|niece|cousin|aunt(?:ie)?|uncle|"
    r"gran(?:ny|dma|dad|dpa)?|nan|(?:mother|father|sister|brother|daughter|son|parents)-in-law|in-laws|friend|mate|buddy|colleague|co-?worker|boss|neighbou?r|"
    r"teacher|flatmate|roommate|godchild|boy|girl)"
)
_ANOTHER = re.compile(
    rf"\bfor (?:(?:my|our|his|her|their|a|an|the|some)(?: [\w-]+){{0,4}}? |(?=mum|mom|dad|gran))?{_PERSON}s?(?:'s?)?\b|"
    rf"\b(?:(?:my|our) (?:[\w-]+ ){{0,2}}?)?{_PERSON}(?:'s? (?:\d+\w* )?(?:birthday|wedding|graduation|christmas|anniversary)| (?:needs?|wants?|would like|is looking|has asked|loves?|likes?|turns?|is turning|just turned|starts?|is starting)\b)|"
    r"\b(?:gifts?|presents?|stocking fillers?)\b(?! card)",
    re.I,
)
_OURSELVES = re.compile(
    r"\b(?:me|us|myself|ourselves) and (?:my|our)\b|\band (?:me|myself|us)\b|\bfor (?:both of )?us\b", re.I
)


def for_another(text: str) -> bool:
    """Whether what was said is to be for somebody else than the one who asks, so that their own taste says nothing of it."""
    return _ANOTHER.search(text) is not None and _OURSELVES.search(text) is None


_WOMEN, _MEN = re.compile(r"\b(?:women|woman|ladies|female)", re.I), re.compile(r"\b(?:men|man|gents|male)\b", re.I)
SURE = 2  # products made for one alone, after which what is made for another alone is not for this shopper


def not_for_others(product: Product, chosen: Sequence[Product], sure: int = SURE) -> bool:
    """Whether a product is not made for others than what a shopper chose is: for children alone where nothing of theirs is among it, for men
    alone where it is all for women, `sure` products at least, or the other way round."""
    if chosen and for_children(product) and not any(map(for_children, chosen)):
        return False
    for own, other in ((_WOMEN, _MEN), (_MEN, _WOMEN)):
        if (
            sum(_for(p, own) for p in chosen) >= sure
            and not any(_for(p, other) for p in chosen)
            and _for(product, other)
        ):
            return False
    return True
