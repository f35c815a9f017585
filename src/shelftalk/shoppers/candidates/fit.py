"""Learning from all interactions: what is taken together, what sells now and where, what people buy again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from shelftalk.shoppers.candidates.behaviour import SEASONS, Behaviour
from shelftalk.shoppers.candidates.blend import Blend
from shelftalk.shoppers.candidates.feedback import basket, days, strength
from shelftalk.values import Interaction

# Popularity halves in so many days; each product keeps so many that are taken with it. Fitted by benchmarks/next_basket.py on dev.
HALF_LIFE = 4.0
LINKS = 100
SHARED = 3  # people who took both, from which on one product speaks for another
# The places with most sales, each with at least so many of them, have a popularity of their own.
MOST_PLACES, LEAST_IN_PLACE = 50, 200
# A product's own share of repeats counts against the shop's as if that had been seen so many times.
PRIOR = 20.0
STAGES = 4
_ROWS = 2048  # products looked at together
_ROW = [
    ("user", "i8"),
    ("basket", "i8"),
    ("item", "i8"),
    ("weight", "f4"),
    ("day", "f8"),
    ("place", "i8"),
    ("bought", "?"),
]


@dataclass(slots=True)
class Table:
    """Interactions as columns: `user`, `basket` and `item` are numbers, `item` that of a place in `ids`; `weight` 0 to 1, `day` since
    1970. `unknown` counts those of products that the catalogue does not hold, `later` those after the moment of the fit."""

    ids: tuple[str, ...]
    user: np.ndarray
    basket: np.ndarray
    item: np.ndarray
    weight: np.ndarray
    day: np.ndarray
    place: np.ndarray
    bought: np.ndarray
    places: tuple[str, ...] = ()
    unknown: int = 0
    later: int = 0
    users: int = field(default=0)

    def __len__(self) -> int:
        return len(self.item)


def table(interactions: Iterable[Interaction], ids: Sequence[str], at: datetime | None = None) -> Table:
    """The interactions that speak for one of these products, up to `at`, in the order of their time; one a basket, product and kind
    counts once. An interaction without a user has one of its own by its session, and counts as a basket alone where it has neither."""
    index = {product_id: n for n, product_id in enumerate(ids)}
    users: dict[str, int] = {}
    baskets: dict[tuple[str, str], int] = {}
    places: dict[str, int] = {}
    rows: list[tuple[int, int, int, float, float, int, bool]] = []
    limit = float("inf") if at is None else days(at)
    unknown = later = 0
    for i in interactions:
        how = strength(i) if i.product_id else 0.0
        if how <= 0:
            continue
        n = index.get(i.product_id)
        day = days(i.at)
        if n is None or day > limit:
            unknown, later = unknown + (n is None), later + (n is not None)
            continue
        key = basket(i) if i.user or i.session else ("", i.id or f"#{len(rows)}")
        rows.append(
            (
                users.setdefault(i.user or f"\n{key[1]}", len(users)),
                baskets.setdefault(key, len(baskets)),
                n,
                how,
                day,
                places.setdefault(i.place, len(places)) if i.place else -1,
                i.kind == "purchase",
            )
        )
    made = np.array(rows, dtype=_ROW)
    # The strongest interaction of a basket with a product stands for all of them.
    made = made[np.lexsort((-made["weight"], made["item"], made["basket"]))]
    first = _changes(made["basket"], made["item"])
    made = made[first][np.argsort(made["day"][first], kind="stable")]
    return Table(
        tuple(ids), made["user"], made["basket"], made["item"], made["weight"], made["day"], made["place"], made["bought"],
        tuple(places), unknown, later, len(users),
    )  # fmt: skip


def _changes(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The places at which a new pair of values begins."""
    return np.flatnonzero(np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])][: len(a)])


def learn(
    held: Table,
    at: datetime,
    *,
    half_life: float = HALF_LIFE,
    links: int = LINKS,
    shared: int = SHARED,
    blend: Blend | None = None,
) -> Behaviour:
    """What the interactions of a table say, as of `at`; needs scipy and implicit (the extra `shoppers`)."""
    now, n = days(at), len(held.ids)
    recent = held.weight * np.exp2(-(now - held.day) / half_life)
    starts, others, strengths = _links(held, n, links, shared)
    first = np.full(n, np.inf, dtype=np.float64)
    np.minimum.at(first, held.item, held.day)
    return Behaviour(
        ids=held.ids,
        at=now,
        starts=starts,
        others=others,
        links=strengths,
        popular=np.bincount(held.item, recent, minlength=n).astype(np.float32),
        first=first.astype(np.float32),
        again=_again(held, n),
        basket_size=len(held) / max(1, len(np.unique(held.basket))),
        places=_places(held, recent, n),
        seasons=_seasons(held, n),
        blend=blend or Blend.default(),
        report={
            "interactions": len(held), "users": held.users, "baskets": len(np.unique(held.basket)),
            "products": int(np.isfinite(first).sum()), "unknown_products": held.unknown, "in_the_future": held.later,
            "at": at.isoformat(), "half_life_days": half_life,
        },
    )  # fmt: skip


