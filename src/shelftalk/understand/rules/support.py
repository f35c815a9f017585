"""Whether a word of a request really names the value it looks like, and of which field: evidence for and against.

A word that is common in any sentence ("hand", "coast", "short") names a value only with support: the field's name or
the product's noun beside it, quotes, a brand's capital letter, "from", or another value of the same field next to it.
"""

from __future__ import annotations

import re

from shelftalk.understand.rules.degrees import SUPERLATIVES, comparative
from shelftalk.understand.rules.index import Field, Index, Value, is_color, names_kind
from shelftalk.understand.rules.lexicon import COLORS, COMMON, EVALUATIVE
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.senses import another_word, elsewhere, to_replace
from shelftalk.understand.rules.tokens import Text, stems
from shelftalk.understand.rules.vocabulary import ordinary
from shelftalk.words.stems import bag, stem, stemmed
from shelftalk.words.stop import FILLER, FUNCTION
from shelftalk.words.units import UNITS

_BRAND_BEFORE = bag("from by brand brands label only trust love like prefer called like loyal buy wear between")
_PEOPLE = bag(
    "men women kids children boys girls babies toddlers adults ladies man woman boy girl baby teens seniors men's women's mens womens childrens"
)
_GENDER = stemmed("gender sex")
_MATERIAL = stemmed("material fabric")
_OF_IT = re.compile(r"\b(?:not|no|without|made (?:out )?of|made from) $")
_PARTS = bag(
    "case cases cover covers stand stands holder holders charger chargers bag bags mount mounts strap straps cable cables adapter adapters sleeve skin protector protectors accessories accessory parts part box boxes rack racks cleaner filter filters repair kit kits cord cords replacement tripod lens battery batteries"
)
_AFTER_BRAND = bag("brand brands branded products product stuff fan guy gal person")


def choose(text: Text, index: Index, mention: Mention, found: list[Mention]) -> Value | None:
    """The value meant, or None where the word may merely coincide or several fields hold it with nothing to tell."""
    scored = []
    for value in mention.candidates:
        known = index.fields[value.field]
        support = _support(text, index, mention, value, known, found)
        if _meant_otherwise(text, index, mention, value, known, found):
            continue
        if support < _needed(text, index, mention, value, known):
            continue
        rank = (
            support
            + 1.0 * value.exact
            + 0.6 * known.brand
            + 0.5 * is_color(known)
            + 0.3 * (value.field == "categories")
        )
        scored.append((rank - 0.25 * max(0, len(known.name) - 1), value))
    if not scored:
        return None
    scored.sort(key=lambda s: -s[0])
    rivals = [v for r, v in scored if r > scored[0][0] - 0.01]
    if len({v.field for v in rivals}) > 2 and not _long(mention):
        return None
    return max(rivals, key=lambda v: v.count) if len(rivals) > 1 else rivals[0]


def _meant_otherwise(
    text: Text, index: Index, mention: Mention, value: Value, known: Field, found: list[Mention]
) -> bool:
    """Whether the words are said of something else than this value of this field."""
    first = text.tokens[mention.first]
    if _of_another_thing(text, index, mention, value, known, found) or _compared(text, mention):
        return True
    if _owned(text, mention) and not (value.field == "categories" or names_kind(known) or _SUITS & set(known.name)):
        return True
    beside = _beside_name(text, mention, known)
    if mention.first == mention.last and first.low in EVALUATIVE and not beside:
        return True
    people = first.low.removesuffix("'s") in _PEOPLE  # "men" may be an M; "small" is an S
    if mention.how == "synonym" and len(str(value.value)) == 1 and bool(_GENDER & set(known.name)) != people:
        return True
    if not known.trusted and not set(known.name) <= text.stems:
        return True
    return mention.how == "exact" and not beside and _names_another(text, index, mention, known)


def _of_another_thing(
    text: Text, index: Index, mention: Mention, value: Value, known: Field, found: list[Mention]
) -> bool:
    """Whether the name of a kind only describes another thing, or is a place, or tells nothing."""
    kind = value.field == "categories"
    if kind and (_everything(index, value) or _a_place(text, mention)):
        return True
    if (kind or names_kind(known)) and _modifies(text, index, mention, found):
        return True
    if value.field in ("categories", "kind") and another_word(text, mention, str(value.value)):
        return True
    return elsewhere(text, index, mention, known, found)


