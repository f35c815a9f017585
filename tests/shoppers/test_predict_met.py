"""What became of a product, and examples that know nothing of the future."""

from __future__ import annotations

from shelftalk.shoppers.predict import Popularity, by_time, examples
from shelftalk.shoppers.predict.met import became, met_of
from tests.shoppers.predict_world import did, shop, tent


def test_what_was_bought_was_liked_and_what_was_sent_away_was_not() -> None:
    assert became([did("u", "view", "a", 0), did("u", "purchase", "a", 1)]) == ("liked", "bought", None)
    assert became([did("u", "click", "a", 0), did("u", "dismiss", "a", 1)]) == ("refused", "sent away", None)
    assert became([did("u", "view", "a", 0)]) == ("passed", "looked at", None)
    assert became([did("u", "view", "a", 0), did("u", "click", "a", 1)]) == ("clicked", "looked at closely", None)
    assert became([did("u", "shown", "a", 0)]) is None


def test_the_latest_strong_signal_decides_and_a_purchase_is_not_told_as_a_cart() -> None:
    assert became([did("u", "purchase", "a", 0), did("u", "rating", "a", 9, value=1.0)]) == ("refused", "rated 1", 1.0)
    assert became([did("u", "dismiss", "a", 0), did("u", "like", "a", 9)]) == ("liked", "liked", None)
    assert became([did("u", "purchase", "a", 0), did("u", "cart", "a", 9)]) == ("liked", "bought", None)
    assert became([did("u", "purchase", "a", 0), did("u", "view", "a", 9)]) == ("liked", "bought", None)


def test_a_rating_in_the_middle_is_neither() -> None:
    assert became([did("u", "rating", "a", 0, value=3.0)]) == ("clicked", "rated 3", 3.0)


def test_a_history_is_latest_first_bounded_and_tells_what_the_catalogue_lacks() -> None:
    known = {name: tent(name) for name in "abc"}
    events = [did("u", "view", name, day) for day, name in enumerate("abcx")]
    met, unknown = met_of(events, known, most=2)
    assert [m.product.id for m in met] == ["c", "b"]
    assert unknown == 1


def test_an_example_knows_only_what_came_before_it() -> None:
    events = [
        did("u", "purchase", "a", 0), did("u", "view", "b", 5), did("u", "cart", "b", 6), did("w", "cart", "b", 5.5),
        did("u", "view", "c", 5.2), did("u", "dismiss", "a", 9),
    ]  # fmt: skip
    found = {(e.user, e.pair.product.id): e for e in examples(events, {n: tent(n) for n in "abc"}, least=0)}
    assert len(found) == 4
    assert found["u", "a"].pair.history == ()
    assert not found["u", "a"].liked, "sent away in the end, and within the time that an example waits for"
    at_b = found["u", "b"]
    assert at_b.liked
    assert [m.product.id for m in at_b.pair.history] == [], "what became of a is known on day 9 only"
    assert (at_b.pair.likes, at_b.pair.meets) == (0, 0)
    assert (found["w", "b"].pair.likes, found["w", "b"].pair.meets) == (0, 1), (
        "u met b before, and had not yet liked it"
    )


def test_what_comes_after_a_month_is_another_story() -> None:
    found = list(examples([did("u", "view", "a", 0), did("u", "purchase", "a", 40)], {"a": tent("a")}, least=0))
    assert [e.liked for e in found] == [False]


def test_shoppers_with_too_short_a_history_give_no_example() -> None:
    events = [did("u", "view", name, day) for day, name in enumerate("abc")]
    assert [e.pair.product.id for e in examples(events, {n: tent(n) for n in "abc"}, least=2)] == ["c"]


def test_the_split_by_time_puts_the_latest_into_test() -> None:
    catalog, events = shop()
    train, dev, test = by_time(list(examples(events, catalog.held)), 0.15, 0.25)
    assert train[-1].at <= dev[0].at
    assert dev[-1].at <= test[0].at
    whole = len(train) + len(dev) + len(test)
    assert abs(len(test) - whole * 0.25) <= 1


def test_popularity_counts_a_shopper_once() -> None:
    events = [
        did("u", "view", "a", 0),
        did("u", "cart", "a", 1),
        did("u", "purchase", "a", 2),
        did("w", "view", "a", 1),
    ]
    assert Popularity.counted(events).of("a") == (1, 2)
    assert Popularity().of("a") == (0, 0)
