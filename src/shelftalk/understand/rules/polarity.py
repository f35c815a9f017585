"""Which words of a request stand under a negation: "not Sony", "anything but", "had enough of", "is a no-go"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from shelftalk.understand.rules.patterns import alternatives
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Criterion
from shelftalk.words.stems import bag
from shelftalk.words.stop import FUNCTION

# Negative in form, not in meaning: masked before negations are looked for.
_HARMLESS = re.compile(alternatives("harmless"))
_NEGATION = re.compile(rf"\b(?:{alternatives('negation')})\b|{alternatives('negation_apart')}")
_RESUME = re.compile(rf"\b(?:{alternatives('resume')})\b")
_FEW_WORDS = r"^(?:\W*(?!(?:and|or|but|not|never|so|because)\b|\w+n't\b)[\w'-]+\W*?){0,4}?\s*"
_AFTERWARDS = re.compile(rf"{_FEW_WORDS}(?:{alternatives('rejected')})")
_CONTINUES = bag(
    "or nor and a an the any either those these that this whole all such fancy silly stupid darn damn lousy crappy from of with made in by brand brands even also not neither no anything"
)


def negatives(
    text: Text,
    anchors: Mapping[int, int],
    amounts: Iterable[int] = (),
    limits: Collection[int] = (),
    refusable: Collection[int] = (),
) -> list[bool]:
    """For each token, whether a negation reaches it. `anchors` are the tokens at which a value or amount begins, with
    those at which it ends: a negation goes on over a comma or an "and" only to another of these. `amounts` are the first
    tokens of amounts, which use a negation up ("not paying more than 50 for a Sony"). At `limits` the words of an amount
    begin: once a negation has turned something `refusable` down, it ends before them ("not black under 120")."""
    return _Scope(text, anchors, amounts, limits, refusable).read()


class _Scope:
    """Walks over the tokens with what holds so far: a negation (`state`) that has turned something down (`spoken`) or is "non-"
    (`once`, up to token `until`, inside another where `outer`), and a clause that turns something down (`denied`)."""

    def __init__(
        self, text: Text, anchors: Mapping[int, int], amounts: Iterable[int], limits: Collection[int],
        refusable: Collection[int],
    ) -> None:  # fmt: skip
        self.text, self.anchors, self.limits, self.refusable = text, anchors, limits, refusable
        self.masked = _HARMLESS.sub(lambda m: "\u0001" * len(m.group()), text.low)
        self.inner = {j for first, last in anchors.items() for j in range(first + 1, last + 1)}
        self.spent = {anchors[a] for a in amounts if a in anchors}
        self.starts = set(anchors) - set(amounts)
        self.state = self.outer = self.once = self.spoken = self.denied = False
        self.until = -1

    def read(self) -> list[bool]:
        """For each token, whether a negation reaches it."""
        events = self._events()
        out: list[bool] = []
        for i, token in enumerate(self.text.tokens):
            if self._ends(i):
                self.state = False
            if token.hard or token.aside or token.comma or token.low in ("but", "so", "and"):
                self.denied = False
            for offset, negates in sorted(events.get(i, ()), key=lambda e: (e[0], not e[1])):
                self._meet(i, offset, negates)
            self._once(i)
            out.append(self.state)
            self.spoken = self.spoken or (self.state and i in self.refusable)
            after = self.text.tokens[i + 1] if i + 1 < len(self.text.tokens) else None
            goes_on = after is not None and after.low in ("or", "nor") and not after.hard
            if i in self.spent and not goes_on:
                self.state = False
        return out

    def _events(self) -> dict[int, list[tuple[int, bool]]]:
        """By token, the offsets at which a negation ends (True) or what is wanted begins again (False)."""
        events: dict[int, list[tuple[int, bool]]] = {}
        for match in _NEGATION.finditer(self.masked):
            if match.group() != "no" or self.masked[match.end() : match.end() + 1] != ".":
                events.setdefault(self.text.at(match.end()), []).append((match.end(), True))
        for match in _RESUME.finditer(self.masked):
            if not self._inside(match):
                events.setdefault(self.text.at(match.start()), []).append((match.start(), False))
        return events

    def _inside(self, match: re.Match[str]) -> bool:
        """Whether words that begin a wish stand within what is turned down: "nothing that needs batteries"."""
        said, lead = match.group(), self.masked[: match.start()]
        relative = lead.endswith(("that ", "which ", "who ")) and said.startswith(("need", "has", "should", "must"))
        if said.startswith("anything") or said == "something" or relative:
            return _negated_before(self.masked, match.start()) or self._denied_here(lead)
        return self._denied_here(lead)

    def _denied_here(self, lead: str) -> bool:
        return _NEGATION.search(lead[-18:].rsplit(",", 1)[-1]) is not None

    def _ends(self, i: int) -> bool:
        """Whether what holds so far ends before token i."""
        token = self.text.tokens[i]
        if token.hard or token.aside or "\u0001" in self.masked[token.start - len(token.gap) : token.start + 1]:
            return True
        if not self.state:
            return False
        if (self.spoken and i in self.limits) or _MILD.search(self.text.low[max(0, token.start - 8) : token.end]):
            return True
        if token.low in ("but", "so", "because", "then", "if", "plus", "since"):
            return True
        if token.low == "and" and (not _next_is_value(self.text, i + 1, self.starts) or _stands_alone(self.text, i)):
            return True
        if token.low == "with" and any(
            last == i - 1 and _BY.search(self.text.low[: self.text.tokens[first].start])
            for first, last in self.anchors.items()
        ):
            return True  # "not from Sony with a 20 inch screen" wants the screen
        if self.spoken and token.low == "with" and _WITH_A.match(self.text.low, token.end):
            return True  # "not black with a drop of at most 8 mm" wants the drop
        return (token.comma or ("&" in token.gap and i not in self.inner)) and self._ends_at_comma(i)

    def _ends_at_comma(self, i: int) -> bool:
        token = self.text.tokens[i]
        if not (self.spoken or self.once):
            return True
        if self.spoken and token.comma and i - 1 not in self.inner and i - 1 not in self.anchors:
            return True
        if not _next_is_value(self.text, i, self.starts) or _stands_alone(self.text, i - 1):
            return True
        return token.comma and token.low in _ARTICLES

    def _meet(self, i: int, offset: int, negates: bool) -> None:
        """A negation, or words that begin a wish, before token i."""
        token = self.text.tokens[i]
        if negates and (token.hard or token.aside):
            return
        if negates and self.denied and _RELATIVE.search(self.masked[max(0, offset - 22) : offset]):
            self.state = False
            return
        once = negates and _NON.search(self.masked[:offset]) is not None
        if once and i not in self.anchors and i not in self.refusable:
            return  # "non-stick" is a word of its own where no field speaks of sticking
        self.once = once
        self.outer = self.once and self.state and not self.text.tokens[i - 1].comma
        # "I don't want non-biodegradable litter" asks for what the second negation denies.
        self.state = negates and not self.outer
        self.spoken = False
        # "a lamp without usb that isn't white" speaks of the lamp
        beside = self.once or self.masked[:offset].endswith(("without", "w/o"))
        self.denied = negates and (self.denied or not beside)
        self.until = -1

    def _once(self, i: int) -> None:
        """ "non-" reaches the one word or value behind it."""
        token = self.text.tokens[i]
        if self.once and self.until < 0:
            self.until = self.anchors.get(i, i)
        elif self.once and self.until < i:
            self.state, self.once = self.outer and (token.comma or token.low in ("or", "nor", "and")), False


# What follows is wished for, if mildly: "nothing expensive, maybe grey".
_MILD = re.compile(r"\b(?:maybe|perhaps|possibly|preferably|ideally|rather(?! than))$")
_WITH_A = re.compile(r" (?:an?|some|at (?:least|most)|(?:more|less) than|over|under|\d)\b")
_ARTICLES = frozenset(("a", "an", "some"))
_BY = re.compile(r"\b(?:from|by) $")
_NON = re.compile(r"(?<![^\W_])non$")
_RELATIVE = re.compile(
    r"\b(?:that|which|who|it)(?: just| even| still| really)? (?:\w+n't|cannot|can not|is not|does not|will not)(?: even)?$|\bwithout$"
)


def _negated_before(masked: str, offset: int) -> bool:
    clause = re.split(r"[.,;!?]", masked[:offset])[-1]
    return bool(_NEGATION.search(clause))


def refused(criterion: Criterion, request: str) -> Criterion | None:
    """The criterion turned round where a thing that it is about is turned down by words outside of its own ("without a hood" wants no
    hood, "not for the road" no road); None where no number answers the absence ("no laptop compartment"). What is not to happen
    ("won't leak in my bag") is no such thing: the encoder reads it whole, but a part of it names no value ("don't hurt my ears" no in-ear)."""
    words = criterion.words.lower()
    at = request.lower().find(words)
    if not words or at < 0:
        return criterion
    if criterion.value is True and _lacks(criterion.field, words):
        return replace(criterion, value=False)
    if _NEGATION.search(words):
        return criterion
    before = re.split(r"[.,;:!?()\n]", request.lower()[:at])[-1]
    plain = _HARMLESS.sub(lambda m: "\u0001" * len(m.group()), before)
    if not (_LACKING if " " in words else _NOT).search(plain):
        named = criterion.want == "is" and isinstance(criterion.value, str)
        return None if named and _SHALL_NOT.search(plain) else criterion
    if criterion.want == "is":
        if isinstance(criterion.value, bool):
            return replace(criterion, value=False)
        return replace(criterion, want="not")
    return None if criterion.want in ("low", "high") and _NONE.search(before) else criterion


def _lacks(field: str, words: str) -> bool:
    """Whether the words turn down what a yes/no field is called by: "without usb" the field "usb_port"."""
    called = set(re.findall(r"[^\W_]{3,}", field.removeprefix("attributes.").lower()))
    return any(m[1] in called for m in _WITHOUT.finditer(words))


_WITHOUT = re.compile(r"\b(?:without|w/o)(?: (?:a|an|any|the))? ([^\W_]{3,})")
_ANY = r"(?: (?:a|an|any|the|one|of|those|these|that|kind))*\s*$"
_NONE = re.compile(rf"\b(?:no|without|w/o|free of){_ANY}")
_LACKING = re.compile(
    rf"(?:\b(?:no|without|w/o|free of|anything but|except|not (?:for|on|in|with|of|made (?:of|from)))|n't (?:have|need|want|like)"
    rf"|\b(?:hates?|dislikes?|detests?|loathes?|avoid|(?:can't|cannot) stand|(?:tired|sick) of|allergic to)(?: \w+ (?:and|or))?){_ANY}"
)
# What is not to happen, up to the thing that it would happen to.
_SHALL_NOT = re.compile(r"(?:n't|\b(?:not|never|cannot))(?: \w+){1,4}\s*$")
_NOT = re.compile(rf"\bnot\s*$|{_LACKING.pattern}")
_VERB = re.compile(
    r"\b(?:suits?|works?|is fine|are fine|is good|are good|would be|is my|are my|i'm|sounds?|i need|i want|is what|is a must|are a must|is great|are great|will do|is enough|'s my|'s fine|'s what|will be fine|would do|it has|it's got|it needs|it must|has to|have to|i prefer|i like|i love)\b"
)


def _stands_alone(text: Text, i: int) -> bool:
    """Whether what follows the "and" at i is a clause of its own: "... and polo suits me"."""
    return bool(_VERB.search(re.split(r"[.,;!?]", text.low[text.tokens[i].end :])[0]))


def _next_is_value(text: Text, i: int, starts: set[int]) -> bool:
    tokens, strange = text.tokens, 0
    for j in range(i, min(len(tokens), i + 4)):
        if j in starts:
            return True
        if j > i and tokens[j].hard:
            return False
        if tokens[j].low not in _CONTINUES:
            strange += 1
            if strange > 1 or tokens[j].low in FUNCTION:
                return False
    return False


def rejected_after(text: Text, last: int) -> bool:
    """Whether what follows token `last` turns it down: "Sony is a no-go", "silver doesn't do it for me"."""
    rest = re.split(r"[.,;!?]", text.low[text.tokens[last].end :][:90])[0]
    return bool(_AFTERWARDS.match(rest.lstrip("'s ").lstrip()))
