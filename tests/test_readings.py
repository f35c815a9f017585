"""How the front of a ranking is spread over several kinds."""

from __future__ import annotations

import pytest

from shelftalk.readings import spread
from shelftalk.values import Candidate, Product, Ranking


@pytest.mark.parametrize(
    ("kinds", "chosen", "first"),
    [
        ("mug rug fan", False, "mug rug fan mug"),
        ("mug rug fan", True, "mug rug fan mug"),
        ("mug rug", False, "mug rug mug mug"),
        ("mug fan", True, "mug fan mug mug"),
    ],
)
def test_each_kind_has_its_turn_and_the_likelier_of_two_that_were_chosen_two(
    kinds: str, chosen: bool, first: str
) -> None:
    titles = ["mug", "mug", "mug", "rug", "fan", "fan"]
    products = [Product(id=str(n), title=t, categories=(t,)) for n, t in enumerate(titles)]
    ranking = Ranking(tuple(Candidate(p, 1.0) for p in products), "none")
    found = spread(ranking, kinds.split(), chosen=chosen).candidates
    assert " ".join(c.product.title for c in found[:4]) == first
    assert len(found) == len(titles)
