"""Which words of a request stand under a negation: "not Sony", "anything but", "had enough of", "is a no-go"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Criterion
from shelftalk.words.stems import bag
from shelftalk.words.stop import FUNCTION

# Negative in form, not in meaning: masked before negations are looked for.
_HARMLESS = re.compile(
    r"(?:do(?:es)?n't|wouldn't|won't|not|never) (?:really )?mind\b|not (?:only|just|to mention|bad|necessarily|sure|against|opposed to|averse to)\b|no (?:matter|doubt|problem|worries|wonder|joke|need to worry|later|more than|less than|fewer than|higher than|lower than|bigger than|larger than|smaller than|longer than|shorter than|greater than|slouch|nonsense|frills|fuss|strings)\b"
    r"|can't (?:go wrong with|get enough of|live without|do without|wait|resist|beat|help but|say no to|stop|do with less)|couldn't (?:live|do) without|nothing (?:but|other than|except|else than)\b|(?:no one|nobody) but\b|none (?:but|other than)\b"
    r"|(?:not|n't|never|refuse|no) (?:[\w'-]+ ){0,8}?(?:anything|any(?:one|body)?|something)(?: \w+)? (?:but|other than|except(?: for)?|besides|apart from|that(?:'s| is|'re| are)? not|that isn't|without)\b"
    r"|(?:not|n't|never) (?:\w+ ){0,3}?(?:settle|go|settling|going) (?:for )?(?:anything )?(?:without|less than|below|under)\b|not (?:more|less|over|under|above|below|exceeding|greater|fewer|bigger|larger|smaller|longer|shorter|higher|lower|heavier|lighter|cheaper) than?\b"
    r"|\b(?:not over|not under|not above|not below|not exceeding|not to exceed|n't exceed|no more|never exceed)(?= (?:than )?[$€£\d])|(?:n't|not|never|no) (?:[\w'-]+ ){0,8}?(?:any )?other (?:\w+ )?than\b|\bnot[- ](?:too|so|very|overly|super|all that|that|particularly|quite|extremely|terribly)[- ](?!many\b|much\b|into\b|keen\b|fond\b|interested\b)\w+|whether or not|nothing (?:against|wrong with)\b|if not\b|or not\b|why not\b|no\.\s?\d|\bno idea\b|don't (?:know|forget|hesitate|worry)|can(?:no|')t (?:\w+ )?(?:decide|choose|pick|find|figure|afford to wait|make up my mind)|haven't (?:\w+ )?(?:decided|found|made up my mind)|doesn't matter|n't matter|n't (?:that )?(?:picky|fussy)|\bno[- ](?:fuss|frills|brainer|hassle|iron)\b|(?:n't|not|never) settle for (?:anything )?less than"
)
_NEGATION = re.compile(
    r"\b(?:not|never|no|nor|neither|nothing|none|without|w/o|except(?: for)?|excluding|exclude[sd]?|avoid(?:s|ing)?|hat(?:e|es|ed|ing)|dislik(?:e|es|ed|ing)|despis(?:e|es|ed)|loath(?:e|es|ed)?|detest(?:s|ed)?"
    r"|skip(?:s|ping)?|minus|non|ditch(?:ing|ed)?|drop the|rather than|instead of|as opposed to|other than|apart from|aside from|besides|anti|hold the|free of|but not"
    r"|(?:any|every)\w*(?: \w+){0,3}? but(?= (?!(?:i|it|also|with|not|they|that|the price|my|must|needs?|has|should|at|cost|costs|costing|under|less|still|only|for|can)\b))|all but|all except"
    r"|(?:tired|sick|bored|wary|weary|exhausted|annoyed)(?: and tired)?(?: of| with| by)|had (?:it(?: up to here)?|enough|my fill|quite enough|more than enough)(?: of| with)?|enough (?:of|with)|(?:done|through|finished|over and done) (?:dealing |messing |playing )?(?:with|using|buying|wearing)|fed up (?:of|with)"
    r"|stay(?:s|ing)? (?:away|clear) (?:from|of)|steer(?:s|ing)? (?:away|clear) (?:from|of)|keep(?:ing)?(?: \w+){0,2} (?:away|clear) (?:from|of)|run(?:ning)? away from|turn(?:ed|s)? off by|shy(?:ing)? away from|move (?:on|away) from|moving (?:on|away) from|get(?:ting)?(?: me| us)? away from|switch(?:ing)? (?:away )?from|a break from|break (?:up )?with|bre?aking up with|parting ways with"
    r"|(?:allerg(?:ic|y|ies)|sensitive|intolerant|reacts?|reacting)(?: \w+ly)? to|intolerant of|forget(?: about)?|burned by|burnt by|(?:bad|lousy|terrible|awful|poor|rough|horrible|nasty|worst) (?:experiences?|luck|history|time|times|run) with|let down by|disappointed (?:by|with|in)|(?:problem|problems|issue|issues|trouble|troubles|beef|grudge|hassle|complications?|difficulty|difficulties)(?: in the past| before| previously| lately| recently)? (?:with|against)|pass on|giv(?:e|en|ing) up on|sworn off|swore off|swear off|boycott(?:ing)?|refuse(?:s)? to|lost faith in|lost trust in|can(?:no|')t|against|bone to pick with|scratch(?:ing)?|cross(?:ing)? off|anything different from|different from|different than|leave out|spare me|cut (?:out|the)|too (?:lazy|busy|tired|impatient) (?:to|for)|zero (?:patience|interest|tolerance|time)(?: for| in)?|out of the question|enough already with|ain't)\b"
    r"|n't\b|\bi'?m (?:so |totally |completely |really |kinda |just )?over(?= (?:[a-z]|the|those|these)(?!\w* ?\d))(?! \d)|\bcant\b|\bdont\b|\bdoesnt\b|\bisnt\b|\bwont\b|\baint\b|\bwouldnt\b|\bdidnt\b|\barent\b"
)
_RESUME = re.compile(
    r"\b(?:i (?:just |really |only |still |also |do |actually |definitely |would |absolutely |always )?(?:need|want|prefer|like|love|trust|fancy|require|am looking|was looking|wanna)|i'd (?:rather|like|prefer|love|want)|i'm (?:looking|after|in the market|searching|hunting|into|all about|interested|only|just|more|still|leaning|going|keen|a fan)|i'll (?:take|only|need)|"
    r"(?:find|give|get|show|fetch|pull|hook|point|recommend|suggest|track|dig|grab|bring|pick|locate|hand|toss|tell|gimme|hit|sell|pass) (?:me|us|up|out|down)|gimme|got any|got a|do you (?:have|got|carry|sell)|have you got|can you|could you|what's|what is|which|it (?:has to|must|needs to|should|better|also)|(?:it's|its|it has|that's) (?:got to|gotta)|must be|needs? to be|has to be|should be|make sure|make it|prefer|prefers|gotta|got to|i usually|i always|stick(?:ing)? (?:to|with)|looking for|on the hunt|instead|however|though|although|except that|just (?:a|an|the|need|want|give|find|show|get|something|some)|only (?:want|need|interested)|that (?:can|could|i can|will|you can)|something|anything (?:that|with|under|over|below|above|less|more)|preferably|ideally|while still|whilst|yet|as long as)\b"
)
_AFTERWARDS = re.compile(
    r"^(?:\W*(?!(?:and|or|but|not|never|so|because)\b|\w+n't\b)[\w'-]+\W*?){0,4}?\s*"
    r"(?:(?:is|are|was|were)? ?(?:a |an )?(?:(?:big |hard |huge |definite |firm )?(?:fat )?no(?= for me| from me| thanks| way|\W*$)|no[- ]?go|no[- ]?no|deal[- ]?breaker|turn[- ]?off|dud|pain|letdown|rip[- ]?off|nope|off the table|out of the question|overrated|not happening)|(?:is|are|'s) (?:just |way |far |a bit |a little |kinda )?(?:out\b|too\b)|away from me|(?:is not|are not|does not|do not|did not|will not|isn't|aren't|wasn't|weren't|ain't|doesn't|don't|didn't|won't|hasn't|haven't|never) (?:really |quite |just |exactly |gonna )?(?:do it|my (?:thing|style|cup|bag|jam|type|taste|favou?rite|vibe)|for me|cut it|work(?:ing)? for|float|brew it|suit|impress|appeal|sit (?:right|well)|an option|good enough|enough|cutting it|interest me|agree with|worked (?:out|for))|need not apply|leaves? me cold|let me down|out of (?:my |the )?(?:sight|picture|way|it\b|here)|off (?:the|my) (?:list|table)|(?:sucks?|stinks?|annoys?|bores?|irritates?|bothers?|bugs?|disgusts?|disappoints?)\b|not (?:my|for me)\b|(?:totally |really |just )?(?:freaks? me out|drives? me (?:crazy|nuts|mad|up the wall)|gets? on my nerves)|makes? me (?:itch|sick|sweat|break)|give(?:s)? me (?:a rash|hives|the creeps))"
)
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
        self.once = negates and _NON.search(self.masked[:offset]) is not None
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
    ("won't leak in my bag") is no such thing: the encoder reads it whole."""
    words = criterion.words.lower()
    at = request.lower().find(words)
    if not words or at < 0:
        return criterion
    if criterion.value is True and _lacks(criterion.field, words):
        return replace(criterion, value=False)
    if _NEGATION.search(words):
        return criterion
    before = re.split(r"[.,;:!?()\n]", request.lower()[:at])[-1]
    if not (_LACKING if " " in words else _NOT).search(_HARMLESS.sub(lambda m: "\u0001" * len(m.group()), before)):
        return criterion
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
