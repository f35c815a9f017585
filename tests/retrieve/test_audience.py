"""What is made for children comes last, unless a child is spoken of."""

from __future__ import annotations

import pytest

from shelftalk.retrieve.audience import for_another, for_children, grown_up_first
from shelftalk.values import Candidate, Constraint, Intent, Product, Sort


def _jacket(name: str, gender: str) -> Candidate:
    return Candidate(Product(name, f"Jacket {name}", attributes={"gender": gender}), 0.5)


SHELF = (_jacket("a", "women"), _jacket("b", "children"), _jacket("c", "unisex"))


def _order(intent: Intent) -> str:
    return "".join(c.product.id for c in grown_up_first(SHELF, intent)[0])


def test_a_childrens_jacket_comes_last_where_nobody_asked_for_one_and_a_note_says_so() -> None:
    candidates, notes = grown_up_first(SHELF, Intent(query="a light rain jacket"))
    assert [c.product.id for c in candidates] == ["a", "c", "b"]
    assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)
    assert len(notes) == 1


@pytest.mark.parametrize(
    "query",
    [
        "a jacket for my son",
        "a jacket for a six-year-old",
        "a kids jacket",
        "a jacket for school",
        "jacket, 8 years old",
    ],
)
def test_nothing_moves_where_a_child_is_spoken_of(query: str) -> None:
    assert _order(Intent(query=query)) == "abc"


def test_nothing_moves_where_the_field_is_a_limit_or_a_superlative_orders() -> None:
    assert _order(Intent(query="jacket", constraints=(Constraint("gender", "!=", "men"),))) == "abc"
    assert _order(Intent(query="the cheapest jacket", sort=Sort("price", "asc"))) == "abc"


def test_nothing_moves_where_all_are_for_children_or_no_field_says_for_whom() -> None:
    toys = tuple(Candidate(Product(n, n, attributes={"kind": "baby"}), 0.5) for n in "ab")
    assert grown_up_first(toys, Intent(query="a toy")) == (toys, ())
    assert grown_up_first(SHELF[1:2], Intent(query="jacket"))[1] == ()


def test_the_note_is_said_only_of_what_would_have_been_shown() -> None:
    jackets = [_jacket(str(n), "women") for n in range(4)]
    childs = _jacket("child", "children")
    assert grown_up_first((*jackets[:2], childs, *jackets[2:]), Intent(query="jacket"))[1]
    assert not grown_up_first((*jackets[:3], childs, *jackets[3:]), Intent(query="jacket"))[1]


def test_a_title_says_so_too_but_not_where_most_titles_do_or_the_kind_itself_is_a_childs() -> None:
    def called(*titles: str, kind: str = "Headphones") -> tuple[Candidate, ...]:
        return tuple(Candidate(Product(t, t, categories=("Shop", kind)), 0.5) for t in titles)

    first = "Zed Children's Headphones with Volume Limit"
    found = called(first, "Alto Headphones", "Bit Earbuds")
    assert [c.product.id for c in grown_up_first(found, Intent(query="headphones"))[0]][-1] == first
    assert grown_up_first(found, Intent(query="kids headphones")) == (found, ())
    most = called(first, "Zed Headphones for Kids", "Alto Headphones")
    assert grown_up_first(most, Intent(query="headphones")) == (most, ())
    toys = called("Science Kit for Children", "Blocks", "Kite", kind="Children's Toys")
    assert grown_up_first(toys, Intent(query="something to build")) == (toys, ())


@pytest.mark.parametrize(
    ("title", "theirs"),
    [
        ("Cuddle Fox Baby Blanket", True),
        ("Puddle Kids' Throw", True),
        ("Junior Throw", True),
        ("Throw, baby blue", False),
        ("Throw for Grandparents", False),
    ],
)
def test_a_title_may_say_that_it_is_for_a_child(title: str, theirs: bool) -> None:
    assert for_children(Product("x", title)) is theirs


@pytest.mark.parametrize(
    "text",
    [
        "a desk chair for my 12 year old daughter", "a chef's knife for my sister", "a gift for a friend who cooks", "my dad's 60th birthday",
        "something for mum", "headphones for my husband, he runs", "board game for the kids", "my wife needs a rain jacket",
        "present for a 6 year old", "nephew turns 4", "for our baby", "a lamp for my son's room", "shoes for a 6 year old boy",
    ],
)  # fmt: skip
def test_a_request_for_somebody_else_is_told_by_its_words(text: str) -> None:
    assert for_another(text)


@pytest.mark.parametrize(
    "text",
    [
        "for my dog", "a tent for me and my wife", "a tent for two", "my back hurts", "we are a family of four", "for my small flat",
        "gift card holder", "a bag for my laptop", "a chair for my home office", "a tent for the whole family", "men's running shoes",
        "kids headphones", "a friendly lamp", "a child seat",
    ],
)  # fmt: skip
def test_a_request_for_oneself_is_not_taken_for_one_for_somebody_else(text: str) -> None:
    assert not for_another(text)
