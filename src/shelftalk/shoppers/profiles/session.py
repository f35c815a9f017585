"""The profile of a session: what was asked, shown, liked and refused in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shelftalk.shoppers.profiles.signals import CHOSEN, against, speaks_for
from shelftalk.text import clean, shorten
from shelftalk.values import Interaction, Product

__all__ = ["SessionProfile", "build_session_profile"]

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class SessionProfile:
    """`asked` are the shopper's words, oldest first; `shown` the products picked for them, `liked` and `refused` those that the shopper
    chose or sent away (with why), each in the order in which it happened; what was liked and then refused is refused."""

    session: str
    asked: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    liked: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    titles: Mapping[str, str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The profile as it is shown."""
        titles = self.titles or {}

        def product(name: str, **more: str) -> dict[str, str]:
            return {"product_id": name, "title": titles.get(name, ""), **more}

        return {
            "session": self.session,
            "asked": list(self.asked),
            "shown": [product(name) for name in self.shown],
            "liked": [product(name, kind=kind) for name, kind in self.liked],
            "refused": [product(name, why=why) for name, why in self.refused],
        }


def build_session_profile(
    session: str,
    interactions: Iterable[Interaction],
    *,
    asked: Sequence[str] = (),
    shown: Sequence[str] = (),
    products: Mapping[str, Product] | None = None,
) -> SessionProfile:
    """The profile of a session from what was done in it, in any order. `asked` and `shown` are the requests and picks of a conversation;
    searches and interactions of kind "shown" come after them."""
    done = sorted({one.id or repr(one): one for one in interactions}.values(), key=lambda one: (one.at, one.id))
    words = [*asked, *(one.text for one in done if one.kind == "search" and one.text)]
    seen = dict.fromkeys([*shown, *(one.product_id for one in done if one.kind == "shown" and one.product_id)])
    liked: dict[str, str] = {}
    refused: dict[str, str] = {}
    for one in done:
        if one.kind == "dismiss" or against(one):
            liked.pop(one.product_id, None)
            refused[one.product_id] = one.why
        elif speaks_for(one) >= CHOSEN:
            refused.pop(one.product_id, None)
            liked[one.product_id] = one.kind
    titles = {name: clean(p.title) for name, p in (products or {}).items()}
    return SessionProfile(
        session, tuple(shorten(clean(w), _LONGEST) for w in dict.fromkeys(words)), tuple(seen), tuple(liked.items()),
        tuple(refused.items()), titles,
    )  # fmt: skip
