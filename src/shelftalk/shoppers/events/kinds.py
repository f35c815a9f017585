"""Names of kinds of interactions: the field's own, and those that shops and analytics give them."""

from __future__ import annotations

import re
from functools import lru_cache

from shelftalk.values import INTERACTION_KINDS, InteractionKind

# Names of the first version of the API, which are taken for good.
EARLIER_KINDS: dict[str, InteractionKind] = {
    "clicked": "click",
    "bought": "purchase",
    "dismissed": "dismiss",
    "more_like": "like",
}
_OTHERS: dict[str, InteractionKind] = {
    **EARLIER_KINDS,
    **dict.fromkeys(("viewed", "pageview", "page_view", "view_item", "product_view", "detail_view"), "view"),
    **dict.fromkeys(("select_item", "item_click"), "click"),
    **dict.fromkeys(("add", "addtocart", "add_to_cart", "added_to_cart", "basket", "add_to_basket"), "cart"),
    **dict.fromkeys(("buy", "order", "ordered", "purchased", "sale", "transaction"), "purchase"),
    **dict.fromkeys(("rate", "rated"), "rating"),
    **dict.fromkeys(("reviewed",), "review"),
    **dict.fromkeys(("liked", "favorite", "favourite", "wishlist", "add_to_wishlist"), "like"),
    **dict.fromkeys(("dislike", "disliked", "not_for_me"), "dismiss"),
    **dict.fromkeys(("searched", "query", "view_search_results"), "search"),
    **dict.fromkeys(("impression", "view_item_list"), "shown"),
}
_GAP = re.compile(r"[\s-]+")


@lru_cache(maxsize=1000)
def kind_of(name: str) -> InteractionKind | None:
    """The kind that a name means, None for one that is not known; case, "-" and blanks do not count."""
    plain = _GAP.sub("_", name.strip().lower())
    return next((kind for kind in INTERACTION_KINDS if kind == plain), None) or _OTHERS.get(plain)
