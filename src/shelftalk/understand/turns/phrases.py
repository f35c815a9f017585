"""The words by which a later turn speaks of what was said and shown: "cheaper", "that brand", "start over", "any colour"."""

from __future__ import annotations

import re
from collections.abc import Callable

from shelftalk.understand.rules import KEPT, comparing
from shelftalk.values import Constraint, Intent, Product
from shelftalk.words.stems import bag
from shelftalk.words.stop import FILLER

Lookup = Callable[[str], Product | None]

CHEAPER = re.compile(
    r"\b(?:cheaper|less expensive|less pricey|more affordable|lower[- ]priced?|lower price|(?:too|bit|little|so) (?:expensive|pricey|much|dear|steep)|costs? less|not (?:so|as|that) expensive|(?:over|above|beyond|out of|outside) (?:my |our )?(?:budget|price range)|(?:more|higher) than (?:i|we)(?:'d|'ll|'m| \w+){0,3} (?:spend|pay|spending|paying|afford|budgeted)|(?:can't|cannot|couldn't) (?:quite |really )?(?:afford|stretch to))\b"
)
# The shopper can pay more than was said or shown.
SPEND_MORE = re.compile(
    r"\b(?:(?:can|could|will|would|might|may)|i'll|i'd|we'll|we'd|(?<!not )(?:happy|willing|able|ready|prepared) to) (?:also |still |probably |happily |gladly )?(?:spend|pay|go|stretch) (?:a (?:bit|little) |some |slightly |much )?(?:more|higher|further)(?! than)\b"
)
DEARER = re.compile(
    rf"\b(?:more expensive|dearer|costlier|more costly|pricier|higher[- ]end|more upmarket|more premium|fancier|costs? more)\b|{SPEND_MORE.pattern}"
)
# The price is said to be no matter.
NO_OBJECT = re.compile(
    r"\b(?:(?:price|money|cost|budget)s? (?:doesn't|does not|don't|isn't|is not|is|are) (?:really |so |that |no |not |an? )*(?:matter|important|object|issue|problem)\b|(?:any price|whatever (?:the price|(?:it|they) costs?)|no matter (?:the (?:price|cost)|what (?:it|they) costs?)|regardless of (?:the )?(?:price|cost)|(?:forget|never ?mind|ignore)(?: about)? (?:the |my )?(?:price|budget|cost)|no budget|spare no expense|money to burn)\b)"
)
MORE_LIKE = re.compile(
    r"\b(?:(?:more|something|anything|others?|products?|ones?) (?:like|similar to)|similar to|like)\b"
)
OTHERS = re.compile(
    r"\b(?:something else|anything else|any others?|others|other (?:options|ones|choices|suggestions)|more (?:options|choices|suggestions|results)|show me more|next(?: ones| page)?|none of (?:those|these|them)|different ones|what else)\b"
)
THAT_BRAND = re.compile(
    r"\b(?:not|no|n't|other than|except|besides|but)\b[^.?!]{0,24}\b(?:that|this|the same|those|their) (?:brand|make|maker|manufacturer|company|brands)\b|\b(?:another|a different|different|other|any other) (?:brands?|makes?|makers?|manufacturers?)\b|\bnot (?:from )?(?:them|theirs)\b"
)
SAME_BRAND = re.compile(
    r"\b(?:same|that|this) (?:brand|make|maker|manufacturer|company)\b|\bfrom (?:them|the same (?:brand|people))\b"
)
RESET = re.compile(
    r"^\W*(?:(?:ok|okay|well|no|actually)\W+)?(?:start over|start again|new search|(?:forget|scrap|scratch)(?: about)? (?:that|it|this|all (?:of )?(?:that|this|it)|everything)(?=\W*$|\s*[,.;:!?-]|\s(?:and|now|please|i|i'm|let|let's|show|then)\b)|never ?mind(?: that| it)?(?=\W*$|\s*[,.;:!?-])|different topic|something completely different|now for something|on another note)\b\W*"
)
LEAD = re.compile(
    r"^\W*(?:(?:no|nope|nah|yes|yeah|yep|ok|okay|sure|hm+|well|actually|please|thanks|thank you|great|cool|nice|right|alright|oh|and|but|so)\b\s*[,.!;:-]+\s*)+",
    re.I,
)
STARTS = re.compile(
    r"^\W*(?:(?:no|nope|nah|yes|yeah|ok|okay|sure|hm+|well|actually|please|and|but|so|then|also)\b[\s,.!;:-]*)*(?:in|with|without|under|over|below|above|less|more|cheaper|bigger|smaller|lighter|larger|only|not|any|what about|how about|something|anything|make it|make that|same|also|instead|for|from|but|and|or|no|at (?:most|least)|up to|between|around|about|the|that|those|these|it|they|them|ones?|which|does|do (?:they|any|you have (?:it|them|any|that|one|those)|those)|is (?:it|there|that)|are (?:they|there|those|any)|can (?:it|i get (?:it|them|that|one))|got (?:it|any|one|them)|have you got (?:it|any|one|them)|show me (?:the|only|more|some in|ones?|those|cheaper|it|them)|i(?:'d| would)? (?:prefer|like|want) (?:it|them|one|the|ones|something)|preferably|maybe|rather|waterproof|wireless)\b"
)
# So begins what can only go on from the turn before.
GOES_ON = re.compile(
    r"^\W*(?:(?:no|nope|nah|yes|yeah|ok|okay|hm+|well|actually|please|and|but|so|then|also|sorry|oh|still|thanks|just|rather)\b[\s,.!;:-]*)*(?:(?:(?:much|way|far|a bit|a little|a tad|still|still a bit|slightly|rather) )?too \w|(?:still|a bit|a little|a tad)\b|with(?:out)?\b|under\b|over\b|below\b|above\b|less\b|more (?!of\b)\w|cheaper|not (?:so|as|that|too)\b|(?:one|ones|something|anything) (?:that|which|with|without|in|for under|less|more|cheaper|lighter|bigger|smaller|\w+er\b(?! for\b))|(?:it|they|that|this|these|those) \w|that's|it's|they're|in \w+\W*$|at (?:most|least)|up to|only\b|same\b)"
)
# So begins what tells of the shopper, and names no thing to buy.
STATES = re.compile(
    r"^\W*(?:(?:well|but|and|also|actually|because|since|as|you know|by the way|oh|hm+|so|it's just that|just)\b[\s,.!;:-]*)*(?!(?:i|we)(?:'m| am| are|'re|'d| would|'ve| have)? (?:also |now |just |really |still |actually |then )*(?:need|want|looking|search|searching|shopping|after|like|love to|prefer|fancy)\b)(?:i|we|he|she|it|they|there|(?:my|our|his|her|their) [\w'-]+(?: [\w'-]+)?? (?:is|are|has|have|can|gets?|hurts?|needs?|likes?|loves?|hates?|wants?|keeps?|runs?|goes|does|do|was|weighs?))\b(?!.{0,60}\b(?:need|want|looking for|buy)\b)"
)
ANAPHORA = re.compile(r"\b(?:ones|one|those|these|them|they|it|that|same|instead|cheaper|then|either of)\b")
# A comparison with one product: "a lighter one", "something cheaper than that"; "cheaper ones" is held against all that is shown.
OF_ONE = re.compile(r"\b(?:it|its|it's|this|that|that's|one|something|anything)\b(?! (?:brand|make|maker)\b)")
FRESH = re.compile(
    r"\b(?:i'm (?:also )?(?:looking|shopping|searching|in the market)|i (?:also )?need an?|i want an?|looking for an?|now (?:i|show|find|a|for)|find me an?|show me an?|recommend (?:me )?an?|do you (?:have|sell|carry) (?!(?:anything|something|ones?|it|them|that|those|(?:any )?others?)\b)(?:any |a |an |some )?\w+s?\b|gift for)\b"
)

