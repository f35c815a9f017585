"""Words that look like a value of the catalogue and are said of something else: of the shopper, of a place, of an own thing.

"I am always cold", "a coffee machine for a small flat", "a lead for my boxer", "a light tent": precision goes before recall
here; what such words want is read by the language model.
"""

from __future__ import annotations

import re

from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.stems import stemmed
from shelftalk.words.stop import FILLER, FUNCTION

_KINDS = stemmed("kind type product item category categories")
_WHOSE = stemmed("gender sex audience")
_BEING = r"(?:i|he|she|we|who|(?:my|our|his|her|their) (?!(?:next|new|ideal|perfect|preferred|favou?rite)\b)[\w'-]+)"
_BE = r"(?:'m|'s|'re| am| is| are| was| were|(?:(?:'ve| have| has)? been)|(?: \w+)? (?:get|gets|getting|feel|feels|feeling|keep|keeps|stay|stays|am|is|are|go|goes|grow|grows|run|runs|sleep|sleeps))"
_ADVERBS = r"(?: (?!in\b|after\b|into\b|for\b|on\b|looking\b)(?:\w+ly|always|often|so|too|very|quite|rather|pretty|really|a|an|the|bit|little|getting|always|still|just|\d+(?:[.,]\d+)?|kg|kilos?|lbs?|cm|m|year|old|months?|[a-z]+-year-old|[\w'-]+ and))*"
_PREDICATE = re.compile(rf"(?:^|[^\w'])(?P<who>{_BEING}){_BE}{_ADVERBS} $")
_FOR_A = re.compile(
    r"(?<!looking )(?<!searching )(?<!shopping )(?<!market )(?<!hunting )(?<!asking )"
    r"\b(?:for (?:an?|my|our|his|her|their)|(?:in|on|at|inside|into|under|above|near|behind) (?:my|our|his|her|their)) (?:\w+ )?$"
)
_OWN = re.compile(r"\b(?:for|with|of|to|on|in|from|over|under|behind|inside) (?:my|our|his|her|their)(?: [\w'-]+)? $")
_OWN_SUBJECT = re.compile(
    r"(?:^|[.,;!?] ?|\b(?:and|because|since|as|but|when|while|so|that) )(?:my|our|his|her|their)(?: (?:old|new|big|little|small|own|current))? $"
)
_ANOTHER = re.compile(
    r"\b(?:want|need|looking for|after|get|buy|find|like|time for|recommend|show)(?: me| us)?(?: an?)?(?: [\w-]+){0,2}? ones?\b"
    r"|\b(?:an?|some|any) (?:new|better|other|different|proper|decent|good) ones?\b|\banother(?: one\b|(?=\W*$|[.,;!?]))|\breplac(?:e|ing|ement)\b|\bsomething better\b"
)
# "my son (9) has headphones ...", "I bought a new tent ...", "the lamp we have ...", "these shoes hurt": of what somebody has.
_HAVING = re.compile(
    r"(?:^|[.,;!?] ?|\b(?:and|because|since|as|but) )(?:i|we|he|she|they|(?:my|our|his|her|their) [\w'-]+(?: \([^)]*\))?)"
    r"(?:'ve|'s)? (?:already |currently |only )?(?:have|has|own|owns|got|bought|use|uses)(?: got)?(?: (?:an?|some|these|the|this|two))?(?: [\w-]+)? $"
)
_THE = re.compile(r"(?:^|[.,;!?] ?|\b(?:and|because|since|as|but) )(?:the|these|this|those|that)(?: [\w'-]+)? $")
_HELD = re.compile(
    r"\W*(?:that |which )?(?:i|we|he|she|they)(?:'ve)? (?:\w+ )?(?:have|has|own|owns|got|bought|use|uses)\b"
)
_THESE = re.compile(r"\b(?:these|this)(?: [\w'-]+)? $")
_INTO = re.compile(
    r"\b(?:fits?|fitting|goes|slips?|hangs?|attach(?:es)?|clips?)(?: \w+){0,2} (?:an?|the|any|every) (?:\w+ )?$"
    r"|(?<!looking )(?<!searching )(?<!shopping )(?<!market )(?<!hunting )(?<!asking )\bfor (?:the|every|any|an?) (?:\w+ )?$"
)
_OF_ADJECTIVES = ("ed", "ing", "able", "ible", "ful", "proof", "less", "est")
_OWN_BRAND = re.compile(r"(?<!looking )\b(?:for|with|on|to|fits?) (?:my|our|his|her|their) $")
_WAS = re.compile(r"\b(?:my|our|his|her|their) (?:[\w'-]+ ){1,3}(?:was|were|used to be) (?:a |an )?$")
_FORMED = re.compile(r"(ings?|ers?)$")


def elsewhere(text: Text, index: Index, mention: Mention, known: Field, found: list[Mention]) -> bool:
    """Whether the words of a mention are said of something else than the product wanted."""
    if known.brand:
        return _OWN_BRAND.search(_lead(text, mention)) is not None
    if _WHOSE & set(known.name) or _named_beside(text, mention, known):
        return False
    if known.field == "categories" or _KINDS & set(known.name):
        return (
            _owned(text, mention)
            or _served(text, mention, found)
            or _predicate(text, index, mention)
            or _before_its_noun(text, index, mention, found)
            or _of_its_part(text, index, mention, found)
        )
    return _predicate(text, index, mention) or _of_a_place(text, index, mention, found)


