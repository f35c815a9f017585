"""What a request turns down besides single values: a whole category, "another brand", words that no field holds."""

from __future__ import annotations

import re
from collections.abc import Collection

from shelftalk.understand.rules.absence import holding, lacking_before, of_properties, spellings
from shelftalk.understand.rules.amounts import ParsedAmount
from shelftalk.understand.rules.degrees import SUPERLATIVES, comparative
from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.lexicon import COMMON
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.nearby import PRICE_WORDS
from shelftalk.understand.rules.polarity import rejected_after
from shelftalk.understand.rules.quantities import compared_here
from shelftalk.understand.rules.tokens import Text, stems
from shelftalk.values import Scalar
from shelftalk.words.stems import bag, stem, stemmed
from shelftalk.words.stop import FILLER, FUNCTION
from shelftalk.words.units import UNITS

_COMPARING = bag(
    "exceed exceeds exceeding surpass surpasses surpassing beyond"
)  # "must not exceed 3 kg" names no thing
_REFUSING = bag("no without minus sans non avoid except excluding contain contains containing not of with")


_MATERIAL = stemmed("material fabric")


def with_mixtures(known: Field, refused: list[Scalar], pure: bool = False, lacking: bool = False) -> list[Scalar]:
    """The refused values, and for a material all others whose words contain one: "not steel" turns stainless steel down;
    with `lacking` ("no chicken") for any property. With `pure` only a material's kinds, which end with its name: "steel" is
    stainless steel, "cotton" is no cotton blend."""
    if lacking and of_properties(known) and not pure:
        return holding(known, refused)
    if not _MATERIAL & set(known.name):
        return refused
    told = set().union(*(stems(str(v)) for v in refused))
    more = holding(known, refused)
    return [v for v in more if v in refused or not pure or stems(str(v))[-1] in told]


# What may stand between a negation and the category that it turns down ("I don't want any shoes").
_WANTING = frozenset(
    [
        "anything",
        "stand",
        "bear",
        "abide",
        "tolerate",
        "already",
        "own",
        "owned",
        "bought",
        "want",
        "need",
        "needs",
        "like",
        "looking",
        "show",
        "give",
        "interested",
        "buying",
        "buy",
        "more",
        "bother",
    ]
)


def refused_category(text: Text, mention: Mention, negative: list[bool], ends: set[int]) -> bool:
    """Whether a category itself is turned down ("no shoes"), rather than one of its kind ("no leather shoes") or something
    done with it ("I don't have time to charge my headphones")."""
    before = mention.first - 1
    at = before
    while at >= 0 and negative[at]:
        if at not in ends and text.tokens[at].low not in FUNCTION and text.tokens[at].low not in _WANTING:
            return False
        at -= 1
    if rejected_after(text, mention.last) and before not in ends:
        return True
    return negative[mention.first] and (
        before < 0
        or not negative[before]
        or (before not in ends and (text.tokens[before].low in FUNCTION or text.tokens[before].low in _WANTING))
    )


def _named_as_lacking(text: Text, i: int) -> bool:
    """Whether a word of any sentence stands where only a thing can: "without a hood", "no lid"."""
    return (
        re.search(
            r"\b(?:no|without|w/o)(?: (?:an?|any|the))? $",
            text.low[max(0, text.tokens[i].start - 16) : text.tokens[i].start],
        )
        is not None
    )


def _a_thing(word: str) -> bool:
    """Whether a word is no doing and no comparison: "leather" is a thing, "bigger" and "plated" are none."""
    return not word.endswith(("ing", "ed")) and comparative(word) is None