A_THING = re.compile(
    r"^\W*(?:(?:now|next|and|also|actually|instead|rather|then|so|ok|okay|well|no|wait|hm+|i need|i want|i'd like)\W+)*(?P<thing>(?:an?|some) \w)"
)
VERSIONS = bag(
    "version model variant style design colour color shape size finish look pattern bit little few couple alternative brand"
)


def empty(word: str) -> bool:
    """Whether a word of a later turn says nothing to search for: "ones", "anything", "ok"."""
    return word in FILLER and word not in KEPT


def compares(constraint: Constraint) -> bool:
    """Whether the limit came from comparing with what was shown ("cheaper", "too heavy"), not from a number said."""
    span = constraint.span.lower()
    if constraint.operator not in ("<", ">") or not span or any(c.isdigit() for c in span):
        return False
    return bool(CHEAPER.search(span) or DEARER.search(span) or _DEGREE.match(span)) or comparing(span)


_DEGREE = re.compile(r"(?:\w+ ){0,2}too |less |more |not |n't ")


def same(after: Intent, before: Intent) -> bool:
    """Whether a turn left everything as it was."""
    limits = (set(map(str, i.constraints)) for i in (after, before))
    first, second = limits
    rest = ((i.sort, i.limit, i.preferences, i.exclude, i.query, i.criteria) for i in (after, before))
    return first == second and len(set(rest)) == 1


def category_of(intent: Intent) -> str | None:
    """The one category that the intent is held to, in lower case."""
    named = [c for c in intent.constraints if c.field == "categories" and c.operator == "="]
    return str(named[0].value).lower() if len(named) == 1 else None
