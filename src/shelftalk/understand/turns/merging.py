"""The limits of an earlier turn with those of the next one: what a new word replaces, and what adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from shelftalk.understand.rules import SUPERLATIVES, THRIFTY, Field, comparative, comparing, stems
from shelftalk.understand.turns import phrases as said
from shelftalk.understand.turns.relative import Relative
from shelftalk.understand.turns.takenback import TakenBack
from shelftalk.values import Constraint, Criterion, Intent, Sort
from shelftalk.words.stems import stem

NO_FIELD = " speaks of no field that these products have"  # ends the note on such words


@dataclass(slots=True)
class Merge:
    """What the earlier turns came to while the next one is put into it."""

    constraints: list[Constraint]
    criteria: list[Criterion]
    added: list[Constraint]
    exclude: list[str]
    query: str
    words: str
    without: frozenset[str]
    thrifty: bool
    read: tuple[str, ...]
    sort: Sort | None = None
    notes: list[str] = field(default_factory=lambda: ["read together with the earlier turns"])

    def compare(self, compared: Relative, before: Intent) -> None:
        """Puts in a comparison with what was shown."""
        if compared.field is None and not compared.dropped:
            self.notes.append(f"'{compared.words}'{NO_FIELD}")
            if compared.instead:
                self.words = self.words.replace(compared.words, compared.instead, 1)
        else:
            self.words = self.words.replace(compared.words, " ", 1)
        self.constraints = [c for c in self.constraints if not compared.replaces(c)]
        kept = [c for c in self.criteria if not compared.replaces(c)]
        self.criteria = [compared.criterion, *kept] if compared.criterion is not None else kept
        if compared.dropped and compared.field:
            self.without |= {compared.field}
            spoken = compared.words.lower().split()
            self.query = " ".join(w for w in self.query.split() if w.lower() not in spoken)
        replaced = self.sort is not None and compared.replaces(self.sort)
        self.sort = compared.sort or (None if replaced else self.sort)
        self.exclude += compared.unknown
        if compared.limit is None:
            return
        self.added.append(compared.limit)
        if compared.limit.field == "price":
            self.sort, self.thrifty = before.sort, False
            self.read = tuple(n for n in self.read if n != THRIFTY)
            self.notes.append(f"held against the earlier picks: price {compared.limit.operator} {compared.limit.value}")


def searched(query: str, new: Intent, before: Intent, taken: TakenBack, compared: Relative | None) -> str:
    """The words to search with: those so far without what is taken back, and what the turn adds beside comparing."""
    spans = [c.span for c in before.constraints if taken.limit(c)] + [c.words for c in before.criteria if taken.wish(c)]
    lost = taken.words | {s for span in spans for s in stems(span)}
    held = [w for w in query.split() if stem(w.lower()) not in lost]
    spoken = set(compared.words.lower().split()) if compared is not None else set()

    def adds(word: str, base: str) -> bool:
        known = base.lower() in query.lower().split() or base in SUPERLATIVES or word in spoken
        return not known and not (base.lower() == word and comparing(word)) and not said.empty(word)

    extra = [base for w in new.query.split() if adds(w.lower(), base := comparative(w.lower()) or w)]
    return " ".join([*held, *extra][:40])


def merge(
    before: Iterable[Constraint], added: Iterable[Constraint], fields: dict[str, Field]
) -> tuple[Constraint, ...]:
    """The earlier constraints with the new ones: on the same field the new word replaces the old one on its side (an
    upper limit the upper limit, a value the value), and refused values add up."""
    out = list(before)
    for new in added:
        known = fields.get(new.field)
        several = known is not None and known.kind == "list"
        if new.operator in ("!=", "not in"):
            refused = new.value if isinstance(new.value, tuple) else (new.value,)
            kept: list[Constraint] = []
            for old in out:
                if old.field != new.field:
                    kept.append(old)
                elif old.operator in ("!=", "not in"):
                    refused = tuple(
                        dict.fromkeys((*(old.value if isinstance(old.value, tuple) else (old.value,)), *refused))
                    )
                elif old.operator in ("=", "in"):
                    rest = tuple(
                        v for v in (old.value if isinstance(old.value, tuple) else (old.value,)) if v not in refused
                    )
                    if rest:
                        kept.append(
                            replace(
                                old, operator="=" if len(rest) == 1 else "in", value=rest[0] if len(rest) == 1 else rest
                            )
                        )
                else:
                    kept.append(old)
            out = [
                *kept,
                Constraint(new.field, "!=", refused[0], new.span)
                if len(refused) == 1
                else Constraint(new.field, "not in", refused, new.span),
            ]
            continue
        out = [c for c in out if c.field != new.field or (several and c != new) or not _replaces(new, c)]
        if new not in out:
            out.append(new)
    return tuple(out)


def _replaces(new: Constraint, old: Constraint) -> bool:
    upper, lower = ("<", "<="), (">", ">=")
    if new.operator in upper:
        return old.operator in upper or old.operator in ("=", "between") or (old.operator in lower and _above(old, new))
    if new.operator in lower:
        return old.operator in lower or old.operator in ("=", "between") or (old.operator in upper and _above(new, old))
    return True


def _above(low: Constraint, high: Constraint) -> bool:
    """Whether a lower limit stands above an upper one, so that nothing could satisfy both."""
    try:
        return float(low.value) > float(high.value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