def _names_another(text: Text, index: Index, mention: Mention, known: Field) -> bool:
    """Whether a lone word is part of another field's name: "battery" where "battery type" is a field of its own."""
    if mention.first != mention.last or known.brand or known.field == "categories":
        return False
    word = text.tokens[mention.first].stem
    return any(
        word in other.name and not (other.kind == "text" and other.name == (word,))
        for other in index.fields.values()
        if other is not known and other.yes is None and other.no is None
    )


def _everything(index: Index, value: Value) -> bool:
    """Whether a category holds the whole catalogue, so that naming it tells nothing."""
    return bool(index.facets.products) and value.count >= index.facets.products


def _a_place(text: Text, mention: Mention) -> bool:
    """Whether the category's word is somewhere to be rather than something to buy: "in my tiny kitchen"."""
    start = text.tokens[mention.first].start
    return bool(_PLACE.search(text.low[max(0, start - 30) : start]))


def _modifies(text: Text, index: Index, mention: Mention, found: list[Mention]) -> bool:
    """Whether the category's word only describes another thing: "phone case", "bedroom armoire"."""
    after = mention.last + 1
    if after >= len(text.tokens):
        return False
    token = text.tokens[after]
    if token.gap != " " or token.numeric or any(m.first == after for m in found):
        return False
    if token.low in _PARTS:
        return True
    if to_replace(text, mention) is not None and "s" in (token.low[-1:], text.tokens[mention.last].low[-1:]):
        return False  # a verb: "my bottle leaks", "my headphones broke"
    known = token.low in FUNCTION or token.low in FILLER or token.low in COMMON or token.low in SUPERLATIVES
    if (
        known
        or token.stem in index.vocabulary_stems
        or token.low.endswith(("ed", "ing", "able", "ible", "ful", "proof", "ly", "er", "est"))
    ):
        return False
    return token.low.isalpha() and len(token.low) > 3


_OCCASION = re.compile(r"\b(?:on|during|through|throughout) (?:an?|my|the|our|his|her|their|long) (?:[\w-]+ )?$")
_PLACE = re.compile(
    r"\b(?:(?:in|into|around|at|for|from|through)(?: \w+)? (?:my|our|the|his|her|their)|(?<!you )have an?)(?: \w+)? $"
)


def _beside_name(text: Text, mention: Mention, known: Field) -> bool:
    """Whether a telling word of the field's name stands within two words, in the same sentence."""
    for j in range(max(0, mention.first - 2), min(len(text.tokens), mention.last + 3)):
        if text.tokens[j].stem in known.name and not any(
            t.hard for t in text.tokens[min(j, mention.first) + 1 : max(j, mention.last) + 1]
        ):
            return True
    return False


# Fields of what a product goes with, which is what somebody has: "for my iPhone 15".
_SUITS = stemmed("compatible compatibility fits fit device vehicle suits")
_OWNED = re.compile(r"\b(?:my|our|his|her|their)(?: (?:old|last|current|other|first|favou?rite)){0,2} $")


def _owned(text: Text, mention: Mention) -> bool:
    """Whether it is said of what somebody has: "the wind snapped our poles"."""
    return _OWNED.search(text.low[: text.tokens[mention.first].start]) is not None


_THAN = re.compile(r"\b(?:more|less|better|worse|higher|lower|bigger|smaller|larger|greater) than (?:an? |the )?$")


def _compared(text: Text, mention: Mention) -> bool:
    """Whether the value is only compared with: "more than a 480p picture"."""
    start = text.tokens[mention.first].start
    if re.search(r"settle for (?:anything )?less than (?:an? |the )?$", text.low[max(0, start - 40) : start]):
        return False
    return bool(_THAN.search(text.low[max(0, start - 24) : start]))


def _long(mention: Mention) -> bool:
    """Whether two or more words were matched."""
    return mention.last > mention.first


# The beginning of a request up to the thing it asks for: "I need a ", "looking for an ", "show me some ", or nothing at all.
_ASKS = re.compile(
    r"(?:^|[.,;!?:] |\b(?:need|want|wants|find|get|buy|order|show|me|us|like|(?:look|search|hunt)(?:ing)? for|after|recommend|suggest|please|hi|hello|hey) )"
    r"(?:(?:please|an?|another|some|any|new|no) )*(?P<said>(?:[\w./'\"-]+ ){0,4})$"
)
_GOES_ON = bag(
    "under over above below less more max maximum min minimum up at around about for with without that which from between cheaper not but and or in size up than please made who only waterproof"
)


