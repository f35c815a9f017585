"""Turns in other languages that are no requests ("merci", "wie geht es dir?"), and denials in other languages within English sentences."""

from __future__ import annotations

import re
from functools import lru_cache

from shelftalk.text import clean
from shelftalk.understand.languages.compared import any_of
from shelftalk.understand.languages.table import rules, tables

__all__ = ["denied", "small_talk", "talk_language"]

_MARKS = r"[\s,.;:!?¿¡。，！？、؟…)(]*"
# English denies with these itself; "non-stick" denies nothing.
_ENGLISH = frozenset(["no", "non", "not"])
_LONGEST, _REACH = 200, 40


def small_talk(text: str, language: str) -> bool:
    """Whether a turn in the language of this ISO 639-1 code asks for no product: thanks, a greeting, another task."""
    found = _talk(language)
    return found is not None and len(text) <= _LONGEST and bool(found.match(_plain(text)))


def talk_language(text: str) -> str:
    """The language in which a turn consists of thanks or greetings alone, "" for none."""
    text = _plain(text)
    if not text or len(text) > _LONGEST:
        return ""
    return next((code for code in tables("small_talk.yaml") if _said(code).fullmatch(text)), "")


def denied(text: str, start: int, end: int, languages: tuple[str, ...]) -> tuple[int, int] | None:
    """Where the denial of a name in an English sentence begins and ends that is said in one of the languages; the name goes from `start` to
    `end`. None where it is not denied."""
    reach = max(0, start - _REACH)
    for code in languages:
        before, behind = _denials(code)
        if before is not None and (match := before.search(text[reach:start])):
            return reach + match.start(), start
        if behind is not None and (match := behind.match(text[end : end + _REACH])):
            return end + match.start(1), end + match.end()
    return None


def _plain(text: str) -> str:
    return clean(text.replace("’", "'")).lower().strip()


@lru_cache(maxsize=32)
def _said(language: str) -> re.Pattern[str]:
    said = any_of(tables("small_talk.yaml")[language]["said"])
    return re.compile(rf"{_MARKS}(?:{said})(?!\w)(?:{_MARKS}(?:{said})(?!\w)){{0,3}}{_MARKS}")


@lru_cache(maxsize=32)
def _talk(language: str) -> re.Pattern[str] | None:
    found = tables("small_talk.yaml").get(language)
    if found is None:
        return None
    asked = any_of(found["asked"])
    return re.compile(
        rf"{_said(language).pattern}$|{_MARKS}(?:{asked})|.*(?:{asked})(?:て|ください|줘|주세요|yaz|une?)?{_MARKS}$"
    )


@lru_cache(maxsize=32)
def _denials(language: str) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """What denies the name right behind it, and right before it, with a "but" and an "of"."""
    rule, beside = rules(language), tables("small_talk.yaml").get(language)
    if rule is None or beside is None:
        return None, None
    words = [w for w in rule.denials if w not in _ENGLISH]
    of = any_of(beside["of"])
    of = rf"(?:(?:{of})\s*)?" if of else ""
    but = rf"(?:{any_of(beside['but'])})\s+"
    plain = [w for w in rule.denials if w in _ENGLISH]  # English has it too, but not behind the other language's "but"
    said = [rf"(?:{but})?(?:{any_of(words)})"] if words else []
    said += [rf"{but}(?:{any_of(plain)})"] if plain else []
    before = re.compile(rf"(?:,\s*)?(?<!\w)(?:{'|'.join(said)})\s*{of}$") if said else None
    follows = [w for w in words if w in _TRAILING] + list(rule.denials_after)
    behind = re.compile(rf"(?:\s[\w-]+)?\s({any_of(follows)})(?!\w)(?=\s*(?:$|[,.;!?]))") if follows else None
    return before, behind


# Denials of their languages that also stand behind the name: "Torvik nicht".
_TRAILING = frozenset(["nicht", "niet", "pas", "не"])
