"""Behaviour: what is learnt from all interactions of a shop, kept in one file beside its catalogue.

    CATALOG/behaviour.npz    arrays by product, and a JSON text with the ids, the blend and the report of the fit

Nothing here is needed for a start: without the file the sources that need no interactions answer.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from shelftalk.catalog import files
from shelftalk.errors import CatalogError
from shelftalk.shoppers.candidates.blend import Blend

FILE = "behaviour.npz"
VERSION = 1
SEASONS = ("spring", "summer", "autumn", "winter")
# A place's own sales count beside all sales as if so many more had been made there in the shop's proportions (Dirichlet smoothing).
SMOOTHING = 200.0


@dataclass(frozen=True)
class Behaviour:
    """What is learnt from interactions up to `at` (days since 1970, UTC) of the products `ids`; n products.

    `starts`, `others`, `links`: for each product those that the same people take, as a sparse matrix by row (n + 1, m and m values,
    similarity 0 to 1). `popular`: how often each is taken, the recent counting more, float32 (n). `places`: the same in each place
    named, `seasons`: over all time by season of the year (n each). `first`: the day each was first met. `again`: of a product
    and how often a person bought it (0, 1, 2, 3 or more times, having met it), the share of that person's next baskets that it is in,
    shape (n, 4). `basket_size` is how many products a basket holds. `report` is what the fit says of itself.
    """

    ids: tuple[str, ...]
    at: float
    starts: np.ndarray
    others: np.ndarray
    links: np.ndarray
    popular: np.ndarray
    first: np.ndarray
    again: np.ndarray
    basket_size: float = 1.0
    places: Mapping[str, np.ndarray] = field(default_factory=dict)
    seasons: Mapping[str, np.ndarray] = field(default_factory=dict)
    blend: Blend = field(default_factory=Blend.default)
    report: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """The place of each id."""
        return {product_id: n for n, product_id in enumerate(self.ids)}

    def linked(self, product_id: str) -> tuple[np.ndarray, np.ndarray]:
        """The places of the products taken by those who take this one, and how strongly; both empty for one that is not known."""
        n = self.index.get(product_id)
        if n is None:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
        row = slice(int(self.starts[n]), int(self.starts[n + 1]))
        return self.others[row], self.links[row]

    def popularity(self, place: str = "", season: str = "") -> np.ndarray:
        """The share of each product in what is taken now, in a place and a season where they are given and known; float (n), sum 1."""
        shares = _shares(self.popular)
        there = self.places.get(place)
        if there is not None:
            shares = (there + SMOOTHING * shares) / (there.sum() + SMOOTHING)
        if season in self.seasons and len(self.seasons) == len(SEASONS):
            every = _shares(np.sum(list(self.seasons.values()), axis=0))
            now = self.seasons[season]
            lift = (now + SMOOTHING * every) / (now.sum() + SMOOTHING) / np.maximum(every, 1e-12)
            shares = _shares(shares * np.where(every > 0, lift, 1.0))
        return shares

    def save(self, path: Path) -> None:
        """Writes the file in one step: a reader sees the old one or the new."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        for name, group in (("places", self.places), ("seasons", self.seasons)):
            for n, values in enumerate(group.values()):
                arrays[f"{name}.{n}"] = values
        about = {
            "version": VERSION, "ids": self.ids, "at": self.at, "basket_size": self.basket_size, "places": list(self.places), "seasons": list(self.seasons),
            "blend": self.blend.to_dict(), "report": dict(self.report),
        }  # fmt: skip
        text = json.dumps(about, ensure_ascii=False).encode("utf-8", "surrogatepass")
        with files.making(path) as made, made.open("wb") as out:
            np.savez(out, about=np.frombuffer(text, dtype=np.uint8), **arrays)

    @classmethod
    def load(cls, path: Path) -> Behaviour | None:
        """What the file holds, None where there is no file; CatalogError where it is damaged or of another version."""
        try:
            with np.load(path, allow_pickle=False) as held:
                about = json.loads(held["about"].tobytes().decode("utf-8", "surrogatepass"))
                if about["version"] != VERSION:
                    raise CatalogError(
                        f"{path} is of version {about['version']}, not {VERSION}; run `shelftalk events fit` again"
                    )
                made = cls(
                    ids=tuple(about["ids"]),
                    at=float(about["at"]),
                    basket_size=float(about["basket_size"]),
                    places=_named(held, "places", about),
                    seasons=_named(held, "seasons", about),
                    blend=Blend.from_dict(about["blend"]),
                    report=about["report"],
                    **{name: held[name] for name in _ARRAYS},
                )
                made._check()
                return made
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise CatalogError(
                f"{path} is damaged ({error}); run `shelftalk events fit` again, or delete it"
            ) from error

    def _check(self) -> None:
        n = len(self.ids)
        by_product = [self.popular, self.first, *self.places.values(), *self.seasons.values()]
        if any(a.shape != (n,) for a in by_product) or self.again.shape != (n, 4) or self.starts.shape != (n + 1,):
            raise ValueError(f"its arrays are not of {n} products")
        if self.others.shape != self.links.shape or (np.diff(self.starts) < 0).any() or self.starts[0] != 0:
            raise ValueError("its links are out of order")
        if self.starts[-1] != len(self.others) or (
            len(self.others) and not 0 <= self.others.min() <= self.others.max() < n
        ):
            raise ValueError("its links lead nowhere")


_ARRAYS = ("starts", "others", "links", "popular", "first", "again")


def _named(held: Any, group: str, about: Mapping[str, Any]) -> dict[str, np.ndarray]:
    names: Sequence[str] = about[group]
    return {name: held[f"{group}.{n}"] for n, name in enumerate(names)}


def _shares(counts: np.ndarray) -> np.ndarray:
    total = float(counts.sum())
    return counts / total if total > 0 else np.zeros(len(counts))