def _refusing(text: Text, i: int, index: Index) -> bool:
    """Whether one of the two words before token i refuses what it names: "no mushrooms"; "not" only where it begins a phrase
    ("pizza, not mushrooms"), stands right behind the thing wanted ("a pan, not aluminium") or before what something came out of, since "money is not the problem" refuses nothing."""
    lead = {t.low for t in text.tokens[max(0, i - 2) : i]}
    if lead & _REFUSING - {"not"} or (text.tokens[i - 1].low in ("or", "nor", "and") and lacking_before(text, i)):
        return True
    if "not" not in lead:
        return False
    at = next(j for j in (i - 1, i - 2) if text.tokens[j].low == "not")
    if at == i - 1 and at and text.tokens[at - 1].stem in index.nouns:
        return True
    return at == 0 or text.tokens[at].comma or text.tokens[at - 1].low in ("but", "and", "please") or _plainly(text, i)


def _plainly(text: Text, i: int) -> bool:
    """Whether the word is what something came out of, right behind a plain negation: "not plated"."""
    own = re.search(r"\b(?:i'?m|i am|we'?re|we are) not $", text.low[: text.tokens[i].start])
    return own is None and text.tokens[i].low.endswith("ed") and text.tokens[i - 1].low in ("not", "non")


def comparing_tokens(text: Text, index: Index, spoken: list[ParsedAmount], limits: Collection[int]) -> set[int]:
    """The tokens of the words that compare before amounts that became limits: "max" of "max 100"."""
    read = [a for a in spoken if a.number.first in limits]
    return {i for a in read for i in range(text.at(compared_here(text, index, a)[1]), a.number.first)}


def limits_begin(text: Text, index: Index, spoken: list[ParsedAmount]) -> set[int]:
    """The tokens at which the words of a limit begin: its comparison, or an amount in digits with a unit or currency."""
    found = [(a, *compared_here(text, index, a)) for a in spoken]
    return {
        text.at(begins)
        for a, operator, begins in found
        if operator is not None or (a.number.digits and (a.unit is not None or a.money))
    }


def refusable(text: Text, index: Index, found: list[Mention]) -> set[int]:
    """The last tokens of what a negation may turn down by itself: values, yes/no fields and words that no field knows, but
    not the kind of thing that is wanted or what its limits speak of ("no phone over 200", "no weight above 2 kg")."""
    values = {m.last for m in found if m.field != "categories"}
    named = {i for m in found for i in range(m.first, m.last + 1)}
    flags = {w for known in index.fields.values() if known.yes is not None or known.no is not None for w in known.name}
    return values | {
        i
        for i, t in enumerate(text.tokens)
        if i not in named
        and not t.numeric
        and t.low not in FUNCTION
        and (t.stem in flags or _bare_noun(text, index, i))
    }


def _bare_noun(text: Text, index: Index, i: int) -> bool:
    """Whether a word right behind "no" or "without" is a thing that no field knows ("without a mic"), or right behind "not" what
    something is ("not serrated", but not "not costing")."""
    token = text.tokens[i]
    if (
        token.low in FILLER
        or token.low in _LIMITING
        or token.stem in PRICE_WORDS
        or token.low.endswith("ing")
        or token.stem in index.nouns
        or token.stem in index.by_word
        or token.low in UNITS
    ):
        return False
    return _called_not(text, index, i) or _LACKING.search(text.low[max(0, token.start - 60) : token.start]) is not None


def _called_not(text: Text, index: Index, i: int) -> bool:
    """Whether the word says what the thing wanted is not: "a knife not serrated", "that isn't padded"; not what somebody is not."""
    if _IS_NOT.search(text.low[max(0, text.tokens[i].start - 24) : text.tokens[i].start]):
        return True
    return i > 1 and text.tokens[i - 1].low == "not" and text.tokens[i - 2].stem in index.nouns


_IS_NOT = re.compile(r"\b(?:(?:that|which|it)(?:'s| is| are|s) not|(?:isn'?t|aren'?t))[ -]$")
# Words between a negation and the limit that it turns round: "must not go over 50", "not heavier".
_LIMITING = bag("go goes be have has need want exceed measure take takes weigh weighs last stand run runs")
_LACKING = re.compile(r"\b(?:no|without|w/o|except(?: for)?|excluding|minus|avoid)(?: [\w'-]+){0,2} $")
_NOT_FOR = re.compile(
    r"\b(?:not|n't|never) (?:(?:made|meant|intended|designed|only|just) )?for (?P<who>children|kids|toddlers|babies|men|women|boys|girls|dogs|cats)\b(?! only)"
)