_OF_A_MEASURE = re.compile(r" (?:at (?:least|most)|up to|max|min|about|around|over|under|\d)")


def heads_the_request(text: Text, i: int) -> bool:
    """Whether token i is the thing that the request begins by asking for, though it is an ordinary word: "a ring over 14 karat",
    "10 ft board", but not "to watch", "a bag of rice" or "to carry in a bag"."""
    match = _ASKS.search(text.low[: text.tokens[i].start])
    if match is None or (text.tokens[i].gap != " " and i):
        return False
    before = text.tokens[text.at(match.start("said")) : i]
    if any(t.low in FUNCTION or t.hard or t.comma or t.low.endswith("ing") for t in before):
        return False
    after = text.tokens[i + 1] if i + 1 < len(text.tokens) else None
    if after is not None and after.low == "of":
        return _OF_A_MEASURE.match(text.low, after.end) is not None
    return (
        after is None or after.hard or after.comma or after.numeric or after.low in _GOES_ON
        or comparative(after.low) is not None
    )  # fmt: skip


def _needed(text: Text, index: Index, mention: Mention, value: Value, known: Field) -> float:
    """How much support this match needs before it counts."""
    tokens = text.tokens[mention.first : mention.last + 1]
    lows = [t.low.removesuffix("'s") for t in tokens]
    single = len(tokens) == 1
    low = lows[0]
    if all(w in FUNCTION for w in lows):
        need = 2.0 if single else 1.0
    elif all(w in FUNCTION or w in FILLER or w in COMMON for w in lows):
        plain = (not single and value.exact) or (value.field == "categories" and heads_the_request(text, mention.first))
        need = 0.0 if plain and not known.brand else 1.0
    else:
        need = 0.0
    if single and low in COLORS and is_color(known):
        need = 0.0
    if mention.how == "partial":
        if known.brand and value.exact is False:
            shown = tokens[0].text in str(value.value).split() or text.text.islower()
            need = max(
                need, 0.0 if shown and low not in COMMON and (not ordinary(low) or tokens[0].text[0].isupper()) else 2.0
            )
        elif value.field == "categories":
            head = str(value.value).split()[-1]
            need = max(need, 0.0 if stem(head.lower()) == tokens[0].stem and low not in COMMON else 1.0)
        elif not value.exact:
            need = max(need, 1.15)
    if (
        single
        and low != str(value.value).lower()
        and known.kind == "text"
        and not known.brand
        and _OCCASION.search(text.low[: text.tokens[mention.first].start])
    ):
        need = max(need, 1.0)  # "on a long commute" tells where it is used, and names no value
    if single and tokens[0].stem in index.nouns and value.field != "categories":
        need = max(need, 2.0)
    short = single and len(low) <= 2 and not (value.field == "categories" and value.exact)
    if short and tokens[0].text != str(value.value) and not tokens[0].text.isupper():
        need = max(need, 1.0)
    if not value.exact and mention.how == "exact":
        need = max(need, 1.15 if single else 0.0)
    return need


def _support(text: Text, index: Index, mention: Mention, value: Value, known: Field, found: list[Mention]) -> float:
    """What speaks for the value: quotes, the field's name, the product's noun, another value of the field beside it."""
    tokens, first, last = text.tokens, mention.first, mention.last
    before = text.text[max(0, tokens[first].start - 1) : tokens[first].start]
    after = text.text[tokens[last].end : tokens[last].end + 1]
    quoted = bool(before and after) and before in "\"'" and after in "\"'"
    score = 2.0 * quoted + _by_kind(text, index, mention, value, known) + _by_name(text, index, mention, known)
    score += _by_noun(text, index, mention, value, known, found) + _by_category(text, mention, known)
    return score + any(_listed_with(text, mention, other, value) for other in found if other is not mention)


def _by_kind(text: Text, index: Index, mention: Mention, value: Value, known: Field) -> float:
    """What brands, materials, colours and people have for them."""
    tokens, first, last = text.tokens, mention.first, mention.last
    score = _brand_support(text, mention, value) if known.brand else 0.0
    if _MATERIAL & set(known.name) and _OF_IT.search(text.low[: tokens[first].start]):
        score += 1.0
    if is_color(known):
        score += 1.0 * (first > 0 and tokens[first - 1].low in ("in", "be", "not", "no", "never"))
        score += 1.0 * (re.search(r"\bcolou?r", text.low) is not None)
    whom = tokens[last].low.removesuffix("'s") in _PEOPLE and (
        (first and tokens[first - 1].low == "for")
        or tokens[last].low.endswith("'s")
        or (_GENDER & set(known.name) and _wearer(text, index, first))
    )
    return score + bool(whom)


