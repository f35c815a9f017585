"""What chat clients ask of the same model behind the shopper's back: a title for the talk, tags, questions to go on with.

Known by its shape and not by one wording: an instruction to make such a thing, of a conversation, with the form that the reply is to have
or the conversation itself beside it. A shopper's request has no such shape. Nothing here searches or asks a language model; what
is answered is in `background_reply`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shelftalk.values import Turn

__all__ = ["Chore", "chore"]

# What may be asked for, by the words of the instruction; the first that fits counts.
_NOUNS = {
    "follow_ups": r"follow[- _]?ups?|(?:questions?|prompts?|replies)\b[^.\n]{0,60}\b(?:user|human|they)\b[^.\n]{0,30}\b(?:ask|say|send)",
    "queries": r"(?:search|retrieval|web) quer(?:y|ies)|quer(?:y|ies) (?:for|to) (?:the )?(?:web|search)",
    "tool_calls": r"tool_calls|correct tools?|tool\(s\)",
    "text": r"auto-?complet\w+|continue the text|complete the (?:text|sentence|message)",
    "prompt": r"image[- ](?:generation|prompt)|prompt for an? image",
    "title": r"titles?|headline|(?:name|caption|subject(?: line)?) (?:(?:for|of|to) )?(?:this|the|our|that) (?:chat|conversation|dialog\w*|discussion|thread)|(?:this|the|our|that) (?:chat|conversation|dialog\w*|discussion|thread) an? (?:[\w-]+ ){0,3}name",
    "tags": r"(?:hash)?tags?|keywords?|topics?",
    "emoji": r"emojis?|emoticons?",
    "summary": r"summar(?:y|i[sz]e\w*|i[sz]ation)|recap",
    "language": r"language",
}
# The keys of an object asked for, and what belongs there.
_KEYS = {
    "title": "title", "name": "title", "headline": "title", "tags": "tags", "keywords": "tags", "topics": "tags", "follow_ups": "follow_ups",
    "followups": "follow_ups", "follow_up_questions": "follow_ups", "suggestions": "follow_ups", "questions": "follow_ups", "queries": "queries",
    "search_queries": "queries", "prompt": "prompt", "text": "text", "emoji": "emoji", "summary": "summary", "language": "language",
    "tool_calls": "tool_calls",
}  # fmt: skip
_ALONE = ("tool_calls", "queries", "follow_ups")  # asked for by such instructions and nobody else
_DO = re.compile(
    r"\b(?:generate|write|create|provide|suggest|give|make|produce|propose|come up with|summari[sz]e|analy[sz]e|extract|detect|determine|submit|choose"
    r"|reflect|compose|return|respond|reply|label|continue|complete|describe|identify|pick|craft|name (?:this|the|our|that))\b",
    re.I,
)
_ABOUT = re.compile(
    r"\b(?:chats?|conversations?|dialog(?:ue)?s?|discussion|exchange|transcript|thread|messages below)\b", re.I
)
_TEXT = re.compile(r"\b(?:messages?|text|input|prompt|speaker|lines)\b", re.I)
_BRIEF = re.compile(
    r"\b(?:concise|brief|only|solely|without|punctuation|quotation marks?)\b|\b[\w-]+[- ]words?\b(?! of)|\b\d+ (?:words|characters)\b",
    re.I,
)
_JSON = re.compile(r'\bJSON\b|\{\s*"\w+"\s*:', re.I)
_KEY = re.compile(r'\{\s*"(\w+)"\s*:')
_QUOTED = re.compile(
    r"<(chat_history|chat|history|conversation|messages|transcript|dialogue?)>(.*?)</\1>|```(.*?)```", re.I | re.S
)
_SPEAKER = re.compile(
    r"^[\s|>*#_]*(user|human|customer|shopper|assistant|ai|bot|model|response|system)\b[*_]*\s*:[*_]*[ \t]*",
    re.I | re.M,
)
_THEIRS = frozenset(["user", "human", "customer", "shopper"])
_CUE = re.compile(r"\n[\s|>*#_]*(?:title|summary|tags|output|answer|label)\s*:\s*$", re.I)
_PARAMETER = re.compile(r"<parameter>\s*<name>\s*(\w+)\s*</name>", re.I)
_EMOJI = re.compile(r"\bemojis?\b", re.I)
_NO_EMOJI = re.compile(r"\b(?:no|not|without|avoid|never)\b[^.\n]{0,30}\bemojis?\b", re.I)
_DETECT = re.compile(r"(?:please )?(?:detect|identify|determine)\b", re.I)
# An order that returns with each answer or hangs on a condition tells an assistant how to behave.
_HABIT = re.compile(
    r"\b(?:each|every|always|whenever|when|if|sometimes|also|(?:at|near) the end|at the bottom|after (?:you|your|the) \w+)\b",
    re.I,
)
_SENTENCE = re.compile(r"[.!?;]\s+|\n")
_OBJECT = r"(?:\s+(?!in\b|with\b|using\b|by\b)[\w'-]+){0,8}?\s+"
_SHORT = 200  # characters
_LONGEST = 60_000  # characters of a message that are looked at


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the object asked for: what belongs there ("" for nothing known) and its JSON type."""

    name: str
    what: str
    kind: str = "string"


