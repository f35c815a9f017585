"""What a statement says of the product's place among what fits: superlatives, ordinals, "no other", "only two are lighter", "than most".

Each must be what a cited fact's standing says: the place, the end it is counted from, and how many there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shelftalk.catalog.standing import superlatives
from shelftalk.explain.statements import StatementToken, clauses, tokens
from shelftalk.facts.card import CardFact
from shelftalk.words.numbers import ordinal
from shelftalk.words.stems import bag

__all__ = ["end_of", "wrong_place"]

# Superlatives by the end that they name and by what they are said of; a comparative is the same word's ("lighter").
_LOW = {
    "mass": "lightest", "length": "shortest narrowest thinnest slimmest shallowest closest nearest", "time": "shortest quickest fastest soonest earliest briefest",
    "money": "cheapest", "level": "quietest", "light": "dimmest", "temperature": "coldest coolest", "": "finest lowest smallest least fewest slightest weakest slowest poorest youngest tiniest",
}  # fmt: skip
_HIGH = {
    "mass": "heaviest", "length": "longest widest broadest tallest thickest deepest furthest farthest",
    "time": "longest slowest latest", "money": "dearest costliest priciest", "level": "loudest noisiest", "light": "brightest",
    "temperature": "warmest hottest",
    "": "best highest largest biggest greatest most strongest toughest hardest oldest fastest quickest warmest roomiest sharpest stiffest steepest softest stretchiest darkest thickest",
}  # fmt: skip
_IRREGULAR = {"less": "least", "fewer": "fewest", "more": "most", "further": "furthest", "farther": "farthest", "little": "least", "few": "fewest", "much": "most", "many": "most", "better": "highest"}  # fmt: skip
_NO_SUPERLATIVE = bag(
    "rest chest forest modest headrest footrest armrest honest interest request test guest west nest invest suggest "
    "harvest latest protest digest vest best manifest closest crest contest arrest priest quest pest zest"
)  # fmt: skip
_NEGATORS = bag("not no isn't aren't never hardly wasn't nor far")
_GROUP = r"(?:the |these |those |its |all |your )*(?:other |others|rest|peers|neighbours|rivals|competitors|competition|field|fellows|crowd)"
_COUNTS = r"\d+|ten|\w+teen|eleven|twelve|twenty|six|seven|eight|nine"
_UNIVERSAL = re.compile(
    rf"\b(?:no others?|none (?:here )?(?:of|among|is|are|costs?|weighs?|goes|lasts?|holds?|in)|no one else|nobody else|nowhere else"
    rf"|nothing (?:else|here (?:is|costs|weighs|holds|lasts|beats)|among|costs|weighs|of (?:the|these)|in (?:the|these) (?:{_COUNTS}))"
    rf"|no \w+ (?:\w+ )?(?:of|among|in) (?:the|these|all) (?:{_COUNTS})|no \w+ costs|than (?:\w+ )?(?:any|every|all|elsewhere)\b|than (?:\w+ )?{_GROUP}"
    rf"|unlike any|all (?:the )?others)\b"
)
_SHARES = re.compile(r"\b(few|most|many|all|every|each|both)(?: one)? of (?:the|these|those|them|all)\b")
_ALIKE = 3


def end_of(word: str, card: CardFact) -> str:
    """The end that a superlative or comparative names of this fact: "low", "high", or "" where it cannot be said of it."""
    fact = card.fact
    if fact.amount is None:
        return ""
    best = _superlative(word)
    if best is None:
        return ""
    least, most = superlatives(fact.field)
    if best == least:
        return "low"
    if best == most:
        return "high"
    kinds = _kinds(card)
    for table, end in ((_LOW, "low"), (_HIGH, "high")):
        for kind, words in table.items():
            if kind in kinds and kind and best in words.split():
                return end
    for table, end in ((_LOW, "low"), (_HIGH, "high")):
        if best in table[""].split():
            return end
    loose = (least, most) == ("lowest", "highest") and not kinds - {""}
    for table, end in ((_LOW, "low"), (_HIGH, "high")):
        if loose and any(best in words.split() for kind, words in table.items() if kind == "temperature"):
            return end
    return ""


def _kinds(card: CardFact) -> set[str]:
    fact = card.fact
    dimension = "money" if fact.kind == "money" else fact.unit.dimension if fact.unit else ""
    kinds = {{"celsius": "temperature", "fahrenheit": "temperature"}.get(dimension, dimension)}
    least = superlatives(fact.field)[0]
    kinds |= {kind for kind, words in _LOW.items() if kind and least in words.split()}
    return kinds


def _superlative(word: str) -> str | None:
    """The superlative of a superlative or comparative: "lightest" of "lighter", "least" of "less"; None for other words."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in ("most", "least"):
        return word
    if word.endswith("est") and len(word) > 5 and word not in _NO_SUPERLATIVE:
        return word
    if word.endswith("er") and len(word) > 4:
        made = word[:-2] + "est"
        return made if made in _ALL else None
    return None