def _by_category(text: Text, mention: Mention, known: Field) -> float:
    """A word of a category that has the field right before the name of a kind: "dog bed" among dog supplies."""
    before = text.tokens[mention.first - 1] if mention.first else None
    if before is None or not names_kind(known) or text.tokens[mention.first].gap not in (" ", "-"):
        return 0.0
    return float(any(before.stem in stems(category)[:-1] for category in known.within))


def _by_name(text: Text, index: Index, mention: Mention, known: Field) -> float:
    """The words of the field's name within three words, in the same sentence."""
    tokens, first, last, score = text.tokens, mention.first, mention.last, 0.0
    telling = {w for w in known.name if len(w) > 1}
    synonyms = known.known - telling - index.nouns
    for j in (*range(max(0, first - 3), first), *range(last + 1, min(len(tokens), last + 4))):
        if any(t.hard for t in tokens[min(j, first) + 1 : max(j, last) + 1]):
            continue
        gap = first - j if j < first else j - last
        if tokens[j].stem in telling:
            score += 1.2 if gap <= 2 else 1.0
        elif tokens[j].stem in synonyms and gap <= 2:
            score += 1.0
    return score


def _by_noun(text: Text, index: Index, mention: Mention, value: Value, known: Field, found: list[Mention]) -> float:
    """The product's own noun behind the value, with nothing but other values between."""
    tokens, follow = text.tokens, mention.last + 1
    while follow < len(tokens) and follow <= mention.last + 4 and not tokens[follow].hard:
        token, other = tokens[follow], next((m for m in found if m.first == follow), None)
        if token.low in ("one", "ones"):
            return 1.0
        if token.stem in index.nouns:
            return 1.0 if not known.brand or tokens[mention.first].text == str(value.value).split()[0] else 0.5
        joins = token.low in ("or", "and") or token.numeric or (token.low in UNITS and token.low not in FUNCTION)
        if other is None and not joins:
            return 0.0
        follow = (other.last if other else follow) + 1
    return 0.0


def _listed_with(text: Text, mention: Mention, other: Mention, value: Value) -> bool:
    """Whether another value of the same field stands right beside it."""
    if all(v.field != value.field for v in other.candidates):
        return False
    low, high = (other, mention) if other.last < mention.first else (mention, other)
    parting = text.tokens[low.last + 1 : high.first]
    between = [t.low for t in parting]
    anew = {"a", "an", "the"} >= set(between) and any(t.comma for t in parting)
    joined = len(between) <= 2 and all(w in ("or", "and", "nor", "either", "a", "an", "the") for w in between)
    return joined and not anew and not text.tokens[high.first].hard


def _wearer(text: Text, index: Index, first: int) -> bool:
    """Whether the people named from token `first` on are to wear it: "for a man", "I'm a woman", "running shoes men"."""
    before = text.tokens[first - 1] if first else None
    beside = before is not None and before.stem in index.nouns and re.fullmatch(r"[ ,(/-]+", text.tokens[first].gap)
    return bool(beside or _WEARER.search(text.low[: text.tokens[first].start]))


_WEARER = re.compile(r"\b(?:for|as|i'?m|i am)(?: (?:an?|the))?(?: (?!not\b)[\w-]+)? $")


def _brand_support(text: Text, mention: Mention, value: Value) -> float:
    tokens, first, last = text.tokens, mention.first, mention.last
    score = 0.0
    given = text.text[tokens[first].start : tokens[last].end]
    sentence_start = first == 0 or tokens[first].hard
    if given[:1].isupper() and not sentence_start:
        score += 1.0
    if given == str(value.value) and not given.islower() and (not sentence_start or not given.istitle()):
        score += 1.0
    if first and tokens[first - 1].low in _BRAND_BEFORE:
        score += 0.6
    if last + 1 < len(tokens) and tokens[last + 1].low in _AFTER_BRAND:
        score += 0.6
    if tokens[last].low.endswith("'s"):
        score += 0.3
    return score