@dataclass(frozen=True, slots=True)
class Chore:
    """What is asked for: "title", "tags", "follow_ups", "queries", "prompt", "text", "emoji", "summary", "language" or "tool_calls", of this
    talk. The form: `keys` of an object (none: plain text), `wrap`, the element to put plain text in, `emoji`, whether a title is to
    have one, and `tool`, the function that must be called with the object."""

    what: str
    talk: tuple[Turn, ...]
    keys: tuple[Key, ...] = ()
    wrap: str = ""
    emoji: bool = False
    tool: str = ""


def chore(messages: Sequence[tuple[str, str]], fields: Mapping[str, Any] | None = None) -> Chore | None:
    """The chore that a chat's messages (role, text) set; None where a shopper speaks. `fields` are the request's others: a
    `response_format` and a tool that must be called say the form too."""
    said = [(role, text[:_LONGEST]) for role, text in messages if text.strip()]
    talk = [(role, text) for role, text in said if role in ("user", "assistant")]
    if not talk:
        return None
    keys, tool = _demanded(fields or {})
    if talk[-1][0] == "user":
        order, quoted = _apart(talk[-1][1])
        if what := _asked(order, bool(quoted), bool(keys)) or _shaped(order, quoted):
            return _chore(what, order, _turns(quoted) if quoted else _spoken(talk[:-1]), keys, tool)
    orders = "\n".join(text for role, text in said if role in ("system", "developer"))
    if orders and len(talk) <= 2:
        order, quoted = _apart(orders)
        if what := _ordered(order, bool(quoted or keys)):
            beside = _turns(talk[-1][1]) if len(talk) == 1 else _spoken(talk)
            return _chore(what, order, _turns(quoted) if quoted else beside, keys, tool)
    return None


def _asked(order: str, beside: bool, formed: bool) -> str:
    """What an instruction asks for, "" where it is none: it says what to make, of which conversation, and in which form. `beside` tells
    that what it speaks of stands apart from it."""
    if not _DO.search(order):
        return ""
    keys = [_KEYS[key] for key in _KEY.findall(order) if key in _KEYS]
    if alone := next((what for what in _ALONE if what in keys), ""):
        return alone
    found = next((what for what, words in _NOUNS.items() if re.search(rf"\b(?:{words})", order, re.I)), "")
    about = _ABOUT.search(order) or (beside and _TEXT.search(order))
    form = formed or beside or _JSON.search(order) or _BRIEF.search(order)
    if not (found and about and form):
        return ""
    return found if not keys or found in keys else keys[0]


def _shaped(order: str, quoted: str) -> str:
    """What an instruction in any language asks for, by its shape alone: a conversation that is quoted with its speakers, and beside it an
    object with a key for what is to be made of it."""
    keys = [_KEYS[key] for key in _KEY.findall(order) if key in _KEYS]
    return keys[0] if keys and _SPEAKER.search(quoted) else ""


