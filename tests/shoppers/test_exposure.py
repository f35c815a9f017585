"""The exposure floor: what new products are owed they get, within its bounds and no more, and several processes reckon it together."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftalk.settings import ExposureSettings
from shelftalk.shoppers.exposure import ExposureAccount, Reordered, Tally, exposure, with_floor
from shelftalk.values import Candidate, Product

TODAY = date(2026, 11, 30)


def shelf(*scores: float, new: str = "") -> list[Candidate]:
    """Candidates a, b, c, ... with these scores."""
    return [Candidate(Product(chr(97 + i), chr(97 + i)), score) for i, score in enumerate(scores)]


def is_new(ids: str):  # type: ignore[no-untyped-def]
    return lambda product: product.id in ids


def order(done: Reordered) -> str:
    return "".join(c.product.id for c in done.candidates)


def settings(**given: float) -> ExposureSettings:
    return ExposureSettings(**{"share": 0.2, "distance": 0.1, "most_loss": 0.05, **given})  # type: ignore[arg-type]


def test_a_new_product_takes_the_least_place_that_pays_what_is_owed() -> None:
    done = with_floor(shelf(1, 0.97, 0.95, 0.94, 0.9), is_new("e"), 0.0, settings(), k=3)
    assert order(done) == "abecd"
    assert [(p.product_id, p.rank, p.before) for p in done.placed] == [("e", 3, 5)]
    assert done.given_up == pytest.approx(exposure(3) * 0.05 / (1 + exposure(2) * 0.97 + exposure(3) * 0.95))
    assert done.tally.new == pytest.approx(exposure(3))
    assert done.tally.plain == 0
    assert done.tally.due == pytest.approx(0.2 * (1 + exposure(2) + exposure(3)))


def test_a_larger_debt_lifts_it_higher() -> None:
    assert order(with_floor(shelf(1, 0.97, 0.95, 0.94, 0.9), is_new("e"), 0.9, settings(most_loss=0.2), k=3)) == "eabcd"


def test_where_enough_was_given_the_ranking_stays() -> None:
    done = with_floor(shelf(1, 0.97, 0.95, 0.94), is_new("d"), -1.0, settings(), k=3)
    assert order(done) == "abcd"
    assert (done.placed, done.given_up) == ((), 0.0)


def test_what_scores_more_than_the_distance_above_is_never_passed() -> None:
    assert order(with_floor(shelf(1, 0.97, 0.95, 0.8), is_new("d"), 9.0, settings(), k=3)) == "abcd"
    assert order(with_floor(shelf(1, 0.97, 0.88, 0.8), is_new("d"), 9.0, settings(), k=3)) == "abdc"


def test_the_loss_of_a_request_is_bounded() -> None:
    done = with_floor(shelf(1, 0.99, 0.98, 0.9), is_new("d"), 9.0, settings(most_loss=0.02), k=3)
    assert order(done) == "abdc"
    assert 0 < done.given_up <= 0.02


def test_what_does_not_suit_is_never_lifted() -> None:
    done = with_floor(shelf(1, 1, 1, 1), is_new("cd"), 9.0, settings(), k=2, suits=lambda c: c.product.id == "d")
    assert order(done) == "dabc"


def test_so_many_places_are_given_away_at_most() -> None:
    assert order(with_floor(shelf(1, 1, 1, 1, 1), is_new("de"), 9.0, settings(places=1), k=3)) == "dabce"
    assert order(with_floor(shelf(1, 1, 1, 1, 1), is_new("de"), 9.0, settings(places=2), k=3)) == "deabc"


def test_a_product_moves_within_its_line_alone() -> None:
    lines = {"a": 1, "b": 2, "c": 1, "d": 2, "e": 1}
    done = with_floor(shelf(1, 1, 1, 1, 1), is_new("e"), 9.0, settings(), k=2, line=lambda c: lines[c.product.id])
    assert order(done) == "ebadc"


def test_an_answer_that_no_new_product_suits_owes_nothing() -> None:
    done = with_floor(shelf(1, 0.9, 0.8), is_new("a"), 0.0, settings(), k=2, suits=lambda c: False)
    assert done.tally.owed == 0
    assert done.tally.new == 1


def test_without_a_share_nothing_is_changed() -> None:
    assert order(with_floor(shelf(1, 1, 1), is_new("c"), 9.0, settings(share=0), k=2)) == "abc"


def test_what_the_bounds_do_not_let_an_answer_pay_is_not_carried_on() -> None:
    """Else a shelf where nothing may move would open every other."""
    stuck = with_floor(shelf(1, 0.9, 0.2), is_new("c"), 0.0, settings(share=0.5), k=2)
    assert order(stuck) == "abc"
    assert stuck.tally.owed == 0


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=12),
    st.sets(st.integers(0, 11)),
    st.floats(-3, 3),
    st.integers(1, 6),
    st.floats(0, 0.3),
    st.floats(0, 0.1),
    st.integers(1, 3),
)
def test_the_bounds_hold_for_any_ranking(
    scores: list[float], new: set[int], owed: float, k: int, distance: float, most_loss: float, places: int
) -> None:
    candidates = shelf(*sorted(scores, reverse=True))
    ids = "".join(chr(97 + i) for i in new)
    bounds = settings(distance=distance, most_loss=most_loss, places=places)
    done = with_floor(candidates, is_new(ids), owed, bounds, k=k)
    assert sorted(order(done)) == sorted(c.product.id for c in candidates)
    assert done.given_up <= most_loss + 1e-6
    assert len(done.placed) <= places
    assert done.tally.new >= done.tally.plain - 1e-9
    was = {c.product.id: (i, c.score) for i, c in enumerate(candidates)}
    for place, c in enumerate(done.candidates):
        for passed in done.candidates[place + 1 :]:
            if was[passed.product.id][0] < was[c.product.id][0]:
                assert c.product.id in ids
                assert was[passed.product.id][1] - c.score <= distance + 1e-6
    known = [c.product.id for c in done.candidates if c.product.id not in ids]
    assert known == sorted(known)


def test_over_many_answers_new_products_get_their_share_and_not_much_more() -> None:
    draw, account, bounds = random.Random(0), ExposureAccount(), settings(share=0.15)
    total = Tally()
    for _ in range(400):
        scores = sorted((draw.uniform(0.93, 1) for _ in range(10)), reverse=True)
        ids = draw.choice("efghij")
        done = account.settle(TODAY, lambda owed, s=scores, n=ids: with_floor(shelf(*s), is_new(n), owed, bounds, k=3))
        total += done.tally
    assert total.plain == 0
    assert total.new / total.total + 1e-9 >= 0.15
    assert total.new / total.total < 0.16


def test_gateways_that_share_an_account_owe_together() -> None:
    stored: dict[date, Tally] = {}

    def store(own):  # type: ignore[no-untyped-def]
        for day, tally in own.items():
            stored[day] = stored.get(day, Tally()) + tally
        return stored

    one, other = ExposureAccount(), ExposureAccount()
    one.settle(TODAY, lambda owed: Reordered((), tally=Tally(1, 2.0, 0.0, 0.0, 0.4)))
    other.settle(TODAY, lambda owed: Reordered((), tally=Tally(1, 2.0, 0.1, 0.1, 0.4)))
    one.share(store)
    other.share(store)
    one.share(store)
    assert one.owed(TODAY) == other.owed(TODAY) == pytest.approx(0.7)
    assert stored[TODAY].answers == 2


def test_what_could_not_be_stored_is_kept_and_counted_once() -> None:
    account, stored = ExposureAccount(), {}
    account.settle(TODAY, lambda owed: Reordered((), tally=Tally(1, due=0.4)))

    def fails(own):  # type: ignore[no-untyped-def]
        raise OSError

    def store(own):  # type: ignore[no-untyped-def]
        stored.update(own)
        return stored

    with pytest.raises(OSError):
        account.share(fails)
    assert account.owed(TODAY) == pytest.approx(0.4)
    account.share(store)
    assert account.owed(TODAY) == pytest.approx(0.4)
    assert stored[TODAY].due == pytest.approx(0.4)


def test_what_was_owed_before_the_window_is_forgotten() -> None:
    account = ExposureAccount(window=7)
    account.settle(date(2026, 11, 23), lambda owed: Reordered((), tally=Tally(1, due=5.0)))
    account.settle(date(2026, 11, 24), lambda owed: Reordered((), tally=Tally(1, due=0.4)))
    assert account.owed(TODAY) == pytest.approx(0.4)
