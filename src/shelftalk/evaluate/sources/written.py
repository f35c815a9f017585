"""The written set (data/wishes, or a folder of a shop's own in its format): wishes with their criteria, needs with their kinds.

The catalogue holds made-up products of the kinds, by a seed; a suite's own `catalog` takes its place. What is right stands
in `meta`: of a wish the criteria, the words that no field answers and the kind, of a need the kinds that help.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from shelftalk.errors import FeedError, UsageError
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.sources.base import Feed, Gains, Loaded, Place, SourceOptions, length
from shelftalk.values import Request, Turn
from shelftalk.written import Need, Wish, WrittenSet, made_products, read_written
from shelftalk.written.parse import HELD

_EACH = {"wishes": 24, "needs": 6}


class WrittenOptions(SourceOptions):
    """`ask`: wishes or needs; `split`: dev, test, or all (of a set that no model was trained on); `path`: another folder in
    the same format; `pool`: what a wish is put to, a catalogue of its kind or, after a turn that names the kind, one of all kinds
    (needs always; a suite's own catalogue too); `each`: made-up products a kind (wishes 24, needs 6); `seed` of those products."""

    ask: Literal["wishes", "needs"] = "wishes"
    split: Literal["dev", "test", "all"] = "test"
    path: str | None = None
    pool: Literal["kind", "all"] = "kind"
    each: int | None = Field(None, ge=2, le=1000)
    seed: int = 0


def load(options: WrittenOptions, place: Place, gains: Gains) -> Loaded:
    """The wishes, or the needs, of a split. UsageError names the file and line that is not in the format."""
    try:
        found = read_written(place.find(options.path, "the written set") if options.path else None)
    except FeedError as error:
        raise UsageError(str(error)) from error
    asked: Iterable[Wish | Need] = found.wishes if options.ask == "wishes" else found.needs
    chosen = [one for one in asked if options.split in ("all", one.split)]
    names = _distinct(chosen)
    apart = options.ask == "wishes" and options.pool == "kind"
    cases = [_wish(w, n, apart) if isinstance(w, Wish) else _need(w, n) for w, n in zip(chosen, names, strict=True)]
    products = _products(found, chosen, options)
    if not apart:
        return Loaded(cases, {"main": Feed(products=products)})
    kinds = {one.kind for one in chosen if isinstance(one, Wish)}
    return Loaded(
        cases, {_key(kind): Feed(products=tuple(p for p in products if kind in p.categories)) for kind in sorted(kinds)}
    )


def _products(found: WrittenSet, chosen: list[Any], options: WrittenOptions) -> tuple[Any, ...]:
    """Products of the kinds that the wishes are about; for needs, of every kind."""
    about = {one.kind for one in chosen if isinstance(one, Wish)} or set(found.sold)
    kinds = [kind for name, kind in found.sold.items() if name in about]
    return tuple(made_products(kinds, options.each or _EACH[options.ask], options.seed))


def _distinct(chosen: Iterable[Wish | Need]) -> list[str]:
    """A name for each that does not change when lines come and go: its kind with a hash of its words."""
    seen: Counter[str] = Counter()
    names = []
    for one in chosen:
        kind = one.kind if isinstance(one, Wish) else "need"
        name = f"{'-'.join(kind.lower().split())}-{hashlib.sha256(one.text.encode()).hexdigest()[:8]}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def _key(kind: str) -> str:
    return "-".join(kind.lower().split())


def _wish(wish: Wish, name: str, apart: bool) -> Case:
    wants = [want for want in wish.wants if want is not None]
    none = [words for words, want in zip(wish.words, wish.wants, strict=True) if want is None]
    told = apart or names_kind(wish.text, wish.kind)
    return Case(
        name,
        Request(wish.text, name, () if told else _kind_first(wish.kind)),
        catalog=_key(wish.kind) if apart else "main",
        columns={
            "unseen": wish.kind in HELD,
            "wishes": str(len(wish.wants)) if len(wish.wants) < 3 else "3+",
            "negative": any(want.want == "not" or want.value is False for want in wants),
            "turns": 1 if told else 2,
            "words": length(wish.text),
            "kind": wish.kind,
            "split": wish.split,
        },
        meta={"criteria": [want.to_dict() for want in wants], "none": none, "kind": wish.kind},
    )


def _kind_first(kind: str) -> tuple[Turn, ...]:
    return Turn("user", kind.lower()), Turn("assistant", "")


def names_kind(text: str, kind: str) -> bool:
    """Whether a request names its kind: the last word of the kind's name ("bags"), singular or plural, stands in it."""
    words = {_singular(word) for word in re.findall(r"[a-z]+", text.lower())}
    return _singular(re.findall(r"[a-z]+", kind.lower())[-1]) in words


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    if word.endswith("ves"):
        return f"{word[:-3]}f"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _need(need: Need, name: str) -> Case:
    return Case(
        name,
        Request(need.text, name),
        columns={"words": length(need.text), "kinds": len(need.kinds), "split": need.split},
        meta={"kinds": list(need.kinds)},
    )
