"""What is answered to a chat client's instructions in the background (`background`), from what was said and shown alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from babel import Locale, UnknownLocaleError

from shelftalk.server.background import Chore, Key
from shelftalk.text import clean, shorten
from shelftalk.understand.languages import language_of
from shelftalk.understand.rules import ordinary, small_talk
from shelftalk.understand.turns import shown
from shelftalk.values import Product, Turn
from shelftalk.words.stop import FILLER, FUNCTION

__all__ = ["reply"]

UNNAMED = "Shopping"
_MOST_WORDS, _LONGEST, _MOST_TAGS = 5, 60, 4
_WORD = re.compile(r"[^\s,;:.!?()\"“”«»…]+")
_EMPTY: dict[str, object] = {"array": [], "boolean": False, "integer": 0, "number": 0, "object": {}, "null": None}
_LISTS = frozenset(["tags", "follow_ups", "queries", "tool_calls"])


def reply(found: Chore, product: Callable[[str], Product | None], kinds: Sequence[str]) -> str:
    """The reply in the form asked for: a JSON object, text in an element, or plain text. `product` gives a product by its id, `kinds` are
    some of the shop's kinds of product."""
    if found.keys:
        return json.dumps({key.name: _value(found, key, product, kinds) for key in found.keys}, ensure_ascii=False)
    made = _made(found, found.what, product, kinds)
    text = ("\n" if found.what == "follow_ups" else ", ").join(made) if isinstance(made, list) else made
    return f"<{found.wrap}>{escape(text)}</{found.wrap}>" if found.wrap else text


def _value(found: Chore, key: Key, product: Callable[[str], Product | None], kinds: Sequence[str]) -> object:
    if not key.what:
        return _EMPTY.get(key.kind, "")
    made = _made(found, key.what, product, kinds)
    if isinstance(made, list):
        return made if key.kind != "string" or key.what in _LISTS else ", ".join(made)
    return [made] if key.kind == "array" else made


def _made(found: Chore, what: str, product: Callable[[str], Product | None], kinds: Sequence[str]) -> str | list[str]:
    turns = found.talk
    if what == "title":
        return f"🛍️ {title(turns)}" if found.emoji else title(turns)
    if what == "tags":
        held = [p for pick in _picks(turns) if (p := product(pick)) is not None]
        named = dict.fromkeys(clean(p.categories[-1]) for p in held if p.categories)
        return [UNNAMED, *named][:_MOST_TAGS]
    if what == "follow_ups":
        return _next(turns, kinds)
    if what == "summary":
        return _summary(turns)
    if what == "prompt":
        listed = [pick.title for turn in turns if turn.role == "assistant" for pick in shown(turn.content)]
        return f"A product photograph on a plain background: {clean(listed[0]) if listed else title(turns)}"
    if what == "language":
        return _language(turns)
    # nothing is to be looked up elsewhere, no tool called, nothing put into the shopper's mouth
    return [] if what in ("queries", "tool_calls") else "🙂" if what == "emoji" else ""


def title(turns: Sequence[Turn]) -> str:
    """What the shopper first asked for, in at most five of their own words, without punctuation."""
    said = [clean(t.content) for t in turns if t.role == "user"]
    said = [text for text in said if text and not small_talk(text.lower())]
    if not said:
        return UNNAMED
    words = _WORD.findall(said[0])
    first = next((n for n, w in enumerate(words) if w.lower().replace("’", "'") not in FILLER), 0)
    kept = words[first : first + _MOST_WORDS]
    while len(kept) > 1 and kept[-1].lower() in FUNCTION:
        kept.pop()
    cased = [w if n and w.lower() in FUNCTION else w[:1].upper() + w[1:] for n, w in enumerate(kept)]
    return shorten(" ".join(cased), _LONGEST) or UNNAMED


def _picks(turns: Sequence[Turn]) -> list[str]:
    return list(dict.fromkeys(pick.id for t in turns if t.role == "assistant" for pick in shown(t.content)))


def _next(turns: Sequence[Turn], kinds: Sequence[str]) -> list[str]:
    """Turns that this shop understands, as a shopper would say them."""
    listed = next((found for t in reversed(turns) if t.role == "assistant" and (found := shown(t.content))), [])
    if len(listed) > 1:
        return ["Show me cheaper ones.", "Compare the first two.", "Which of these is the best?"]
    if listed:
        return ["Show me cheaper ones.", "Why this one?", "More like the first one."]
    return [f"Show me {clean(kind)}." for kind in kinds[:3]]


def _summary(turns: Sequence[Turn]) -> str:
    asked = [
        shorten(clean(t.content), 120) for t in turns if t.role == "user" and not small_talk(clean(t.content).lower())
    ]
    listed = [clean(pick.title) for t in turns if t.role == "assistant" for pick in shown(t.content)]
    told = [f"The shopper asked for: {'; '.join(asked)}." if asked else "The shopper asked for nothing yet."]
    if listed:
        told.append(f"Shown: {'; '.join(dict.fromkeys(listed))}.")
    return " ".join(told)


def _language(turns: Sequence[Turn]) -> str:
    text = " ".join(t.content for t in turns if t.role == "user")
    try:
        return Locale.parse(language_of(text, ordinary)).get_display_name("en") or "English"
    except (UnknownLocaleError, ValueError):
        return "English"
