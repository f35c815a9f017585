from __future__ import annotations

from types import SimpleNamespace

import pytest

from shelftalk.bulk import RequestLine
from shelftalk.errors import CatalogError
from shelftalk.trec import run_lines, write_run
from shelftalk.values import Candidate, Product, Ranking, Request


def shelf_with(*ids: str):
    def order_only(request, *, k, strategy):
        if request.candidates == ("ghost",):
            raise CatalogError("no product 'ghost'")
        return Ranking(tuple(Candidate(Product(id=i, title=i)) for i in ids))

    settings = SimpleNamespace(rank=SimpleNamespace(strategy="none"))
    return SimpleNamespace(order_only=order_only, settings=settings)


def lines_of(shelf, *requests: Request, k: int = 10):
    problems: list[str] = []
    numbered = [RequestLine(i, r) for i, r in enumerate(requests, start=1)]
    return list(run_lines(shelf, numbered, k=k, strategy=None, problems=problems)), problems


def test_a_run_has_the_six_columns_and_scores_that_fall() -> None:
    lines, problems = lines_of(shelf_with("a", "b", "c"), Request("tea", "q1"), k=2)
    assert [line.split() for line in lines] == [
        ["q1", "Q0", "a", "1", "1.000000", "shelftalk-none"],
        ["q1", "Q0", "b", "2", "0.500000", "shelftalk-none"],
    ]
    assert problems == []


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (Request("tea", "two words"), "white space"),
        (Request("tea", "q1", candidates=("ghost",)), "ghost"),
    ],
)
def test_a_request_that_cannot_be_ranked_is_reported_and_the_rest_go_on(request_, reason) -> None:
    lines, problems = lines_of(shelf_with("a"), request_, Request("tea", "q2"))
    assert len(lines) == 1
    assert lines[0].startswith("q2 ")
    assert reason in problems[0]
    assert problems[0].startswith("line 1:")


def test_an_id_that_stands_twice_is_reported() -> None:
    _, problems = lines_of(shelf_with("a"), Request("tea", "q1"), Request("milk", "q1"))
    assert "earlier line" in problems[0]


def test_a_product_id_that_the_format_cannot_carry_is_reported() -> None:
    _, problems = lines_of(shelf_with("a b"), Request("tea", "q1"))
    assert "white space" in problems[0]


def test_a_run_appears_whole_or_not_at_all(tmp_path) -> None:
    def torn():
        yield "one\n"
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError):
        write_run(tmp_path / "run", torn())
    assert not (tmp_path / "run").exists()
    assert write_run(tmp_path / "run", ["one\n", "two\n"]) == 2
    assert (tmp_path / "run").read_text() == "one\ntwo\n"
