"""What a later turn takes back: "forget the weight", "any colour is fine", "price doesn't matter"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shelftalk.understand.rules import SUPERLATIVES, Field, Index, Text, comparative, stems
from shelftalk.understand.turns.phrases import NO_OBJECT, SPEND_MORE
from shelftalk.values import Constraint, Criterion, Intent
from shelftalk.words.stems import stem
from shelftalk.words.stop import FILLER, FUNCTION

_PART = r"(?: (?:limits?|filters?|restrictions?|requirements?|constraints?|part|thing|bit|wish|criterion))?"
_WHAT = r"(?:the |that |my |our |its |it being )?(?P<{0}>[\w-]+(?: [\w-]+){{0,2}}?)"
_END = r"(?=\W*$|\s*[,.;!]| (?:and|but|then|now|please|after all|anymore|any more)\b)"
_PATTERNS = tuple(
    re.compile(p)
    for p in (
        r"\b(?:any|whatever|whichever|no matter (?:the|which|what)) (?P<a>\w+)(?:(?: (?:is|are|will|would|works?|goes|do|does|at all|is fine|be fine))+\b|(?=\W*$))",
        _WHAT.format("a") + r" (?:doesn't|does not|don't|do not|isn't|is not|no longer) (?:really |so |that )?(?:matters?|important|an issue|a problem)\b",
        r"\b(?:forget|drop|ignore|remove|lose|skip|scrap|never ?mind) (?:about )?" + _WHAT.format("a") + _PART + _END,
        r"\bi (?:do not|don't|no longer|couldn't) (?:really )?(?:care|mind)(?: so much| much| any ?more)?(?: about| for)? " + _WHAT.format("a") + _PART + _END,
        r"\b(?:it |they )?(?:(?:doesn't|don't|does not|do not) (?:have|need) to|needn't|need not|don't need it to) be (?:so |that |all that )?(?P<a>[\w-]+(?: [\w-]+)?)" + _END,
        r"\bnot (?:only|just|necessarily) (?P<a>\w+)(?=\W*$)",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Fields, and stems of the shopper's words, that are wanted no more, and what else the turn says."""

    fields: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    rest: str = ""

    def __bool__(self) -> bool:
        return bool(self.fields or self.words)

    def limit(self, c: Constraint) -> bool:
        """Whether the limit is taken back; what kind of thing is wanted stays."""
        values = c.value if isinstance(c.value, tuple) else (c.value,)
        said = " ".join((c.span, *(str(v) for v in values if isinstance(v, str))))
        return c.field != "categories" and (c.field in self.fields or bool(self.words & set(stems(said))))

    def wish(self, c: Criterion) -> bool:
        """Whether the wish is taken back."""
        return c.field in self.fields or bool(self.words & set(stems(c.words)))

    @property
    def without(self) -> frozenset[str]:
        """The names and stems by which wishes of earlier turns are told that no longer count."""
        return self.fields | self.words


def taken_back(text: Text, index: Index, before: Intent, earlier: Sequence[str]) -> TakenBack:
    """What the turn takes back of the intent before it and of the wishes in the earlier turns; nothing where its words name
    neither a field nor anything that was said."""
    fields: set[str] = set()
    words: set[str] = set()
    cuts: list[tuple[int, int]] = []
    known = {s for said in earlier for s in stems(said)} | {s for c in before.criteria for s in stems(c.words)}
    known |= {s for c in before.constraints for s in stems(f"{c.span} {c.value}")} | set(stems(before.query))
    kinds = {s for c in before.constraints if c.field == "categories" for s in stems(f"{c.span} {c.value}")}
    for pattern in _PATTERNS:
        for match in pattern.finditer(text.low):
            named = {stem(w) for w in re.findall(r"\w+", match["a"]) if w not in FUNCTION and w not in FILLER} or {
                stem(w) for w in match["a"].split()
            }
            named |= {stem(base) for w in match["a"].split() if (base := comparative(w))}
            meant = _fields(named, index)
            said = (named & known) - kinds
            if not meant and not said:
                continue
            fields |= {f.field for f in meant}
            words |= said | {stem(a) for f in meant for a in _adjectives(f)} & known
            cuts.append(match.span())
    if "price" in index.fields:
        free = [match.span() for match in NO_OBJECT.finditer(text.low)]
        fields |= {"price"} if free or SPEND_MORE.search(text.low) else set()
        cuts += [cut for cut in free if not any(start < cut[1] and cut[0] < end for start, end in cuts)]
    rest = text.text
    for start, end in sorted(cuts, reverse=True):
        rest = f"{rest[:start]} {rest[end:]}"
    return TakenBack(frozenset(fields), frozenset(words), re.sub(r"^\W*(?:(?:and|but|so)\b)?\W*", "", rest).strip())


def _fields(named: set[str], index: Index) -> list[Field]:
    """The fields whose names hold most of the words: "noise cancelling" names noise_cancelling and no noise_db."""
    found = {f.field: f for word in named for f in index.by_word.get(word, ()) if word in f.name or f.kind == "money"}
    shared = {name: len(named & set(f.name)) for name, f in found.items()}
    most = max(shared.values(), default=0)
    return [f for name, f in found.items() if shared[name] == most and (most == len(named) or 2 * most > len(named))]


def _adjectives(known: Field) -> list[str]:
    """The adjectives that wish for the field: "light" and "heavy" for a weight."""
    return [a for a, options in SUPERLATIVES.items() if any(set(hints) & set(known.name) for hints, _ in options)]
