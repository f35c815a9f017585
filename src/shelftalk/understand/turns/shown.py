"""What an assistant turn showed, and whether a shopper's turn is a question about it rather than a new wish."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from shelftalk.understand.reading import Question, Shown
from shelftalk.understand.rules import Text
from shelftalk.understand.turns.followup import asked_about
from shelftalk.words.patterns import pattern_table

_LINE = re.compile(r"^\s*(?P<rank>\d{1,3})[.)]\s+(?P<body>\S.*)\]\s*$", re.M)
# The last price and bracket of a line count: a title may hold others, and an id may hold brackets of its own.
_PRICED = re.compile(r"\s-\s+(?:(?P<price>\d[\d,]{0,14}(?:\.\d{1,9})?)(?:\s*[A-Z]{3})?|no price)\s+\[(?=\S)")
_BRACKET = re.compile(r"\s\[(?=\S)")
_LONGEST_ID = 512
_WORD = re.compile(r"\w+")
ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5, "last": -1, "final": -1,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
}  # fmt: skip
ORDINAL = re.compile(
    r"\b(?:the |your |that |this )(?P<a>first|second|third|fourth|fifth|last|final|1st|2nd|3rd|4th|5th)(?: (?:one|option|pick|item|product|choice|suggestion|result|of (?:them|those|these)))?\b(?! (?:time|thing|minute|place|day|week|month|year|price))"
    r"|(?:#|\b(?:number|no\.|option|pick|item|choice) )(?P<b>one|two|three|four|five|\d{1,2})\b"
)
_COUNT = re.compile(r"^ (?P<n>two|three|four|five|[2-5])\b(?: ones?| options?| picks?)?")
_QUESTION = re.compile(
    rf"^\W*(?:(?:and|but|so|ok|okay|hm+|well)\b\W*)*(?:{pattern_table(Path(__file__).parent / 'patterns.toml')('question')})"
)
# "the cheapest one of these": one of the picks, whatever the order.
_ONE_OF = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|then|now|just|give me|show me|i(?:'ll| will) take|i(?:'d| would) (?:like|take)|i want)\b\W*)*the (?:(?:most|least) \w+|\w+est)(?: (?:one|pick|option|product|\w+))? (?:of|among|out of|from) (?:these|those|them|the (?:two|three|four|five|ones you (?:showed|listed)))\W*(?:please)?\W*$"
)
# Questions that ask for other products after all.
_WANTS = re.compile(
    r"\b(?:cheaper|other|others|else|instead|another|different|in (?:black|white|red|blue|green|grey|gray|pink|yellow|brown|another)|come in|available in|any|do you have|how about|what about)\b"
)
_ALL = re.compile(
    r"^\W*(?:what would you|what should i|what(?:'s| is) your|any favou?rite|so which)\b|\b(?:they|these|those|them|both|difference|compare)\b"
)
_WHICH = re.compile(r"^\W*(?:\w+\W+){0,2}?(?:which|what(?: one)? of)\b")
_BEST = re.compile(
    r"\b(?:which|what)\b(?: one)?(?: (?:of|out of|among) (?:them|these|those|the (?:two|three|four|five)))?(?: ones?)? (?:(?:is|are|would be) (?:the )?(?:very )?(?:better|best)(?: (?:one|choice|option|buy|pick))?|(?:would|should|do|did|will) (?:you|i|we) (?:pick|choose|take|get|buy|recommend|suggest|prefer|like|go (?:for|with)|want))\b"
    r"|(?:what(?:'s| is)|which is) your (?:favou?rite|pick|choice|top pick)\b|(?:so )?which one(?=\W*$)|any favou?rite\b"
)
_WHY = re.compile(r"^\W*(?:(?:and|but|so|ok|okay|hm+|well)\b\W*)*why\b")
_COMPARE = re.compile(r"\b(?:compare|difference|different)\b")
_IT = re.compile(r"\b(?:it|its|it's|this|that|they|them|these|those|both|so|any)\b")
# "why not the Fellside?": the words for a product that may not be among those shown
_WHY_NOT = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|hm+|well)\b\W*)*why (?:not|isn't|didn't you (?:pick|show|choose|suggest|recommend))(?: (?:pick|show|choose|suggest|recommend))? (?:the |an? )?(?P<name>\S.{1,120}?)[\s?!.]*$"
)


def shown(content: str) -> list[Shown]:
    """The picks that an assistant turn lists, in order; none where it lists none."""
    out = []
    for match in _LINE.finditer(content[:20_000]):
        body = match["body"]
        found = list(_PRICED.finditer(body)) or list(_BRACKET.finditer(body))
        if not found or not body[: found[-1].start()].strip() or len(body) - found[-1].end() > _LONGEST_ID:
            continue
        said = found[-1].groupdict().get("price")
        price = float(said.replace(",", "")) if said else None
        out.append(Shown(int(match["rank"]), body[found[-1].end() :].strip(), body[: found[-1].start()].strip(), price))
    return out


def question(text: Text, picks: list[Shown], focus: Sequence[Shown] = ()) -> Question | None:
    """The question that a turn asks about the picks last shown, or None where it asks for products.

    "it" without a place named is the first of them, "they" all of them; `focus` are those last spoken of, if any.
    """
    match = (_QUESTION.search(text.low) or _ONE_OF.search(text.low)) if picks else None
    if match is None or _WANTS.search(text.low):
        about = asked_about(text.low, picks, focus) if picks else ()
        return Question(about, text.text.strip()) if about else None
    named = [places(m, text.low, picks)[0] for m in ORDINAL.finditer(text.low)]
    chosen = tuple(dict.fromkeys(p for found in named for p in found))
    name = ""
    if not chosen and not named:
        several = tuple(focus) if len(focus) > 1 else tuple(picks)
        chosen = several if _ALL.search(text.low) or _WHICH.search(text.low) else (*focus, *picks)[:1]
        asked = _WHY_NOT.search(text.low)
        if asked and re.search(r"[^\W\d_](?:\d|[^\W\d_]{2})", asked["name"]) and not _IT.search(asked["name"]):
            meant = [p for p in picks if _titled(asked["name"], p)]
            chosen, name = (tuple(meant), "") if len(meant) == 1 else (chosen, asked["name"])
    if not chosen:
        return None
    compares = len(chosen) > 1 and _COMPARE.search(text.low) is not None
    kind: Literal["compare", "why", "fact"] = "why" if _WHY.match(text.low) else "compare" if compares else "fact"
    which = len(chosen) > 1 and kind == "fact" and _WHICH.search(text.low) is not None
    best = _BEST.search(text.low) if len(chosen) > 1 and kind == "fact" else None
    if best is not None:
        rest = f"{text.text[: best.start()]} {text.text[best.end() :]}"
        return Question(chosen, match.group().strip(), "best", which=True, rest=rest.strip(" ,;:.!?-"))
    return Question(chosen, match.group().strip(), kind, name, which)


def _titled(name: str, pick: Shown) -> bool:
    """Whether every word of the name is in the pick's title."""
    words = _WORD.findall(name)
    return bool(words) and set(words) <= set(_WORD.findall(pick.title.lower()))


def places(match: re.Match[str], low: str, picks: list[Shown]) -> tuple[list[Shown], int]:
    """The picks that a match of ORDINAL in the text speaks of, and where its words end: "the first", "the last two"."""
    found = place(match["a"] or match["b"], picks)
    more = _COUNT.match(low[match.end() :]) if match["a"] else None
    if found is None or more is None:
        return ([] if found is None else [found]), match.end()
    n, at = ORDINALS.get(more["n"]) or int(more["n"]), picks.index(found)
    from_the_end = match["a"] in ("last", "final")
    return (picks[-n:] if from_the_end else picks[at : at + n]), match.end() + more.end()


def place(word: str, picks: list[Shown]) -> Shown | None:
    """The pick at a place said as "second", "2nd", "two", "2" or "last"."""
    rank = ORDINALS.get(word) or (int(word) if word.isdigit() else 0)
    if rank == -1:
        return picks[-1] if picks else None
    return next((p for p in picks if p.rank == rank), None)