def _links(held: Table, n: int, most: int, least: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each product those taken by the same people: cosine of TF-IDF weighted columns, the `most` nearest of each, without itself
    and without those that fewer than `least` people share: what two people did is chance, and their secret."""
    import warnings

    from implicit.nearest_neighbours import TFIDFRecommender
    from scipy.sparse import csr_matrix

    if not len(held):
        return np.zeros(n + 1, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
    of_users = csr_matrix((held.weight.astype(np.float64), (held.user, held.item)), shape=(held.users, n))
    of_users.sum_duplicates()
    of_users.data = np.minimum(of_users.data, 1.0)
    model = TFIDFRecommender(K=most + 1, num_threads=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # implicit converts a matrix of its own, and says so
        model.fit(of_users, show_progress=False)
    found = _shared(csr_matrix(model.similarity), of_users, least)
    found.setdiag(0)
    found.eliminate_zeros()
    found.sort_indices()
    return found.indptr.astype(np.int64), found.indices.astype(np.int32), found.data.astype(np.float32)


def _shared(similar: Any, of_users: Any, least: int) -> Any:
    """The similarities of those products that at least so many users share, both sparse (products by products, users by products)."""
    from scipy.sparse import csr_matrix, vstack

    taken = csr_matrix((np.ones(of_users.nnz, dtype=np.int32), of_users.indices, of_users.indptr), shape=of_users.shape)
    of_products, kept = taken.T.tocsr(), []
    for start in range(0, similar.shape[0], _ROWS):
        both = (of_products[start : start + _ROWS] @ taken).tocsr()
        both.data = (both.data >= least).astype(np.int32)
        both.eliminate_zeros()
        kept.append(similar[start : start + _ROWS].multiply(both))
    return csr_matrix(vstack(kept)) if kept else similar


def _again(held: Table, n: int) -> np.ndarray:
    """The share of a person's next baskets in which they buy a product that they have met (column 0) or bought once, twice, three times or
    more, by product, float32 (n, 4): each product's own where it was seen often, else the shop's."""
    exposed, hits = np.zeros((n, STAGES)), np.zeros((n, STAGES))
    ordinal = _ordinals(held)
    order = np.lexsort((held.day, held.item, held.user))
    user, item, bought, place = held.user[order], held.item[order], held.bought[order], ordinal[order]
    total = np.zeros(held.users, dtype=np.int64)
    np.maximum.at(total, held.user, ordinal)
    starts = _changes(user, item)
    group = np.zeros(len(order), dtype=np.int64)
    group[starts[1:]] = 1
    group = np.cumsum(group)
    before = np.cumsum(bought) - bought
    had = before - before[starts][group] + bought
    # From one purchase (or the first meeting) to the next is one spell; its length is counted in the person's baskets.
    opens = bought.copy()
    opens[starts] = True
    at = np.flatnonzero(opens)
    follows = np.r_[group[at][1:] == group[at][:-1], False][: len(at)]
    until = np.where(follows, np.r_[place[at][1:], 0][: len(at)], total[user[at]])
    stage = np.minimum(had[at], STAGES - 1)
    np.add.at(exposed, (item[at], stage), np.maximum(until - place[at], 0))
    np.add.at(hits, (item[at], stage), follows.astype(float))
    shop = (hits.sum(0) + 0.01) / (exposed.sum(0) + 1.0)
    for times in range(2, STAGES):  # few buy often: what is not known of them is as for those who bought once less
        shop[times] = (hits[:, times].sum() + PRIOR * shop[times - 1]) / (exposed[:, times].sum() + PRIOR)
    return np.asarray((hits + PRIOR * shop) / (exposed + PRIOR), dtype=np.float32)


def _ordinals(held: Table) -> np.ndarray:
    """For each interaction, how many baskets in which something was bought its user had up to it, this one included."""
    ordinal = np.zeros(len(held), dtype=np.int64)
    order = np.lexsort((held.basket, held.day, held.user))
    seen: dict[int, int] = {}
    counted: dict[int, int] = {}
    for k in order:
        user, of = int(held.user[k]), int(held.basket[k])
        if held.bought[k] and of not in counted:
            seen[user] = seen.get(user, 0) + 1
            counted[of] = seen[user]
        ordinal[k] = counted.get(of, seen.get(user, 0))
    return ordinal


def _places(held: Table, recent: np.ndarray, n: int) -> dict[str, np.ndarray]:
    counts = np.bincount(held.place[held.place >= 0], minlength=len(held.places))
    most = [int(p) for p in np.argsort(-counts, kind="stable")[:MOST_PLACES] if counts[p] >= LEAST_IN_PLACE]
    return {
        held.places[p]: np.bincount(held.item[held.place == p], recent[held.place == p], minlength=n).astype(np.float32)
        for p in most
    }


def _seasons(held: Table, n: int) -> dict[str, np.ndarray]:
    """Sales by season of the northern year (March to May is spring), where they span a year; else none, as no season is known whole."""
    if not len(held) or held.day.max() - held.day.min() < 365:
        return {}
    month = held.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    season = (month + 10) % 12 // 3
    return {
        name: np.bincount(held.item[season == s], held.weight[season == s], minlength=n).astype(np.float32)
        for s, name in enumerate(SEASONS)
    }
