"""The limits of an earlier turn with those of the next one: what a new word replaces, and what adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shelftalk.understand.rules import Field
from shelftalk.values import Constraint


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
