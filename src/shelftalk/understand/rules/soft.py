"""What is left of a request when its hard parts are taken out: soft wishes and words for the search."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.patterns import alternatives
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint, Criterion
from shelftalk.words.stems import bag, stem
from shelftalk.words.stop import FILLER, FUNCTION

_FOR = re.compile(
    r"\b(?:for|to give|as a)\s+(?!(?:under|less|more|about|around|the price|sale|me\b|\d|that price|this price|it\b|them\b|sure|now|real|us\b|real|free|cheap|a good|something))((?:(?:my|a|an|the|our|his|her|their|some|in|on|at|of|and|with|to|use)\s+)*[\w'-]+(?:\s+(?!(?:under|less|for|that|with|but|below|over|at least|which|who|from|please|and|or|if|can|could|what|i)\b)[\w'-]+){0,4})",
    re.I,
)
_SEEKING = re.compile(
    r"\b(?:look|looking|search|searching|shop|shopping|hunt|hunting|need|want|ask|asking|market|wish|wishing|hope|hoping|after) $"
)
_TASTE = re.compile(
    r"\b(?:(?:likes|loves|enjoys|adores)|(?:who|they|kids|children|people|both|all) (?:like|love|enjoy|adore)|(?:is|are|he's|she's|they're) (?:really |very |quite |so )?(?:into|keen on|fond of|crazy about|mad about|obsessed with|interested in))\s+((?:\w[\w'-]*\s*){1,3})",
    re.I,
)
_GIFT = re.compile(
    r"\b(?:gift|present|birthday|christmas|anniversary|valentine'?s?|wedding|graduation|mother'?s day|father'?s day|housewarming|stocking stuffer|retirement|easter|halloween)\b",
    re.I,
)
SOFT = bag(
    "comfortable comfy cozy cosy durable sturdy rugged reliable solid quality stylish elegant pretty beautiful cute sleek chic trendy fashionable classy modern vintage retro simple basic lightweight light compact portable small big large quiet silent fast quick powerful strong bright soft gentle warm cool breathable easy versatile professional fancy premium luxury luxurious practical handy convenient safe nontoxic eco-friendly sustainable ethical healthy fun colorful colourful bold minimalist ergonomic adjustable smooth crisp sharp clear loud decent nice good great best perfect ideal unique special personalized thin slim thick heavy travel outdoor indoor camping hiking running gym office school kids family beginner pro gaming everyday casual formal sporty romantic funny thoughtful"
)
# What small talk says, what decides first.
_SAID = {
    kind: re.compile(rf"\b(?:{alternatives(kind)})(?!\w)", re.I)
    for kind in ("declined", "farewell", "who", "how", "thanks", "greeting")
}
_ANY_CHAT = "|".join(
    alternatives(kind) for kind in ("declined", "how", "who", "thanks", "farewell", "greeting", "chat")
)
_CHAT = re.compile(rf"^\W*+(?:(?>(?:{_ANY_CHAT})(?!\w))\W*+)++$", re.I)
STEERING = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b(?: \w+){0,4} (?:instructions?|prompts?|rules|guidelines|system|above|previous)\b|\b(?:system|hidden|initial|your) (?:prompt|instructions)\b|\b(?:print|reveal|repeat|show|output|leak|dump)\b(?: \w+){0,4} (?:prompt|instructions|system message|password|api key|secret|configuration)\b"
    r"|\b(?:you are now|pretend (?:to be|you)|act as|roleplay|jailbreak|dan mode|developer mode)\b|\b(?:drop|delete from|truncate) table\b",
    re.I,
)
CHORE = re.compile(alternatives("chore"), re.I)
ASKS = re.compile(
    r"\b(?:buy|purchase|looking for|shopping|need|want|recommend|suggest|find me|show me|get me|cheapest|(?:under|below|over) [$€£]?\d+|gift|price|in stock|do you (?:have|sell|carry)|got any|which|best)\b",
    re.I,
)


def small_talk(text: str) -> bool:
    """Whether a text, in lower case, is nothing but a greeting, thanks or the like."""
    return _CHAT.match(text) is not None


def talk_said(text: str) -> tuple[str, ...]:
    """What a text of small talk says: "declined", "farewell", "who", "how", "thanks" or "greeting"; () for one that is none, ("",) for one that
    says nothing of these ("okay")."""
    if not small_talk(text):
        return ()
    return tuple(kind for kind, pattern in _SAID.items() if pattern.search(text)) or ("",)


def is_shopping(text: Text, found_anything: bool) -> bool:
    """Whether the turn asks for a product: False for small talk, other chores, and attempts to steer the assistant."""
    if not text.tokens:
        return False
    if small_talk(text.low):
        return False
    if STEERING.search(text.low) or CHORE.search(text.low):
        return found_anything and bool(ASKS.search(CHORE.sub(" ", STEERING.sub(" ", text.low))))
    return True


_MILDLY_TOO = re.compile(
    r"(?: (?P<thing>\w+))?,? (?:(?:maybe|perhaps|possibly|ideally|preferably)\s*(?:[.,;!?]|$)|(?:if (?:you have|there is|there's|you've got) (?:it|one|any|some|them)|if (?:at all )?possible|if you can|(?:(?:would|'d|will) be|is|are) an? (?:big |nice )?(?:plus|bonus)|(?:would|'d) be (?:nice|lovely|great|good|handy|cool|welcome|perfect|ideal|useful|appreciated))\b)"
)
_MILDLY = re.compile(r"(?<!or )\b(?:maybe|perhaps|possibly|ideally|preferably)(?: (?:in|with|an?|something|one))* $")


# "for cycling to work" tells when it is used, and asks for no product made for cycling
_ON_THE_WAY = re.compile(
    r" to (?:and from )?(?:the |my |our |his |her )?(?:work|school|uni\w*|college|office|job|town|class|shops?|gym|station|campus|kindergarten|nursery)\b"
)


def mildly(text: Text, first: int, last: int, nouns: Collection[str]) -> bool:
    """Whether the words from token `first` to `last` are only thought of: "maybe grey", "pockets would be a plus". Of a thing itself
    ("a grey blanket would be nice") that is politeness; `nouns` are the stems of what the shop sells."""
    start, after = text.tokens[first].start, _MILDLY_TOO.match(text.low[text.tokens[last].end :][:50])
    if text.tokens[last].low.endswith("ing") and _ON_THE_WAY.match(text.low[text.tokens[last].end :]):
        return True
    return bool(_MILDLY.search(text.low[max(0, start - 40) : start])) or (
        after is not None and (after["thing"] is None or stem(after["thing"]) not in nouns)
    )


def milds(text: Text, found: Sequence[Mention], nouns: Collection[str]) -> list[Mention]:
    """The values that are only thought of: "a warm blanket, maybe grey"."""
    return [m for m in found if m.field != "categories" and mildly(text, m.first, m.last, nouns)]


def mild_limits(
    text: Text, limits: Sequence[Constraint], mild: Sequence[Mention], nouns: Collection[str]
) -> tuple[list[Constraint], list[Criterion]]:
    """The yes/no limits that are meant, and those that are only thought of, with the `mild` values, as mild wishes."""
    kept: list[Constraint] = []
    wished = [Criterion(m.field, "is", m.value.value, 1, text.span(m.first, m.last)) for m in mild if m.value]
    for limit in limits:
        at = text.low.find(limit.span.lower()) if limit.span else -1
        first, last = text.at(at), text.at(at + len(limit.span)) - 1
        if at < 0 or isinstance(limit.value, tuple) or not mildly(text, first, max(first, last), nouns):
            kept.append(limit)
        elif limit.operator in ("=", "!="):
            wished.append(Criterion(limit.field, "is" if limit.operator == "=" else "not", limit.value, 1, limit.span))
    return kept, wished


def preferences(text: Text, used: set[int], negative: list[bool], mild: Sequence[Mention] = ()) -> tuple[str, ...]:
    """Soft wishes in the shopper's words, at most eight: purposes, recipients, tastes and what is only thought of (`mild`).
    What other words want is left to the search and to the language model."""
    out: list[str] = []

    def add(words: str) -> None:
        words = words.strip(" ,.'\"")
        if words and all(words.lower() not in o.lower() for o in out) and len(words) < 80:
            out.append(words)

    for match in _FOR.finditer(text.text):
        first, last = text.at(match.start()), max(text.at(match.start()), text.at(match.end()) - 1)
        inside = [i for i in range(first, last + 1) if i < len(text.tokens)]
        content = [i for i in inside if text.tokens[i].low not in FILLER]
        if _SEEKING.search(text.low[max(0, match.start() - 14) : match.start()]):
            continue
        if not content or all(i in used for i in content) or (inside and negative[inside[0]]):
            continue
        add(match.group())
    for match in _TASTE.finditer(text.text):
        if not any(negative[i] for i in range(text.at(match.start(1)), min(text.at(match.end(1)), len(negative)))):
            add(match.group(1))
    for match in _GIFT.finditer(text.text):
        add(match.group())
    for mention in mild:
        add(text.span(mention.first, mention.last))
    return tuple(out[:8])


def tastes(text: Text) -> set[int]:
    """The tokens that say what somebody likes ("who likes building"): a taste to search by, no property to insist on."""
    found: set[int] = set()
    for match in _TASTE.finditer(text.text):
        found.update(range(text.at(match.start(1)), min(text.at(match.end(1)), len(text.tokens))))
    return found


def liked(request: str) -> tuple[str, ...]:
    """What the request says that somebody likes, in its words: "dinosaurs" of "he loves dinosaurs"."""
    out = []
    for match in _TASTE.finditer(request):
        words = match[1].split()
        while words and words[0].lower() in FUNCTION:
            words.pop(0)
        end = next((n for n, w in enumerate(words) if w.lower() in FUNCTION), len(words))
        if any(w.lower() not in FILLER and len(w) > 3 for w in words[:end]):
            out.append(" ".join(words[:end]))
    return tuple(dict.fromkeys(out))


KEPT = bag(
    "case hand hook point pull quick spot standard long top work system simple cool fit light stand cover track shell old new lower"
)
SHORT_REQUEST = 6
# By these a query says that the request leaves the kind of thing open; retrieval looks at them and searches without.
_OPEN = bag("something anything")


def query(text: Text, dropped: set[int], negative: Iterable[bool], named: Collection[int] = ()) -> str:
    """The content words of the request, without limits, negated words and filler, in their order. A request of a few
    words is a search as it stands: only words of grammar are left out. A word that was set right stands in both spellings."""
    brief = len(text.tokens) <= SHORT_REQUEST
    kept: list[str] = []
    tokens, before = text.tokens, -2
    for i, (token, off) in enumerate(zip(tokens, negative, strict=True)):
        if i in dropped or off:
            continue
        glued = i + 1 < len(tokens) and tokens[i + 1].gap == "" and tokens[i + 1].numeric  # the "a" of "a11"
        plain = token.low in FUNCTION if brief else token.low in FILLER and token.low not in KEPT
        plain = (plain or token.low.endswith("n't")) and token.low not in _OPEN
        plain = plain or (token.low in ("least", "most") and i > 0 and tokens[i - 1].low == "at")
        letter = len(token.low) == 1 and not token.numeric and not brief
        if i not in named and (plain or letter) and not glued:
            continue
        if token.gap == "" and before == i - 1 and (token.numeric or tokens[i - 1].numeric):
            kept[-1] += token.text  # "a11", "4K"
        elif not kept or kept[-1].lower() != token.low:
            # a name that the facets do not hold may be no slip at all: both are searched for
            kept.append(f"{token.written} {token.text}".strip().removesuffix("'s"))
        before = i
    return " ".join(kept[:40])