_THINGS = r"(?P<what>[a-z][\w'-]*(?: (?!gives?|makes?|and\b|or\b)[a-z][\w'-]*)?)"
_ALLERGIC = re.compile(
    r"\b(?:(?:allerg(?:ic|y|ies)|intoleran(?:t|ce)|sensitiv(?:e|ity))(?: \w+ly)? (?:to|of)|(?:react|reacts|reacting|rash|hives)(?: \w+ly)? (?:to|from)|"
    r"(?:can(?:'t|not)|mustn't|must not|may not|should not|shouldn't) (?:eat|have|tolerate|digest|be near)) "
)
_RASH = re.compile(
    rf"{_THINGS} (?:allergy|allergies|intolerance|(?:gives? (?:me|him|her|them|us)|brings? (?:me|him|her|them|us) out in) (?:a )?(?:\w+ )?(?:rash|hives|itch|itching)|makes? (?:me|him|her|my \w+) (?:itch|sick|swell|sneeze))\b"
)
_LISTED = re.compile(
    r"(?:[\w'-]+, )*[\w'-]+,? (?:and|or) |(?:and|or) "
)  # "nuts, milk and perfume"; "chicken, dog food please" is no list
NO_PROOF = "the shop's data is no proof that a product is safe for an allergy to '{}': read its label or ask its maker"
CANNOT_TELL = (
    "the shop's data cannot tell whether a product holds '{}': those whose texts name it are left out, which is no proof that others "
    "are safe; read the label or ask the maker"
)


def allergens(text: Text, index: Index, used: set[int]) -> list[str]:
    """A note for each thing that somebody does not bear: that the data is no proof of safety, and where no field speaks of it that it
    cannot tell at all."""
    notes = []
    for what, tokens in _not_borne(text):
        told = any(i in used or text.tokens[i].stem in index.by_word or _kinds_of(text, index, tokens) for i in tokens)
        notes.append(NO_PROOF.format(what) if told else CANNOT_TELL.format(what))
    return list(dict.fromkeys(notes))[:3]


def allergies_said(text: Text) -> list[str]:
    """The words that tell of an allergy: they are a limit, and no wish of another kind."""
    said = []
    for match in _ALLERGIC.finditer(text.low):
        its = [tokens[-1] for _, tokens in _not_borne(text) if tokens[0] >= text.at(match.end())]
        last = max(its[:3], default=text.at(match.end()))
        said.append(text.text[match.start() : text.tokens[min(last, len(text.tokens) - 1)].end])
    return [*said, *(text.text[m.start() : m.end()] for m in _RASH.finditer(text.low))]


def not_borne_words(text: Text, index: Index) -> tuple[str, ...]:
    """The words of what somebody is allergic to, by which products are left out whatever their fields say, with the catalogue's words
    that end with them: "nuts" are in "hazelnuts"."""
    things = [t for _, t in _not_borne(text) if len(text.tokens[t[-1]].low) > 2]
    things = [t for t in things if text.tokens[t[-1]].stem not in index.nouns]
    told = [w for t in things for w in spellings(text.tokens[t[-1]].low)]
    told += [w for t in things if _a_group(text, t) for w in _COUNTED.get(text.tokens[t[-1]].stem, ())]
    return tuple(dict.fromkeys((*told, *(w for t in things for w in _kinds_of(text, index, t)))))


def _a_group(text: Text, thing: list[int]) -> bool:
    """Whether all of a name are meant, and not those of one name: "nuts", "tree nuts", but not "brazil nuts"."""
    return len(thing) == 1 or text.tokens[thing[0]].low in ("tree", "all", "any", "most")


