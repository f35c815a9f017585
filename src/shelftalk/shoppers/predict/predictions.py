"""`shelftalk predict` and POST /v1/predictions: a record that names a shopper or a history and a product, read and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shelftalk.catalog import Catalog
from shelftalk.catalog.product import FieldError, parse_product
from shelftalk.errors import UsageError
from shelftalk.prompts import Template
from shelftalk.shoppers.predict.examples import Popularity
from shelftalk.shoppers.predict.features import VectorOf
from shelftalk.shoppers.predict.met import MOST, Met, Outcome, Pair, became, met_of, rated
from shelftalk.shoppers.predict.predictors import ENOUGH, Predictor
from shelftalk.shoppers.predict.ratings import predicted_rating
from shelftalk.shoppers.predict.statements import reason
from shelftalk.values import Product
from shelftalk.values.shopper import INTERACTION_KINDS, Interaction

__all__ = ["Asked", "Histories", "Prediction", "Predictions"]

Histories = Callable[[str], Sequence[Interaction]]
_KEYS = frozenset({"id", "user", "history", "product_id", "product"})
_SAID = 0.97  # what the shopper said of the very product holds; this is how surely
_AHEAD = timedelta(minutes=5)  # a clock may go wrong by so much
_MOST_HISTORY = 1000
_NOT_HISTORY = ("shown", "search")


@dataclass(frozen=True, slots=True)
class Asked:
    """A record that could be read: the pair, the caller's id, and the product ids of the history that the catalogue does not hold."""

    pair: Pair
    id: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """Whether a shopper will like a product. `usual` is how often what is met in this shop is liked, from which on the answer is yes. `rating` is 1 to 5, None where the shopper rated nothing. `basis` is "history" where like
    products or other shoppers decide, "stated" where the shopper said it of this very product, "product" without any history."""

    probability: float
    rating: float | None
    reason: str
    evidence: tuple[dict[str, Any], ...]
    basis: str
    predictor: str
    calibrated: bool
    usual: float = 0.5

    @property
    def likes(self) -> bool:
        """The answer in one word: likelier than is usual."""
        return self.probability >= self.usual

    def to_dict(self) -> dict[str, Any]:
        """As a line of the output holds it."""
        return {
            "probability": round(self.probability, 4), "usual": round(self.usual, 4), "likes": "yes" if self.likes else "no", "rating": self.rating,
            "reason": self.reason, "evidence": list(self.evidence), "basis": self.basis, "predictor": self.predictor,
            "calibrated": self.calibrated,
        }  # fmt: skip


