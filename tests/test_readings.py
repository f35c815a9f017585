"""How the front of a ranking is spread over several kinds."""

from __future__ import annotations

import pytest

from shelftalk.readings import spread
from shelftalk.values import Candidate, Product, Ranking


@pytest.mark.parametrize(("chosen", "first"), [(False, "mug rug fan mug"), (True, "mug rug mug fan")])
def test_each_kind_that_is_named_has_its_turn_and_the_likeliest_of_those_chosen_has_two(
    chosen: bool, first: str
) -> None:
    titles = ["mug", "mug", "mug", "rug", "fan", "fan"]
    products = [Product(id=str(n), title=t, categories=(t,)) for n, t in enumerate(titles)]
    ranking = Ranking(tuple(Candidate(p, 1.0) for p in products), "none")
    found = spread(ranking, ("mug", "rug", "fan"), chosen=chosen).candidates
    assert " ".join(c.product.title for c in found[:4]) == first
    assert len(found) == len(titles)
