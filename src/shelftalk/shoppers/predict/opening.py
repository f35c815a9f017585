"""Predictions over a catalogue and what is known of its shoppers: learnt when opened, bounded in time and memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from shelftalk.catalog import Catalog
from shelftalk.engines.base import Engine
from shelftalk.prompts import PromptLibrary
from shelftalk.shoppers.predict.examples import Popularity, examples
from shelftalk.shoppers.predict.kinds import Kinds
from shelftalk.shoppers.predict.predictions import Histories, Predictions
from shelftalk.shoppers.predict.predictors import FeaturePredictor, ModelPredictor, Predictor
from shelftalk.shoppers.predict.vectors import Vectors
from shelftalk.values.shopper import Interaction

__all__ = ["MOST_EXAMPLES", "MOST_INTERACTIONS", "open_predictions"]

MOST_INTERACTIONS, MOST_EXAMPLES, MOST_CALIBRATED = 200_000, 5_000, 128  # of each the latest


def open_predictions(
    catalog: Catalog,
    interactions: Iterable[Interaction],
    histories: Histories,
    prompts: PromptLibrary,
    *,
    engine: Engine | None = None,
) -> Predictions:
    """Predictions by features, learnt from what this shop's shoppers did; with `engine` by that language model, calibrated on it.

    `interactions` are read once, oldest first; the latest MOST_INTERACTIONS count, and of the examples that they give the latest
    MOST_EXAMPLES. `histories` gives the interactions of a user id as records name it. The catalogue should be pinned.
    """
    held = deque(interactions, MOST_INTERACTIONS)
    products = catalog.get_many(list({e.product_id for e in held if e.product_id}))
    found = list(deque(examples(held, products, least=1), MOST_EXAMPLES))
    vectors = Vectors(catalog)
    predictor: Predictor
    if engine is not None:
        predictor = ModelPredictor(engine, prompts.get("predict/like")).calibrated(found[-MOST_CALIBRATED:])
    else:
        predictor = FeaturePredictor.learnt(found, vectors, Kinds(catalog.products()))
    return Predictions(
        catalog, predictor, vectors, prompts.get("predict/reason"), histories=histories,
        popularity=Popularity.counted(held),
    )  # fmt: skip
