"""Whether the catalogue sells the kind of thing that a request names, whatever limits stand beside it.

The kind is a name of at most three words ("bike helmet") that the intent carries; its last word is the head. It is sold where a product is called so: the head ends a phrase of
a title, or a category, or a value of a field like "kind". Where it is called so nowhere, the head's meaning and the
name's must both come near some product; nearer still where the catalogue knows the word as a property alone
("mount: helmet", "laptop sleeve").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from shelftalk.values import Intent, Product
from shelftalk.words.stop import NAMELESS, STOP_WORDS

# How much nearer than the floor for a whole text a name must come that no product is called by: the last word of several,
# a name as a whole, and one that the catalogue knows as a property alone. Chosen on 106 names of things the demo shop sells
# and 107 of things it does not.
UNNAMED, WHOLE, PROPERTY = 0.05, 0.12, 0.2
# A word in so many titles that names none of these products is a property of them.
OFTEN = 3
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# A name that a product is given.
_NAME = re.compile(r"“[^”]{1,60}”|«[^»]{1,60}»|\"[^\"]*[A-Za-z]{3}[^\"]*\"")
# Last words of names that say little by themselves.
_VAGUE = frozenset(
    {"machine", "maker", "device", "system", "equipment", "set", "kit", "appliance", "tool", "board", "holder"}
)
# What follows the name of the thing in a title.
_ENDS = re.compile(
    r"(?:\W*$|\s*[,;:()\[\]|/–—-]|\s+\W*\d|\s+(?:for|with|in|of|and|or|from|by|to|set|kit|pack|w|without|on|&)\b)", re.I
)
_KIND_WORDS = frozenset({"kind", "type", "category", "product", "item", "subcategory"})
# Words by which a request says that it leaves the kind open.
_ANYTHING = frozenset(
    ("something", "anything", "gift", "gifts", "present", "presents", "idea", "ideas", "stuff", "else")
)


def says_what(intent: Intent) -> bool:
    """Whether words are left that may say what is wanted, beside limits, order, wishes and words of no particular thing."""
    if any(w.lower() in _ANYTHING for w in _WORD.findall(intent.query)):
        return False
    return any(w.lower() not in NAMELESS for w in _left(intent))


def _left(intent: Intent) -> list[str]:
    said = [c.span for c in intent.constraints] + ([intent.sort.span] if intent.sort else []) + list(intent.preferences)
    read = {w.lower() for text in said for w in _WORD.findall(text)} | STOP_WORDS
    return [w for w in _WORD.findall(intent.query) if w.lower() not in read]


def says_kind(field: str) -> bool:
    """Whether a field of that name says what kind of thing a product is."""
    return bool(_KIND_WORDS & set(re.split(r"[\W_]+", field.lower())))


def head_of(kind: str) -> str:
    """The word that says what a thing so called is: the last one."""
    return kind.rsplit(maxsplit=1)[-1]


def called_so(kind: str, products: Sequence[Product]) -> bool:
    """Whether a product is called by the last word of a name: in a title's phrase, a category or a field like "kind".

    A word that says little by itself ("machine") must stand in such a product with the word before it ("coffee").
    """
    words = [_bare(w) for w in kind.split()]
    for product in products:
        if _names(words[-1], product) and (len(words) == 1 or words[-1] not in _VAGUE or _has(words[-2], product)):
            return True
    return False


def entitled(kind: str, products: Sequence[Product]) -> bool:
    """Whether a title holds the words of a name of several as they stand: "nespresso vertuo"."""
    wanted = [_bare(w) for w in kind.split()]
    return any(
        words[i : i + len(wanted)] == wanted
        for words in ([_bare(w) for w in _WORD.findall(_unnamed(p.title))] for p in products)
        for i in range(len(words))
    )


def mentioned(head: str, products: Sequence[Product]) -> bool:
    """Whether the word stands in a title or two before other nouns ("Poncho Rain Jacket") and no field has it as a value."""
    return bool(_titled(_bare(head), products)) and not property_alone(head, products)


def _has(wanted: str, product: Product) -> bool:
    texts = [product.title, *product.categories, *(v for v in product.attributes.values() if isinstance(v, str))]
    return any(_bare(w) == wanted for text in texts for w in _WORD.findall(text))


def property_alone(head: str, products: Sequence[Product]) -> bool:
    """Whether products that are not called so have it in their titles or as a value, so that it is known as a property."""
    wanted = _bare(head)
    quoted = any(_bare(w) == wanted for p in products for name in _NAME.findall(p.title) for w in _WORD.findall(name))
    if quoted and not _titled(wanted, products):
        return True
    return _titled(wanted, products) >= OFTEN or a_value(head, products)


def a_value(head: str, products: Sequence[Product]) -> bool:
    """Whether a field of the products has the word as a value: "mount: helmet"."""
    wanted = _bare(head)
    return any(
        isinstance(value, str) and [_bare(w) for w in _WORD.findall(value)] == [wanted]
        for product in products
        for value in product.attributes.values()
    )


def foreign(kind: str, products: Sequence[Product]) -> bool:
    """Whether none of the several words of a name stands in any title: "sleeping bag" in a shop with neither."""
    words = [_bare(w) for w in kind.split()]
    return len(words) > 1 and not any(_titled(word, products) for word in words)


def _titled(wanted: str, products: Sequence[Product]) -> int:
    return sum(any(_bare(w) == wanted for w in _WORD.findall(_unnamed(p.title))) for p in products)


def _names(wanted: str, product: Product) -> bool:
    if wanted in [_bare(w) for w in _WORD.findall(product.brand or "")]:
        return True
    title = _unnamed(product.title)
    texts = [title, *product.categories]
    for name, value in product.attributes.items():
        if isinstance(value, str) and says_kind(name):
            texts.append(value)
    return any(
        _bare(match.group()) == wanted and ((i == 0 and text is title) or _ENDS.match(text[match.end() :]))
        for text in texts
        for i, match in enumerate(_WORD.finditer(text))
    )


def _unnamed(title: str) -> str:
    """A title without a name in quotes: the game “Thirty-One Umbrellas” is no umbrella."""
    return _NAME.sub(" ", title)


def singular(name: str) -> str:
    """A name in lower case with its last word in the singular, roughly."""
    *before, last = name.lower().split()
    return " ".join([*before, _bare(last)])


@lru_cache(maxsize=16_384)
def _bare(word: str) -> str:
    """A word in lower case and in the singular, roughly."""
    low = word.lower().replace("’", "'").removesuffix("'s")
    if low.endswith("ies") and len(low) > 4:
        return low[:-3] + "y"
    if low.endswith(("ches", "shes", "sses", "xes")):
        return low[:-2]
    return low[:-1] if low.endswith("s") and not low.endswith("ss") and len(low) > 3 else low