def _ordered(order: str, formed: bool) -> str:
    """What a system message asks for that is nothing but such an instruction; "" for one that tells an assistant how to behave, which may
    speak of titles, languages and summaries too."""
    what = _asked(order, True, formed)
    if not what or any(_KEYS.get(key) == what for key in _KEY.findall(order)):
        return what
    if what == "language":
        return what if len(order) < _SHORT and _DETECT.match(order.strip()) else ""
    form = formed or _JSON.search(order) or _BRIEF.search(order) or _PARAMETER.search(order)
    noun = "title" if what == "title" else _NOUNS[what]  # "titles" are those of products
    made = re.compile(rf"(?:{_DO.pattern}{_OBJECT}|^\W*)\b(?:{noun})\b", re.I)
    return (
        what if form and any(made.search(said) and not _HABIT.search(said) for said in _SENTENCE.split(order)) else ""
    )


def _chore(what: str, order: str, talk: tuple[Turn, ...], keys: tuple[Key, ...], tool: str) -> Chore:
    if not keys and _JSON.search(order):
        named = dict.fromkeys(key for key in _KEY.findall(order) if _KEYS.get(key) == what)
        keys = tuple(Key(key, what) for key in named) or (Key(what, what),)
        keys = keys[:1]
    wrap = _PARAMETER.search(order)
    emoji = _EMOJI.search(order) is not None and _NO_EMOJI.search(order) is None
    return Chore(what, talk, keys, wrap[1] if wrap and not keys else "", emoji, tool)


def _demanded(fields: Mapping[str, Any]) -> tuple[tuple[Key, ...], str]:
    """The keys of the object that a request's other fields demand, and the function to call with it; none where they demand none."""
    shaped = fields.get("response_format")
    schema = shaped.get("json_schema") if isinstance(shaped, dict) else None
    if isinstance(schema, dict):
        return _keys(schema.get("schema")), ""
    choice, tools = fields.get("tool_choice"), fields.get("tools")
    functions = [t["function"] for t in tools if _function(t)] if isinstance(tools, list) else []
    named = choice["function"].get("name") if isinstance(choice, dict) and _function(choice) else None
    forced = (
        functions[:1]
        if choice == "required" and len(functions) == 1
        else [f for f in functions if f.get("name") == named]
    )
    if forced and isinstance(forced[0].get("name"), str):
        return _keys(forced[0].get("parameters")), forced[0]["name"]
    return (), ""


def _function(found: object) -> bool:
    return isinstance(found, dict) and isinstance(found.get("function"), dict)


def _keys(schema: object) -> tuple[Key, ...]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return ()
    kinds = {name: found.get("type") if isinstance(found, dict) else None for name, found in properties.items()}
    return tuple(
        Key(name, _KEYS.get(name.lower(), ""), k if isinstance(k, str) else "string") for name, k in kinds.items()
    )


def _apart(text: str) -> tuple[str, str]:
    """The instruction of a message, and the conversation that it quotes: in an element, in a fence, or told by its speakers."""
    if quoted := list(_QUOTED.finditer(text)):
        last = quoted[-1]
        named = f" {last[1].replace('_', ' ')} " if last[1] else " "
        return text[: last.start()] + named + text[last.end() :], (last[2] or last[3] or "").strip()
    if speaker := _SPEAKER.search(text):
        return text[: speaker.start()], text[speaker.start() :]
    return text, ""


def _turns(quoted: str) -> tuple[Turn, ...]:
    """The turns of a conversation as text: a JSON list of messages, or lines that begin with who speaks; else one turn of the shopper's."""
    if quoted.lstrip().startswith("["):
        try:
            found = json.loads(quoted)
        except ValueError:
            found = None
        if isinstance(found, list) and all(isinstance(m, dict) for m in found):
            texts = [
                (m.get("role"), next((m[k] for k in ("content", "mainText", "text") if isinstance(m.get(k), str)), ""))
                for m in found
            ]
            return _spoken([(str(role), text) for role, text in texts if text])
    quoted = _CUE.sub("", quoted)
    spots = list(_SPEAKER.finditer(quoted))
    if not spots:
        return (Turn("user", quoted.strip()),) if quoted.strip() else ()
    ends = [*(s.start() for s in spots[1:]), len(quoted)]
    spoken = [(s[1].lower(), quoted[s.end() : end].strip().strip('"')) for s, end in zip(spots, ends, strict=True)]
    return _spoken([("user" if who in _THEIRS else "assistant", text) for who, text in spoken if who != "system"])


def _spoken(messages: Sequence[tuple[str, str]]) -> tuple[Turn, ...]:
    return tuple(Turn("user" if role == "user" else "assistant", text) for role, text in messages)
