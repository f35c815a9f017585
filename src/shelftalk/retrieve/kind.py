"""Whether the catalogue sells the kind of thing that a request names, whatever limits stand beside it.

The kind is a name of at most three words ("bike helmet") that the intent carries; its last word is the head. It is sold where a product is called so: the head ends a phrase of
a title, or a category, or a value of a field like "kind". Where it is called so nowhere, the head's meaning and the
name's must both come near some product; nearer still where the catalogue knows the word as a property alone
("mount: helmet", "laptop sleeve").
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from shelftalk.values import Intent, Product
from shelftalk.words.stems import stem, stemmed
from shelftalk.words.stop import NAMELESS, STOP_WORDS

# How much nearer than the floor for a whole text a name must come that no product is called by: the last word of several,
# a name as a whole, and one that the catalogue knows as a property alone (benchmarks/kinds.py holds them to names of things that
# the demo shop sells and does not sell).
UNNAMED, WHOLE, PROPERTY = 0.05, 0.12, 0.2
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# A name that a product is given.
_NAME = re.compile(r"“[^”]{1,60}”|«[^»]{1,60}»|\"[^\"]*[A-Za-z]{3}[^\"]*\"")
# Last words of names that say little by themselves.
_VAGUE = stemmed("machine maker device system equipment set kit appliance tool board holder")
# What follows the name of the thing in a title.
_ENDS = re.compile(
    r"(?:\W*$|\s*[,;:()\[\]|/–—-]|\s+\W*\d|\s+(?:for|with|in|of|and|or|from|by|to|set|kit|pack|w|without|on|&)\b)", re.I
)
_KIND_WORDS = frozenset({"kind", "type", "category", "product", "item", "subcategory"})
# Words by which a request says that it leaves the kind open.
_ANYTHING = frozenset(
    ("something", "anything", "gift", "gifts", "present", "presents", "idea", "ideas", "stuff", "else")
)
_NAMES: dict[str, tuple[str, ...]] = {
    " ".join(map(stem, name.split())): tuple(others)
    for name, others in tomllib.loads((Path(__file__).parent / "names.toml").read_text(encoding="utf-8")).items()
}


def also_called(kind: str) -> tuple[str, ...]:
    """Other names of a kind, by the whole of its name or else its last word; none where unknown."""
    words = [stem(w) for w in kind.split()]
    return _NAMES.get(" ".join(words), ()) or _NAMES.get(words[-1], ())


def says_what(intent: Intent) -> bool:
    """Whether words are left that may say what is wanted, beside limits, order, wishes and words of no particular thing."""
    return not any(w.lower() in _ANYTHING for w in _WORD.findall(intent.query)) and says_something(intent)


def says_something(intent: Intent) -> bool:
    """The same, where the kind may be left open: "something against mosquitoes"."""
    return any(w.lower() not in NAMELESS | _ANYTHING for w in _left(intent))


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
    words = [stem(w) for w in kind.split()]
    for product in products:
        if _names(words[-1], product) and (len(words) == 1 or words[-1] not in _VAGUE or _has(words[-2], product)):
            return True
    return False


def _has(wanted: str, product: Product) -> bool:
    texts = [product.title, *product.categories, *(v for v in product.attributes.values() if isinstance(v, str))]
    return any(stem(w) == wanted for text in texts for w in _WORD.findall(text))


def vague(head: str) -> bool:
    """Whether the word says little by itself: the "machine" of "washing machine"."""
    return stem(head) in _VAGUE


def property_alone(head: str, products: Sequence[Product]) -> bool:
    """Whether products that are not called so have it in a name in quotes, as a value or in a field's name ("dishwasher safe"), so that it
    is known as a property."""
    wanted = stem(head)
    if any(wanted in map(stem, re.split(r"[\W_]+", name.lower())) for p in products for name in p.attributes):
        return True
    quoted = any(stem(w) == wanted for p in products for name in _NAME.findall(p.title) for w in _WORD.findall(name))
    return (quoted and not _titled(wanted, products)) or a_value(head, products)


def a_value(head: str, products: Sequence[Product]) -> bool:
    """Whether a field of the products has the word as a value: "mount: helmet"."""
    wanted = stem(head)
    return any(
        isinstance(value, str) and [stem(w) for w in _WORD.findall(value)] == [wanted]
        for product in products
        for value in product.attributes.values()
    )


def foreign(kind: str, products: Sequence[Product]) -> bool:
    """Whether none of the several words of a name stands in any title: "sleeping bag" in a shop with neither."""
    words = [stem(w) for w in kind.split()]
    return len(words) > 1 and not any(_titled(word, products) for word in words)


def _titled(wanted: str, products: Sequence[Product]) -> bool:
    return any(stem(w) == wanted for p in products for w in _WORD.findall(_unnamed(p.title)))


def _names(wanted: str, product: Product) -> bool:
    if wanted in [stem(w) for w in _WORD.findall(product.brand or "")]:
        return True
    title = _unnamed(product.title)
    texts = [title, *product.categories]
    for name, value in product.attributes.items():
        if isinstance(value, str) and says_kind(name):
            texts.append(value)
    return any(
        stem(match.group()) == wanted and ((i == 0 and text is title) or _ENDS.match(text[match.end() :]))
        for text in texts
        for i, match in enumerate(_WORD.finditer(text))
    )


def _unnamed(title: str) -> str:
    """A title without a name in quotes: the game “Thirty-One Umbrellas” is no umbrella."""
    return _NAME.sub(" ", title)
