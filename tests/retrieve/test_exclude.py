"""A word that no pick may carry counts in every text of a product, unless the text says to be without it."""

from __future__ import annotations

import pytest

from shelftalk.retrieve.exclude import Unwanted
from shelftalk.values import Product


@pytest.mark.parametrize("text", ["Contains nickel.", "A nickel base layer.", "Plated with nickel", "Nickel and brass"])
def test_a_description_that_names_it_carries_it(text: str) -> None:
    assert Unwanted(["nickel"]).carried_by(Product("p", "Hoops", text))


@pytest.mark.parametrize(
    "text",
    [
        "Nickel-free hoops.", "No nickel.", "Without any nickel", "Free of nickel", "Contains no nickel", "Free from added nickel", "Zero nickel",
        "No lead or nickel", "A better choice than nickel", "An alternative to nickel", "Nickelodeon style",
    ],
)  # fmt: skip
def test_a_description_that_says_to_be_without_it_does_not(text: str) -> None:
    assert not Unwanted(["nickel"]).carried_by(Product("p", "Hoops", text))


def test_one_that_says_both_carries_it() -> None:
    assert Unwanted(["nickel"]).carried_by(Product("p", "Nickel-free hoops", "The clasp contains nickel."))


@pytest.mark.parametrize(
    ("word", "text"),
    [("nut", "Granola with nuts"), ("nuts", "A nut bar"), ("berries", "With a berry on top"), ("berry", "Red berries"), ("glasses", "A glass jar"), ("peach", "Peaches in syrup")],
)  # fmt: skip
def test_singular_and_plural_are_one_word(word: str, text: str) -> None:
    assert Unwanted([word]).carried_by(Product("p", "Thing", text))


@pytest.mark.parametrize(
    ("word", "text"), [("nut", "A nutty taste"), ("glass", "A glazed pot"), ("lens", "A length of rope")]
)
def test_words_that_only_begin_alike_are_others(word: str, text: str) -> None:
    assert not Unwanted([word]).carried_by(Product("p", "Thing", text))
