"""Answers as text: Markdown, and plain lines for a history or a log. Untrusted text is cleaned; Markdown is escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from shelftalk.facts.card import plain_name, refused_word
from shelftalk.text import clean, shown
from shelftalk.values import Answer, Constraint, Criterion, FollowUp, Intent, Pick, Turn, plain

# How much a criterion matters, where that is not the usual.
_MATTERS = {1: " (if possible)", 3: " (above all)"}
_FEW = 8  # values of a field in which variants differ that are named one by one
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def escape_markdown(text: str) -> str:
    """The text on one line, with every character that Markdown or HTML could read as markup escaped."""
    return html.escape(_MARKDOWN.sub(r"\\\1", clean(text)), quote=False)


def price_text(pick: Pick) -> str:
    """ "79.99 EUR", or "no price"."""
    product = pick.product
    return f"{plain(product.price)} {product.currency or ''}".strip() if product.price is not None else "no price"


def variants_text(pick: Pick) -> str:
    """What there is of the pick beside this variant: "8 variants, 89.00 to 99.00 EUR; size: 38 to 45"; "" for a single product."""
    held = pick.variants
    if held is None:
        return ""
    low, high = plain(held.price_min), plain(held.price_max)
    price = f", {low} to {high} {pick.product.currency or ''}".rstrip() if low != high else ""
    options = [f"{plain_name(name)}: {_listed(values)}" for name, values in held.options.items()]
    return "; ".join([f"{len(held.ids)} variants{price}", *options])


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values) if len(values) <= _FEW else f"{values[0]} to {values[-1]} ({len(values)})"


def constraint_text(constraint: Constraint) -> str:
    """The constraint as a person reads it: "price < 50", "material without polyester"."""
    if word := refused_word(constraint):
        return f"{clean(constraint.field).replace('_', ' ')} without {word}"
    value = plain(_short(constraint.value))
    if isinstance(value, list):
        joint = " to " if constraint.operator == "between" else ", "
        value = joint.join(str(v) for v in value)
    name = clean(constraint.field).replace("_", " ")
    operator = "" if constraint.operator == "between" else f"{constraint.operator} "
    return f"{name} {operator}{clean(str(value))}"


def criterion_text(criterion: Criterion) -> str:
    """The criterion as a person reads it: "quiet enough: low noise (above all)", "waterproof", "setup not poles"."""
    name = plain_name(criterion.field)
    if criterion.want in ("low", "high"):
        text = f"{criterion.want} {name}"
    elif isinstance(criterion.value, bool):
        text = name if criterion.value == (criterion.want == "is") else f"not {name}"
    else:
        text = f"{name} {'not ' if criterion.want == 'not' else ''}{clean(str(plain(criterion.value)))}"
    text += _MATTERS.get(criterion.importance, "")
    return f"{clean(criterion.words)}: {text}" if clean(criterion.words) else text


def follow_up_text(follow_up: FollowUp) -> str:
    """The question and its answers on one line: "Which matters more? 1) low weight 2) low price"."""
    answers = (f"{i}) {clean(text)}" for i, (text, _) in enumerate(follow_up.answers, 1))
    return " ".join([clean(follow_up.question), *answers])


def title_text(pick: Pick) -> str:
    """The title, and in brackets what the pick is the best in: "Bris 2 Tent (lightest)"."""
    label = clean(pick.label)
    return f"{clean(pick.product.title)} ({label})" if label else clean(pick.product.title)


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
    if intent.kinds:
        parts.append(f"looking in {', '.join(map(clean, intent.kinds))}")
    parts += [criterion_text(c) for c in intent.criteria]
    if intent.sort:
        direction = "highest" if intent.sort.direction == "desc" else "lowest"
        parts.append(f"{direction} {clean(intent.sort.field).replace('_', ' ')}")
    if intent.limit:
        parts.append(f"{intent.limit} wanted")
    parts += [f"wish: {clean(p)}" for p in intent.preferences]
    parts += [f"no data: {clean(words)}" for words in intent.unanswered]
    parts += [f"without: {clean(x)}" for x in intent.exclude]
    return "; ".join(parts)


def markdown(answer: Answer) -> str:
    """The answer as a Markdown document that holds no markup of the catalogue's, the shopper's or the model's making."""
    lines = [f"## {escape_markdown(answer.request)}", ""]
    if understood := understood_text(answer.intent):
        lines += [f"Understood: {escape_markdown(understood)}", ""]
    if answer.opening:
        lines += [escape_markdown(answer.opening), ""]
    for pick in answer.picks:
        label = f" ({escape_markdown(pick.label)})" if pick.label else ""
        lines.append(
            f"{pick.rank}. **{escape_markdown(pick.product.title)}**{label}, {escape_markdown(price_text(pick))}  "
        )
        lines.append(f"   {escape_markdown(pick.reason)}  ")
        if variants := variants_text(pick):
            lines.append(f"   {escape_markdown(variants)}  ")
        evidence = {f"{e.field}: {shown(e.value)}": None for c in pick.claims for e in c.evidence}
        if evidence:
            lines.append(f"   Evidence: {escape_markdown(' | '.join(evidence))}")
        lines.append("")
    if answer.follow_up:
        lines += [escape_markdown(follow_up_text(answer.follow_up)), ""]
    if answer.relaxed:
        loosened = "; ".join(constraint_text(c) for c in answer.relaxed)
        lines += [f"Loosened to find these: {escape_markdown(loosened)}", ""]
    lines += [f"> {escape_markdown(note)}" for note in answer.notes]
    return "\n".join(lines).rstrip() + "\n"


def assistant_turn(answer: Answer) -> Turn:
    """The answer as the assistant's turn of a history: numbered lines "1. TITLE - 19.99 EUR [id]", then the notes."""
    lines = [f"{p.rank}. {clean(p.product.title)} - {price_text(p)} [{p.product.id}]" for p in answer.picks]
    return Turn("assistant", "\n".join(lines or [clean(n) for n in answer.notes] or ["Nothing was found."]))
