"""The same request in another frame, and with words around it that ask for nothing.

Every rule swaps a phrase for one of the same meaning. Content words, numbers and denials are left as they are; a rewrite
that would touch one of the latter two is not made.
"""

from __future__ import annotations

import random
import re

from shelftalk.evaluate.perturb.noise.words import denials, figures, keeps_capital

__all__ = ["OPENERS", "chatter", "opened", "paraphrase"]

_OPENER = re.compile(
    r"(?:(?:please )?(?:can|could) you (?:please )?(?:find|show|recommend|suggest)(?: me)?|(?:please )?(?:show|find|get|give) me|"
    r"i(?:'m| am|m) (?:looking|searching|shopping) for|i(?:'m| am) after|i(?:'d| would) like(?: to (?:buy|find|get|have))?|"
    r"i (?:want|need)(?: to (?:buy|find|get))?|do you (?:have|sell|stock)|have you got|looking for|searching for)\s+"
    r"(?=(?:an?|some|any|the|two|three|four|five|\d|[a-z-]+ (?:for|with|that|in)\b))",
    re.IGNORECASE,
)  # fmt: skip
# A request that begins so is no bare thing, and no frame is put before it.
_SENTENCE = re.compile(
    r"(?:and|or|but|with|which|what|where|who|how|when|why|is|are|do|does|did|can|could|would|will|should|i|i'm|i'd|i've|we|my|you|"
    r"your|our|it|this|that|there|he|she|they|hi|hello|hey|need|want|show|find|name|list|give|get|tell|write|looking|present|"
    r"birthday|wedding|gift|between|from|under|over|below|anything|something|nothing|please|the \w+ ones?|for|in|on-ear|one)\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"(?:an?|some|any|the|two|three|four|five|six|\d+)\s", re.IGNORECASE)
_SUPERLATIVE = re.compile(r"(?:\w{3,}est|best|top|highest|lowest|most|least)\b(?! one)", re.IGNORECASE)
# For a thing that carries an article or a number, and for one that does not.
OPENERS = (
    "I'm looking for {}",
    "I am after {}",
    "I'd like {}",
    "Do you have {}?",
    "Could you find me {}?",
    "Please show me {}",
    "Looking for {}",
    "Can you recommend {}?",
)
BARE = (
    "I'm looking for the following: {}",
    "Wanted: {}",
    "Could you help me find this: {}?",
    "What I need: {}",
    "My search: {}",
    "I'd like to see what you have in this line: {}",
)
_MONEY = r"(?=\s(?:[$€£]\s?)?\d[\d.,]*(?:\s?(?:euros?|eur|dollars?|usd|pounds?|gbp|bucks|[$€£]))?)"
_SWAPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\b(?:for )?(?:under|below)" + _MONEY, ("for less than", "below", "under")),
    (r"\b(?:costs|costing) less than\b", ("costs under",)),
    (r"\bweighs less than\b", ("weighs under",)),
    (r"\bat least\b", ("a minimum of",)),
    (r"\bup to(?=\s\d)", ("at most",)),
    (r"\bat (?:the )?most\b", ("at the very most",)),
    (r"\b(\d[\d.,]*\s?(?:[a-zA-Z]+)) or more\b", (r"at least \1",)),
    (r"\bmore than(?=\s\d)", ("over", "above")),
    (r"\bcheapest\b", ("least expensive", "lowest-priced")),
    (r"\bmost expensive\b", ("priciest", "highest-priced")),
    (r"\bbest rated\b", ("highest rated", "top rated")),
    (r"\bbiggest\b", ("largest",)),
    (r"\bbetween (\d[\d.,]*) and (\d[\d.,]*)", (r"from \1 to \2", r"\1 to \2")),
    (r"\b(\d[\d.,]*) to (\d[\d.,]*)(?=\s?\w)", (r"between \1 and \2",)),
    (r"\bideally\b", ("preferably", "if possible")),
    (r"\bpreferably\b", ("ideally",)),
    (r"\bwould be nice\b", ("would be good",)),
    (r"\bthat goes in the washing machine\b", ("that can be machine washed",)),
    (r"\bI can put in the dishwasher\b", ("that may go into the dishwasher",)),
    (r"\bfor women\b", ("for ladies",)),
    (r"\bpresent\b", ("gift",)),
    (r"\bgift\b", ("present",)),
)
_BEFORE = (
    "Hi there!", "Hello, hope you are well.", "Good morning!", "Hey,", "Hi, a friend told me about your shop.",
    "Hello! I have been browsing for a while now.", "Sorry to bother you.", "OK so here goes:",
)  # fmt: skip
_AFTER = (
    "Thanks a lot!", "Many thanks in advance.", "Cheers", "Thank you so much, have a lovely day!", "Any help is welcome.",
    "Hope you can help me.", "Looking forward to your ideas :)", "I am really curious what you come up with.",
)  # fmt: skip