_SERVED = re.compile(
    r"\b(?:for|to (?:fit|hold|carry|protect)|fits?|fitting|holds?|holding|carries|carrying)(?: (?:an?|the|my|our|his|her|their|your))"
    r"((?: [\w.'\"/-]+){0,4}) $"
)


def _served(text: Text, mention: Mention, found: list[Mention]) -> bool:
    """Whether a kind is what another one, named before, is for: a bag "for a 15.6 inch laptop" is no laptop."""
    match = _SERVED.search(text.low[: text.tokens[mention.first].start])
    if match is None or any(word in FUNCTION for word in match[1].split()):
        return False
    return any(
        text.tokens[m.last].end <= match.start() and any(v.field == "categories" for v in m.candidates) for m in found
    )


def another_word(text: Text, mention: Mention, value: str) -> bool:
    """Whether a category's word is a form that means another thing: "backpacking" is no backpack."""
    if mention.first != mention.last or mention.how not in ("exact", "partial", "head", "derived"):
        return False
    said = text.tokens[mention.first].low.removesuffix("'s")
    forms = [_FORMED.search(w) for w in (said, *(w.lower() for w in re.findall(r"[^\W\d_]+", value)))]
    named = {_ending(m) for m in forms[1:]}
    return _ending(forms[0]) not in named


def _ending(match: re.Match[str] | None) -> str:
    return match[1].removesuffix("s") if match else ""


def _lead(text: Text, mention: Mention) -> str:
    """The words before a mention, no more than one clause may hold."""
    start = text.tokens[mention.first].start
    return text.low[max(0, start - 90) : start]


def _named_beside(text: Text, mention: Mention, known: Field) -> bool:
    near = text.tokens[max(0, mention.first - 2) : mention.last + 3]
    return any(t.stem in known.name for t in near)


def _predicate(text: Text, index: Index, mention: Mention) -> bool:
    """Whether the words are what somebody is, not what the product is: "I keep getting cold", "he's a 30 kg boxer"."""
    match = _PREDICATE.search(_lead(text, mention))
    if match is None:
        return _WAS.search(_lead(text, mention)) is not None
    last = match["who"].split()[-1]
    return not any(t.low == last and t.stem in index.nouns for t in text.tokens[: mention.first])


def _of_a_place(text: Text, index: Index, mention: Mention, found: list[Mention]) -> bool:
    """Whether an adjective goes with a thing that the product is for: "for a small flat", "on my red car"."""
    after = mention.last + 1
    if after >= len(text.tokens) or not index.nouns or _FOR_A.search(_lead(text, mention)) is None:
        return False
    token = text.tokens[after]
    if token.gap != " " or token.numeric or token.low in FUNCTION or token.low in FILLER:
        return False
    return token.stem not in index.nouns and token.stem not in index.by_word and all(m.first != after for m in found)


def _of_its_part(text: Text, index: Index, mention: Mention, found: list[Mention]) -> bool:
    """Whether the thing named only says where another one goes: "it has to fit a jacket pocket", "for the tent roof"."""
    after = mention.last + 1
    if (
        after >= len(text.tokens)
        or text.tokens[mention.last].low.endswith("s")
        or not _INTO.search(_lead(text, mention))
    ):
        return False
    token, behind = text.tokens[after], text.tokens[after + 1 : after + 2]
    if token.gap != " " or not token.low.isalpha() or token.low in FUNCTION or token.low in FILLER:
        return False
    if token.stem in index.nouns or token.low.endswith(_OF_ADJECTIVES) or any(m.first == after for m in found):
        return False
    return not behind or behind[0].hard or behind[0].comma or behind[0].low in FUNCTION


def _owned(text: Text, mention: Mention) -> bool:
    """Whether the thing named is one that somebody has: "a lead for my boxer", "because my tent leaks"."""
    lead = _lead(text, mention)
    return _OWN.search(lead) is not None or (
        _OWN_SUBJECT.search(lead) is not None and to_replace(text, mention) is None
    )


def to_replace(text: Text, mention: Mention) -> range | None:
    """The tokens that tell of a thing somebody has and wants another one of ("my bottle leaks, I want one that ..."), without
    the thing's name; None where it is not to be replaced."""
    wanted = _ANOTHER.search(text.low, text.tokens[mention.last].end)
    if wanted is None or not _had(text, mention):
        return None
    return range(mention.last + 1, text.at(wanted.start()))


def _had(text: Text, mention: Mention) -> bool:
    """Whether the thing named is one that somebody has, as the subject or the object of what is told of it."""
    lead = _lead(text, mention)
    if _OWN_SUBJECT.search(lead) or _HAVING.search(lead):
        return True
    held = _HELD.match(text.low, text.tokens[mention.last].end) is not None
    return _THE.search(lead) is not None and (held or _THESE.search(lead) is not None)


def _before_its_noun(text: Text, index: Index, mention: Mention, found: list[Mention]) -> bool:
    """Whether a category's only word tells which one of another: the "light" of "a light tent"."""
    after = next((m for m in found if m.first == mention.last + 1), None)
    if mention.first != mention.last or after is None or text.tokens[after.first].gap != " ":
        return False
    return any(v.field == "categories" for v in after.candidates) and any(
        index.fields[v.field].field == "categories" for v in mention.candidates
    )
