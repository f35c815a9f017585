"""What a column of stock or availability says in words: whether there is any. It knows no product."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

_TABLE = {k: tuple(v) for k, v in tomllib.loads((Path(__file__).parent / "stock.toml").read_text("utf-8")).items()}
_GONE = re.compile(
    rf"\b(?:{'|'.join(_TABLE['gone'])})\b|\b(?:not|no|non|never|nothing|zero|0)\b(?: \w+)? (?:in stock|available|stock|left|on sale|for sale|units?)\b"
)
# A number below 0, which is sold more often than it was there, and a count of none.
_NONE = re.compile(
    r"\s*-\s*\d+([.,]\d+)?\s*|0+([.,]0+)?( ?(pcs?|pieces?|units?|items?|stück|stk|st|szt|ks|шт|uds?|unidades|un|pièces?|pezzi|pz|adet|個|件|台|개))?\.?"
)
_HERE = re.compile(rf"\b(?:{'|'.join(_TABLE['here'])})\b")


def plain_state(text: str) -> str:
    """The words of a state in lower case: "https://schema.org/OutOfStock", "schema:OutOfStock" and "out_of_stock" are "out of stock"."""
    last = re.sub(r"^.*[/:#](?=[A-Za-z_ -]+$)", "", text.strip().rstrip("/"))
    return re.sub(r"[\s_-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", last)).strip(" .!").lower()


@lru_cache(1000)
def any_in_stock(text: str) -> bool | None:
    """False where the words say that there is none ("no", "sold out", "no longer available"), True where they say that there is
    some, None for anything else ("preorder")."""
    said = plain_state(text)
    if said in _TABLE["none"] or _NONE.fullmatch(text.lower()) or _NONE.fullmatch(said) or _GONE.search(said):
        return False
    return True if said in _TABLE["some"] or _HERE.search(said) else None


def state(text: str) -> str:
    """The text as an availability: "out_of_stock" and "in_stock" for words that say no more than that, anything else as it is."""
    said = plain_state(text)
    there = any_in_stock(text)
    if there is False:
        return text if said.replace(" ", "") in ("outofstock", "soldout", "discontinued") else "out_of_stock"
    return "in_stock" if said in _TABLE["some"] or re.fullmatch(r"[1-9]\d*", said) else text
