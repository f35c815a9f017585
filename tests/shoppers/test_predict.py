"""Will a shopper like a product: better than plain logistic regression on few examples, calibrated on many, sound without any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from shelftalk.engines.base import Choice
from shelftalk.prompts import PromptLibrary
from shelftalk.shoppers.predict import FeaturePredictor, Kinds, ModelPredictor, Pair, by_time, examples
from shelftalk.shoppers.predict.bayes import Prior, update
from shelftalk.shoppers.predict.expected import EXPECTED
from shelftalk.shoppers.predict.features import NAMES, agreement, by_name, features
from shelftalk.shoppers.predict.ratings import predicted_rating
from shelftalk.train.score import auc_values
from tests.shoppers.predict_world import met, shop, tent, vector


def auc(scores: Sequence[float], right: Sequence[bool]) -> float:
    return float(np.mean(auc_values(scores, right)))


@pytest.fixture(scope="module")
def world():  # type: ignore[no-untyped-def]
    catalog, events = shop()
    found = list(examples(events, catalog.held, least=3))
    train, _, test = by_time(found, 0.1, 0.4)
    return catalog, train, test


def test_every_feature_has_an_expectation() -> None:
    assert tuple(EXPECTED) == NAMES


def test_without_one_example_what_is_like_the_liked_comes_before_what_is_like_the_refused() -> None:
    products = [tent(f"{c}{i}", colour=c) for c in ("blue", "red") for i in range(3)]
    history = (met(products[0], how="put in the cart"), met(products[3], "refused", "sent away"))
    predictor = FeaturePredictor(vector, Kinds(products))
    like, unlike = predictor.probabilities([Pair(history, products[1]), Pair(history, products[4])])
    assert like > unlike
    assert predictor.examples == 0


def test_few_examples_are_better_used_than_by_plain_logistic_regression(world) -> None:  # type: ignore[no-untyped-def]
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    catalog, train, test = world
    blank = FeaturePredictor(vector, Kinds(catalog.products()))
    x, y = blank.features([e.pair for e in train]), np.array([e.liked for e in train])
    test_x, right = blank.features([e.pair for e in test]), [e.liked for e in test]
    ours, plain = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        few = np.concatenate([rng.choice(np.flatnonzero(y == side), 8, False) for side in (True, False)])
        ours.append(auc(list(update(Prior.expected(), x[few], y[few]).probability(test_x)), right))
        fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(x[few], y[few])
        plain.append(auc(list(fitted.predict_proba(test_x)[:, 1]), right))
    assert np.mean(ours) > np.mean(plain) + 0.02


def test_many_examples_outweigh_the_prior_and_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 2))
    y = rng.random(4000) < 1 / (1 + np.exp(-(1.5 * x[:, 0] - 1)))
    wrong = Prior(np.zeros(2), np.ones(2), np.array([0.0, -0.5, 0.5]))
    posterior = update(wrong, x[:3000], y[:3000])
    assert posterior.mean == pytest.approx([-1, 1.5, 0], abs=0.2)
    told = posterior.probability(x[3000:])
    for low in (0.0, 0.2, 0.4, 0.6):
        inside = (told >= low) & (told < low + 0.2)
        assert y[3000:][inside].mean() == pytest.approx(told[inside].mean(), abs=0.08)


def test_what_other_shoppers_taught_is_kept_where_a_few_examples_say_little() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 1))
    taught = update(Prior(np.zeros(1), np.ones(1), np.zeros(2)), x, x[:, 0] > 0).as_prior()
    assert taught.examples == 500
    few = update(taught, np.array([[0.1], [-0.1]]), np.array([0, 1]))
    assert few.mean[1] > 0.8 * taught.mean[1]
    assert few.examples == 502


def test_uncertain_weights_give_a_probability_nearer_to_a_half() -> None:
    prior = Prior(np.zeros(1), np.ones(1), np.array([0.0, 1.0]), spread=2.0)
    x, y = np.array([[1.0], [-1.0]] * 200), np.array([1, 0] * 150 + [0, 1] * 50)
    unsure, sure = update(prior, x[:2], y[:2]), update(prior, x, y)
    at = np.array([[3.0]])
    mode = 1 / (1 + np.exp(-float(unsure.prior.standard(at)[0] @ unsure.mean)))
    assert 0.5 < unsure.probability(at)[0] < mode
    assert sure.covariance[1, 1] < unsure.covariance[1, 1]


def test_a_purchase_of_the_kind_weighs_less_as_time_goes_by() -> None:
    history = (met(tent("a"), how="bought", day=0),)
    at = history[0].at
    assert at is not None
    from datetime import timedelta

    now, later = (
        by_name(features(Pair(history, tent("b"), at=at + timedelta(days=d)), vector, Kinds([])))["just_bought"]
        for d in (0, 60)
    )
    assert now == 1
    assert 0 < later < 0.2


def test_a_value_that_is_rare_in_the_kind_says_more_than_a_common_one() -> None:
    products = [tent(str(i), colour="blue" if i < 9 else "red", pop_up=True) for i in range(10)]
    kinds = Kinds(products)
    assert kinds.pull(tent("x", colour="red"), [met(products[9])]) > kinds.pull(tent("x"), [met(products[0])])
    assert kinds.pull(tent("x"), []) == 0


def test_agreement_is_between_none_and_all() -> None:
    assert agreement(tent("a"), tent("b")) == 1
    assert 0 < agreement(tent("a"), tent("b", colour="red", weight_kg=4.0)) < 1
    assert (
        agreement(tent("a", price=None), tent("b", brand=None, colour="red", weight_kg=-1.0, pop_up=False, price=None))
        == 0
    )


def test_a_rating_leans_as_the_shopper_and_the_like_products_do() -> None:
    blue, red = tent("a"), tent("r", colour="red", brand="Other", weight_kg=9.0)
    history = (met(blue, how="rated 5", rating=5.0), met(red, "refused", "rated 1", rating=1.0))
    high = predicted_rating(Pair(history, tent("b")), vector)
    low = predicted_rating(Pair(history, tent("s", colour="red", brand="Other", weight_kg=9.0)), vector)
    assert high is not None
    assert low is not None
    assert 1 <= low < high <= 5
    assert predicted_rating(Pair((met(blue),), tent("b")), vector) is None, "nothing was rated"


class Chooser:
    """An engine that likes what its prompt calls blue, too surely."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def choose(self, prompts, labels):  # type: ignore[no-untyped-def]
        self.seen += [p.messages[-1].content for p in prompts]
        return [
            Choice({"yes": 0.0, "no": -8.0 if 'Product: "Tent blue' in p.messages[-1].content else 8.0})
            for p in prompts
        ]


