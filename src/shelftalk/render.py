"""Answers as text: Markdown, and plain lines for a history or a log. Untrusted text is cleaned; Markdown is escaped."""

from __future__ import annotations

import html
import re
from typing import Any

from shelftalk.text import clean, shown
from shelftalk.values import Answer, Constraint, Intent, Pick, Turn, plain

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def escape_markdown(text: str) -> str:
    """The text on one line, with every character that Markdown or HTML could read as markup escaped."""
    return html.escape(_MARKDOWN.sub(r"\\\1", clean(text)), quote=False)


def price_text(pick: Pick) -> str:
    """ "79.99 EUR", or "no price"."""
    product = pick.product
    return f"{plain(product.price)} {product.currency or ''}".strip() if product.price is not None else "no price"


def constraint_text(constraint: Constraint) -> str:
    """The constraint as a person reads it: "price < 50"."""
    value = plain(_short(constraint.value))
    if isinstance(value, list):
        joint = " to " if constraint.operator == "between" else ", "
        value = joint.join(str(v) for v in value)
    name = clean(constraint.field).replace("_", " ")
    operator = "" if constraint.operator == "between" else f"{constraint.operator} "
    return f"{name} {operator}{clean(str(value))}"


def _short(value: Any) -> Any:
    """A converted amount (226.796 g of half a pound) to four digits; anything else as it is."""
    if isinstance(value, tuple):
        return tuple(_short(v) for v in value)
    if isinstance(value, float) and round(value, 2) != value:
        return float(f"{value:.4g}")
    return value


def understood_text(intent: Intent) -> str:
    """What was understood, on one line; "" where nothing but the words to search for."""
    parts = [constraint_text(c) for c in intent.constraints]
    if intent.sort:
        direction = "highest" if intent.sort.direction == "desc" else "lowest"
        parts.append(f"{direction} {clean(intent.sort.field).replace('_', ' ')}")
    if intent.limit:
        parts.append(f"{intent.limit} wanted")
    parts += [f"wish: {clean(p)}" for p in intent.preferences]
    parts += [f"without: {clean(x)}" for x in intent.exclude]
    return "; ".join(parts)


def markdown(answer: Answer) -> str:
    """The answer as a Markdown document that holds no markup of the catalogue's, the shopper's or the model's making."""
    lines = [f"## {escape_markdown(answer.request)}", ""]
    if understood := understood_text(answer.intent):
        lines += [f"Understood: {escape_markdown(understood)}", ""]
    for pick in answer.picks:
        lines.append(f"{pick.rank}. **{escape_markdown(pick.product.title)}**, {escape_markdown(price_text(pick))}  ")
        lines.append(f"   {escape_markdown(pick.reason)}  ")
        evidence = {f"{e.field}: {shown(e.value)}": None for c in pick.claims for e in c.evidence}
        if evidence:
            lines.append(f"   Evidence: {escape_markdown(' | '.join(evidence))}")
        lines.append("")
    if answer.relaxed:
        loosened = "; ".join(constraint_text(c) for c in answer.relaxed)
        lines += [f"Loosened to find these: {escape_markdown(loosened)}", ""]
    lines += [f"> {escape_markdown(note)}" for note in answer.notes]
    return "\n".join(lines).rstrip() + "\n"


def assistant_turn(answer: Answer) -> Turn:
    """The answer as the assistant's turn of a history: numbered lines "1. TITLE - 19.99 EUR [id]", then the notes."""
    lines = [f"{p.rank}. {clean(p.product.title)} - {price_text(p)} [{p.product.id}]" for p in answer.picks]
    return Turn("assistant", "\n".join(lines or [clean(n) for n in answer.notes] or ["Nothing was found."]))