class Predictions:
    """Reads records and predicts. It keeps nothing of them."""

    def __init__(
        self, catalog: Catalog, predictor: Predictor, vector: VectorOf, template: Template, *,
        histories: Histories = lambda _: (), popularity: Popularity | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._catalog, self._predictor, self._vector, self._template = catalog, predictor, vector, template
        self._histories, self._popularity, self._now = histories, popularity or Popularity(), now

    def read(self, record: Any) -> Asked:
        """The pair that a record asks about. UsageError says which key is wrong, and what it should be."""
        if not isinstance(record, Mapping):
            raise UsageError('a line must be an object like {"user": "u-17", "product_id": "K1"}')
        if unknown := sorted(map(str, set(record) - _KEYS)):
            raise UsageError(f"unknown keys: {', '.join(unknown)}; there is: {', '.join(sorted(_KEYS))}")
        identity = record.get("id", "")
        if not isinstance(identity, (str, int)) or isinstance(identity, bool):
            raise UsageError("'id' must be a text or a whole number")
        if ("user" in record) == ("history" in record):
            raise UsageError("give either 'user' or 'history'")
        if ("product_id" in record) == ("product" in record):
            raise UsageError("give either 'product_id' or 'product'")
        product = self._product(record)
        met, missing = self._of_user(record["user"]) if "user" in record else self._of_history(record["history"])
        own = next((m for m in met if m.product.id == product.id), None)
        likes, meets = self._popularity.of(product.id)
        history = tuple(m for m in met if m.product.id != product.id)
        return Asked(Pair(history, product, own, likes, meets, self._now()), str(identity), missing)

    def predict(self, asked: Sequence[Asked]) -> list[Prediction]:
        """One Prediction each, in order."""
        chances = self._predictor.probabilities([a.pair for a in asked])
        facets = self._catalog.facets()
        out = []
        for one, chance in zip(asked, chances, strict=True):
            said = _stated(one.pair.own)
            held = chance if said is None else said
            text, evidence = reason(one.pair, held >= self._predictor.usual, self._template, facets)
            basis = "stated" if said is not None else "history" if one.pair.history or one.pair.own else "product"
            out.append(
                Prediction(
                    held,
                    predicted_rating(one.pair, self._vector),
                    text,
                    tuple(evidence),
                    basis,
                    self._predictor.name,
                    self._predictor.examples >= ENOUGH,
                    self._predictor.usual,
                )
            )
        return out

    def _product(self, record: Mapping[str, Any]) -> Product:
        if "product" in record:
            return _parsed(record["product"], "product", "asked")
        wanted = _product_id(record["product_id"], "product_id")
        found = self._catalog.get(wanted)
        if found is None:
            raise UsageError(f"'product_id': no product {wanted[:80]!r} in the catalogue; give its record as 'product'")
        return found

    def _of_user(self, user: Any) -> tuple[tuple[Met, ...], tuple[str, ...]]:
        if not isinstance(user, str) or not user:
            raise UsageError("'user' must be the shopper's id, a text")
        events = self._histories(user)
        ids = list(dict.fromkeys(e.product_id for e in events if e.product_id))
        known = self._catalog.get_many(ids)
        met, _ = met_of(events, known)
        return met, tuple(i for i in ids if i not in known)

    def _of_history(self, history: Any) -> tuple[tuple[Met, ...], tuple[str, ...]]:
        if not isinstance(history, list):
            raise UsageError("'history' must be a list of product ids, or of records with a title")
        if len(history) > _MOST_HISTORY:
            raise UsageError(f"'history' has {len(history)} entries; {_MOST_HISTORY} are read")
        ids = [i for entry in history if (i := _id_of(entry)) is not None]
        known = self._catalog.get_many(list(dict.fromkeys(ids)))
        met: list[Met] = []
        missing: list[str] = []
        for place, entry in enumerate(history, 1):
            product = known.get(_id_of(entry) or "")
            if product is None and isinstance(entry, Mapping) and "title" in entry:
                fields = {k: v for k, v in entry.items() if k not in ("rating", "kind", "at", "product_id")}
                product = _parsed(fields, f"'history' entry {place}", f"history-{place}")
            if product is None:
                missing.append(_named(entry, place))
                continue
            found = _met(product, entry, place)
            if found.at is not None and found.at > self._now() + _AHEAD:
                raise UsageError(f"'history' entry {place}: 'at' lies in the future, where nothing has happened yet")
            met.append(found)
        return tuple(met[:MOST]), tuple(missing)


def _stated(own: Met | None) -> float | None:
    """What the shopper said of the very product, as a probability; None where they did not say."""
    if own is None:
        return None
    if own.rating is not None:
        return {"liked": _SAID, "refused": 1 - _SAID}.get(own.outcome)
    if own.outcome == "refused":
        return 1 - _SAID
    return _SAID if own.how in ("liked", "bought", "chose") else None


def _met(product: Product, entry: Any, place: int) -> Met:
    """What an entry of a given history says: its rating, else its kind of interaction, else that it was chosen."""
    if not isinstance(entry, Mapping):
        return Met(product, "liked", "chose")
    where, value, at = f"'history' entry {place}", entry.get("rating"), _moment(entry.get("at"), place)
    if value is not None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= 5:
            raise UsageError(f"{where}: 'rating' must be a number from 1 to 5")
        outcome, how = rated(float(value))
        return Met(product, outcome, how, float(value), at)
    kind = entry.get("kind")
    if kind is None:
        return Met(product, "liked", "chose", None, at)
    if kind not in INTERACTION_KINDS or kind in _NOT_HISTORY:
        able = ", ".join(k for k in INTERACTION_KINDS if k not in _NOT_HISTORY)
        raise UsageError(f"{where}: 'kind' must be one of {able}")
    read = became([Interaction("", kind, at or datetime.now(UTC), product.id)])
    if read is None:
        raise UsageError(f"{where}: a {kind} needs a 'rating' from 1 to 5")
    result: tuple[Outcome, str, float | None] = read
    return Met(product, result[0], result[1], result[2], at)


def _moment(value: Any, place: int) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"'history' entry {place}: 'at' must be a moment like 2026-05-31T14:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _id_of(entry: Any) -> str | None:
    """The product id that an entry of a history gives, if any."""
    value = entry.get("product_id", entry.get("id")) if isinstance(entry, Mapping) else entry
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _named(entry: Any, place: int) -> str:
    known = _id_of(entry)
    if known is None:
        raise UsageError(f"'history' entry {place} must be a product id, or a record with a title")
    return known


def _product_id(value: Any, key: str) -> str:
    if not isinstance(value, (str, int)) or isinstance(value, bool) or value == "":
        raise UsageError(f"'{key}' must be a product's id")
    return str(value)


def _parsed(record: Any, where: str, identity: str) -> Product:
    if not isinstance(record, Mapping):
        raise UsageError(f"{where}: must be a product's record with a title")
    try:
        return parse_product({"id": identity, **record}, [])
    except FieldError as error:
        raise UsageError(f"{where}: {error}") from error