def names_end(word: str) -> bool:
    """Whether the word names an end: "lightest", "lighter", "most"."""
    return _superlative(word) is not None and word not in _IRREGULAR


_ALL = {w for table in (_LOW, _HIGH) for words in table.values() for w in words.split()}


def wrong_place(text: str, cited: Sequence[CardFact]) -> str:
    """Why something that the text says of the product's place is not proven, "" where all is."""
    placed = [c for c in cited if c.standing is not None]
    for clause in clauses(text):
        if why := _clause(clause, placed, text):
            return why
    return _universal(text, placed) or _shares(text, placed)


def _clause(clause: Sequence[StatementToken], placed: Sequence[CardFact], text: str) -> str:
    for i, token in enumerate(clause):
        if _is_superlative(clause, i):
            if not _superlative_holds(clause, i, placed, text):
                return f'"{token.text}" is not what a cited fact\'s standing says'
        elif (place := ordinal(token.text)) and place > 1 and _ranks(clause, i):
            if not any(place in _ends(c) for c in placed if c.standing and c.standing.number):
                return f'"{token.text}" is not the place of a cited fact'
        elif token.text in ("middle", "midfield", "middling", "mid") and clause[i + 1 : i + 2] and _among(clause, i):
            if not any(min(_ends(c)) > 1 for c in placed if c.standing and c.standing.number):
                return "says the middle, which no cited fact's standing does"
        elif why := _beyond(clause, i, placed):
            return why
    return ""


def _ends(card: CardFact) -> tuple[int, int]:
    return (card.standing.low, card.standing.high) if card.standing else (0, 0)


def _is_superlative(clause: Sequence[StatementToken], i: int) -> bool:
    word = clause[i].text
    before = clause[i - 1].text if i else ""
    if word in ("most", "least"):
        if before in ("at", "than", "for", "on", "with", "almost"):
            return False
        after = clause[i + 1].text if i + 1 < len(clause) else ""
        return (
            before in ("the", "its", "second", "third", "fourth", "fifth")
            or ordinal(before) is not None
            or after in ("expensive", "costly")
        )
    return _superlative(word) == word