def test_the_language_model_reads_the_history_in_words_and_is_brought_to_probabilities(world) -> None:  # type: ignore[no-untyped-def]
    catalog, train, _ = world
    template = PromptLibrary.default().get("predict/like")
    engine = Chooser()
    bare = ModelPredictor(engine, template)  # type: ignore[arg-type]
    history = (met(catalog.held["blue1"]), met(catalog.held["red1"], "passed", "looked at"))
    (sure,) = bare.probabilities([Pair(history, catalog.held["blue2"])])
    assert sure > 0.99
    assert 'Liked: "Tent blue1; Torvik; Tents; 100 EUR"' in engine.seen[0]
    assert 'Not liked: "Tent red1' in engine.seen[0]
    mixed = bare.calibrated(train)
    told = mixed.probabilities([Pair(history, catalog.held["blue2"]), Pair(history, catalog.held["red2"])])
    share = {c: np.mean([e.liked for e in train if e.pair.product.id.startswith(c)]) for c in ("blue", "red")}
    assert told == pytest.approx([share["blue"], share["red"]], abs=0.05)
    assert mixed.examples == len(train)
    assert bare.calibrated(train[:5]) is bare, "too few to say"


def test_the_auc_of_likes_is_the_mean_of_placements() -> None:
    assert auc([0.9, 0.8, 0.1], [True, False, False]) == 1
    assert auc([0.5, 0.5], [True, False]) == 0.5
    assert auc_values([0.2], [True]) == [0.5]