def paraphrase(text: str, rng: random.Random) -> str | None:
    """The request in another frame, or with a phrase of the same meaning; None where no rule fits."""
    swaps = [(re.compile(p, re.IGNORECASE), to) for p, to in _SWAPS if re.search(p, text, re.IGNORECASE)]
    changed = text
    for pattern, to in rng.sample(swaps, min(len(swaps), 2)):
        # one rule a place: a phrase that another rule just wrote is not turned back
        if found := pattern.search(changed):
            new = found.expand(rng.choice([t for t in to if t != found.group().lower()] or [found.group()]))
            if found.group()[0].isupper() and re.search(r"(?:^|[.?!]\s)$", changed[: found.start()]):
                new = new[:1].upper() + new[1:]
            changed = changed[: found.start()] + new + changed[found.end() :]
    changed = opened(changed, rng) or changed
    same = denials(changed) == denials(text) and figures(changed) == figures(text)
    return changed if same and changed != text else None


def opened(text: str, rng: random.Random) -> str | None:
    """The text behind another opener ("I'm looking for ..."); None for one that is a sentence of another kind."""
    found = _OPENER.match(text)
    thing = text[found.end() :] if found else text
    if not found and _SENTENCE.match(thing):
        return None
    head, end, rest = _first_sentence(thing)
    head = re.sub(r",?\s*please$", "", head, flags=re.IGNORECASE)
    if end == "?" and not found:
        return None
    if not found and _verb(head):
        return None
    if _SUPERLATIVE.match(head):
        head = "the " + head[:1].lower() + head[1:]
    frames = OPENERS if found or _ARTICLE.match(head) else BARE
    frame = rng.choice([o for o in frames if not text.lower().startswith(o.split(" {")[0].lower())])
    head = head if keeps_capital(head) else head[:1].lower() + head[1:]
    framed = frame.format(head.rstrip(" ,"))
    return framed + ("" if framed.endswith("?") else end.replace("?", "")) + rest


def chatter(text: str, rng: random.Random) -> str:
    """The request with a greeting before it, thanks behind it, or both."""
    before, after = rng.choice(_BEFORE), rng.choice(_AFTER)
    kind = rng.choice(("before", "after", "both"))
    closed = text if text.rstrip()[-1:] in ".!?" else text.rstrip() + "."
    return {"before": f"{before} {text}", "after": f"{closed} {after}", "both": f"{before} {closed} {after}"}[kind]


def _first_sentence(text: str) -> tuple[str, str, str]:
    """The first sentence, its stop, and what follows it; a stop inside a number is none."""
    found = re.search(r"([.?!])(?=\s|$)", text)
    return (text[: found.start()], found.group(), text[found.end() :]) if found else (text, "", "")


def _verb(head: str) -> bool:
    """Whether a bare thing holds a finite verb of the shopper's, so that a frame before it would make no sentence."""
    return re.search(r"\b(?:I'm|I am|I need|I want|I have|is there|are there|we are|need to)\b", head) is not None