def _superlative_holds(clause: Sequence[StatementToken], i: int, placed: Sequence[CardFact], text: str) -> bool:
    word = clause[i].text
    before = [t.text for t in clause[max(0, i - 4) : i]]
    after = clause[i + 1].text if i + 1 < len(clause) else ""
    places = {p for p in (ordinal(w) for w in before[-3:]) if p} | (
        {1} if not any(ordinal(w) for w in before[-2:]) else set()
    )
    if (
        before[-2:] == ["next", "to"]
        or before[-1:] in (["almost"], ["nearly"])
        or before[-2:-1] in (["almost"], ["nearly"])
    ):
        places = {2, 3}
    among = "among" in before or ("of" in before and "one" in before)
    most = next((int(t.amount) for t in clause[max(0, i - 2) : i] if t.amount), _ALIKE)
    denied = bool(set(before) & _NEGATORS) and before[-1:] != ["no"]
    priced = word in ("most", "least") and after in ("expensive", "costly")
    for card in placed:
        standing = card.standing
        if standing is None:
            continue
        if not standing.number:
            continue
        if priced and card.fact.kind != "money":
            continue
        end = end_of(word, card)
        if not end:
            continue
        place = standing.low if end == "low" else standing.high
        if among and place <= max(most, standing.of // 4):
            return True
        if denied and place not in places:
            return True
        if not denied and place in places:
            return True
    return False


def _ranks(clause: Sequence[StatementToken], i: int) -> bool:
    """Whether an ordinal ranks: before a superlative it is that one's, before "of the 16" it stands alone."""
    after = clause[i + 1 : i + 6]
    if any(_is_superlative(clause, j) for j in range(i + 1, min(len(clause), i + 4))):
        return False
    if i and clause[i - 1].text in ("a", "an", "one"):
        return False
    if [t.text for t in after[:2]] == ["from", "the"]:
        return True
    return bool(after) and after[0].text in ("of", "among", "in") and any(t.amount is not None for t in after)


def _among(clause: Sequence[StatementToken], i: int) -> bool:
    return any(t.amount is not None for t in clause[i + 1 : i + 5])


def _beyond(clause: Sequence[StatementToken], i: int, placed: Sequence[CardFact]) -> str:
    """ "Only two are lighter", "lighter than 12 of the 16", "than most": the number beyond on the comparative's side."""
    word = clause[i].text
    best = _superlative(word)
    if best is None or best == word or word in ("much", "many", "little", "few", "better"):
        return ""
    after = [t.text for t in clause[i + 1 : i + 8]]
    before = clause[max(0, i - 7) : i]
    ends = {(end_of(word, c), c) for c in placed if c.standing and c.standing.number}
    known = [(e, c) for e, c in ends if e]
    if "than" in after and "most" in after[after.index("than") : after.index("than") + 3]:
        if not any(2 * (_other(e, c) - 1) > (c.standing.of if c.standing else 0) - 1 for e, c in known):
            return f'"{word} than most" is not proven'
        return ""
    counted = _count(before)
    if counted is None or "than" in after:
        return ""
    either = {p - 1 for _, c in ends for p in _ends(c)}
    if counted not in ({_place(e, c) - 1 for e, c in known} or either):
        return f'"{word}" is not said of {counted:g} by a cited fact\'s standing'
    return ""


def _count(before: Sequence[StatementToken]) -> float | None:
    """The number of products that a comparative is said of: "only two are", "one in 15 is"."""
    for i, token in enumerate(before):
        if token.amount is None or token.text in ("half", "twice"):
            continue
        lead = before[i - 1].text if i else ""
        follow = [t.text for t in before[i + 1 :]]
        if (lead in ("only", "just") and follow[:1] != ["than"]) and set(follow) & {"is", "are", "was", "were", "weigh", "weighs", "cost", "costs", "lasts", "last", "go", "goes", "come", "comes", "holds", "hold", "has", "have", "of", "in", "others"}:  # fmt: skip
            return token.amount
        return None
    return None


def _place(end: str, card: CardFact) -> int:
    low, high = _ends(card)
    return low if end == "low" else high


def _other(end: str, card: CardFact) -> int:
    low, high = _ends(card)
    return high if end == "low" else low


def _universal(text: str, placed: Sequence[CardFact]) -> str:
    """ "No other is lighter", "than any other", "none of the 16": the first place, or a value that no other holds."""
    low = " ".join(t.text for t in tokens(text))
    for match in _UNIVERSAL.finditer(low):
        if re.search(r"\b(?:nearly|almost)\b|\ball but\b", low[max(0, match.start() - 8) : match.end() + 8]):
            continue
        near = low[max(0, match.start() - 70) : match.end() + 70].split()
        words = [w for w in near if _superlative(w) not in (None, w) and w not in _IRREGULAR]
        if not any(_first(c, words) for c in placed):
            return f'"{match.group()}" is not proven by a cited fact\'s standing'
    return ""


def _first(card: CardFact, words: Sequence[str]) -> bool:
    standing = card.standing
    if standing is None:
        return False
    if not standing.number:
        return (
            standing.alike == 1
            or (card.fact.truth is False and standing.alike >= standing.of - 1)
            or standing.alike == standing.of
        )
    ends = {e for e in (end_of(w, card) for w in words) if e}
    return any(_place(e, card) == 1 for e in ends or {"low", "high"})


def _shares(text: str, placed: Sequence[CardFact]) -> str:
    """ "Few of the 16", "most of these": what share of what fits holds the value."""
    low = " ".join(t.text for t in tokens(text))
    for match in _SHARES.finditer(low):
        if re.search(r"\b(?:the|than|with|at|for|on) $", low[: match.start()]) or re.search(
            r"(?:second|third|fourth|nd|rd|th) $", low[: match.start()]
        ):
            continue
        parts = [c.standing for c in placed if c.standing is not None and not c.standing.number]
        shares = [s.alike / s.of for s in parts if s.of] + [1 - s.alike / s.of for s in parts if s.of]
        if parts and not any(_fits(match[1], share) for share in shares):
            return f'"{match.group()}" is not what a cited fact\'s standing says'
    return ""


def _fits(word: str, share: float) -> bool:
    if word in ("all", "every", "each"):
        return share == 1
    return share < 0.34 if word == "few" else share > 0.5 if word == "most" else share > 0.3 if word == "many" else True
