"""Policies by name, and what they would have earned by a file of logged lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelftalk.cli import common
from shelftalk.errors import UsageError

if TYPE_CHECKING:
    from shelftalk.experiments.logs import Logged
    from shelftalk.experiments.offpolicy import Policy

_BATCH = 32


def estimated(logged: Path, policies: Sequence[str], temperature: float, catalog: Path | None) -> list[dict[str, Any]]:
    """A row a policy and estimator; lines of the file that are no lists are told and left out."""
    from shelftalk.experiments.logs import read_logs
    from shelftalk.experiments.offpolicy import estimate

    rows, wrong = read_logs(logged)
    for line in wrong[:10]:
        common.fail(line)
    if len(wrong) > 10:
        common.fail(f"{logged}: {len(wrong) - 10} more lines are no logged lists")
    out = []
    for text in policies:
        policy, used, notes = _policy(text.strip(), temperature, rows, catalog)
        out += [replace(found, notes=(*notes, *found.notes)).to_dict() for found in estimate(used, policy)]
    return out


def _policy(
    text: str, temperature: float, rows: Sequence[Logged], catalog: Path | None
) -> tuple[Policy, Sequence[Logged], tuple[str, ...]]:
    """The policy, the rows that it can be asked about, and what of them is left out."""
    from shelftalk.experiments.offpolicy import Policy

    kind, _, rest = text.replace(":", "=", 1).partition("=")
    if text == "greedy":
        return Policy(text, lambda row: row.scores), rows, ()
    if text == "uniform":
        return Policy(text, lambda row: [0.0] * len(row.scores), 1.0), rows, ()
    if kind == "temperature":
        try:
            value = float(rest)
        except ValueError:
            raise UsageError(f"--policy {text!r}: {rest!r} is no number") from None
        if value <= 0:
            raise UsageError(f"--policy {text!r}: a temperature is above 0; 'greedy' draws nothing")
        return Policy(text, lambda row: row.scores, value), rows, ()
    if kind == "score":
        names = sorted({name for row in rows for features in row.features for name in features})
        if rest not in names:
            raise UsageError(
                f"--policy {text!r}: the logs have no score {rest!r}; there is: {', '.join(names) or 'none'}"
            )
        return Policy(text, lambda row: _scaled([f.get(rest, 0.0) for f in row.features]), temperature), rows, ()
    return _variant(text, temperature, rows, catalog)


def _scaled(values: Sequence[float]) -> list[float]:
    """The scores from 0 to 1, as logged ones are, so that a temperature means the same."""
    low, high = min(values), max(values)
    return [(v - low) / (high - low) if high > low else 0.0 for v in values]


def _variant(
    text: str, temperature: float, rows: Sequence[Logged], catalog: Path | None
) -> tuple[Policy, Sequence[Logged], tuple[str, ...]]:
    """The path with that variant's settings, asked to order each logged request's candidates."""
    from shelftalk.experiments.definition import Arm
    from shelftalk.experiments.offpolicy import Policy
    from shelftalk.pipeline import Shelf
    from shelftalk.pipeline.exploring import relevance
    from shelftalk.prompts import PromptLibrary
    from shelftalk.server.arms import path_variant
    from shelftalk.settings import load_settings
    from shelftalk.values import Request

    variant = path_variant(Arm("policy", text))
    known = [row for row in rows if row.request]
    if not known:
        raise UsageError("the logs hold no requests, which a variant must read: set explore.keep_requests, or ask for greedy, uniform, temperature=X or score:NAME")  # fmt: skip
    settings = variant.settings(load_settings())
    scores: dict[int, list[float]] = {}
    gone: set[int] = set()
    common.quiet()
    with Shelf.open(
        catalog, settings=settings, prompts=variant.library(PromptLibrary.of(settings)), batch=True
    ) as shelf:
        for at in range(0, len(known), _BATCH):
            some = known[at : at + _BATCH]
            asked = [Request(row.request, candidates=row.candidates) for row in some]
            for row, (ranking, _) in zip(
                some, shelf.order_many(asked, k=max(len(r.candidates) for r in some)), strict=True
            ):
                found = relevance(ranking)
                if any(c not in found for c in row.candidates):
                    gone.add(id(row))
                scores[id(row)] = [found.get(c, 0.0) for c in row.candidates]
    used = [row for row in known if id(row) not in gone]
    if not used:
        raise UsageError(
            "none of the logged lists' products are in this catalogue any more; give the one that served them"
        )
    notes = []
    if len(used) < len(rows):
        notes.append(
            f"{text}: {len(rows) - len(known):,} lists without their request and {len(gone):,} with products that are gone are left out"
        )
    return Policy(text, lambda row: scores[id(row)], temperature), used, tuple(notes)