def _kinds_of(text: Text, index: Index, thing: list[int]) -> list[str]:
    """The catalogue's words that end with the name of a group: "hazelnuts" of "nuts"."""
    name = text.tokens[thing[-1]].stem
    if len(name) < 3 or not _a_group(text, thing):
        return []
    return sorted(w for held in index.vocabulary.values() for w in held if _a_kind_of(stem(w), name))


# The members of groups of allergens whose names do not tell it (Regulation (EU) 1169/2011, Annex II; nuts in full).
_COUNTED = {
    stem("nut"): ("almond", "hazelnut", "walnut", "cashew", "pecan", "pistachio", "macadamia"),
    stem("shellfish"): ("crab", "lobster", "crayfish", "shrimp", "prawn", "crustacean"),
    stem("crustacean"): ("crab", "lobster", "crayfish", "shrimp", "prawn"),
}


def _a_kind_of(word: str, what: str) -> bool:
    return word != what and len(word) > len(what) + 2 and word.endswith(what)


def _not_borne(text: Text) -> list[tuple[str, list[int]]]:
    """The things that somebody is allergic to or must not have, with their tokens."""
    things: list[list[int]] = []
    for match in _ALLERGIC.finditer(text.low):
        things.append([])
        for i in range(text.at(match.end()), len(text.tokens)):
            token = text.tokens[i]
            if token.hard or token.aside or (token.low in FUNCTION and token.low not in ("and", "or")):
                break
            if token.comma and i > text.at(match.end()) and not _LISTED.match(text.low[token.start :]):
                break
            if token.comma or token.low in ("and", "or"):
                things.append([])
            if token.low not in ("and", "or"):
                things[-1].append(i)
    for match in _RASH.finditer(text.low):
        first, last = text.at(match.start("what")), text.at(match.end("what"))
        things.append([i for i in range(first, last) if text.tokens[i].low not in FUNCTION])
    return [(text.span(thing[0], thing[-1]), thing) for thing in things if 0 < len(thing) <= 2]


# What is free of these holds none of them either way: a lamp that is hands-free, an offer free of tax.
_IDIOMS = bag("hands hand hassle worry care trouble stress risk tax duty maintenance error pain guilt")


_WHOSE = bag("my our his her their your")


def excluded(
    text: Text, index: Index, negative: list[bool], used: set[int], alone: Collection[int] = ()
) -> tuple[str, ...]:
    """Words turned down that no field holds: "no mushrooms" where no facet knows mushrooms."""
    out: list[str] = []
    for i, (token, off) in enumerate(zip(text.tokens, negative, strict=True)):
        plain = token.low in FILLER or token.low in SUPERLATIVES or token.stem in index.nouns
        plain = plain or (token.low in COMMON and not _named_as_lacking(text, i))
        plain = plain or token.stem in index.by_name or "'" in token.low or token.low in _COMPARING
        if i in alone and not plain and i not in used and len(token.low) > 2 and token.low not in _IDIOMS:
            out += spellings(token.low)
        least = 3 if lacking_before(text, i) else 4
        if not off or plain or i in used or token.numeric or len(token.low) < least:
            continue
        if i and text.tokens[i - 1].low in _WHOSE:
            continue  # "don't fall out of my ears": what is somebody's own is in no product
        if i and text.tokens[i - 1].low == "non" and token.gap in ("-", " "):
            out += [f"non-{token.low}", f"non {token.low}", f"non{token.low}"]  # "isn't non-stick"
        elif _refusing(text, i, index) and (_a_thing(token.low) or _plainly(text, i)):
            out += spellings(token.low)
    out += [
        m["who"]
        for m in _NOT_FOR.finditer(text.low)
        if not any(i in used for i in range(text.at(m.start("who")), text.at(m.end("who"))))
    ]
    return tuple(dict.fromkeys(out))[:5]
