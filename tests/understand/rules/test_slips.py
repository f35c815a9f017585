"""Limits that are misspelt, and words that only look so."""

from __future__ import annotations

import pytest
from tests.understand.rules.test_parser import read, said


@pytest.mark.parametrize(
    ("shop", "request_text", "expected"),
    [
        ("kitchen", "a kettle under 50 eurso", "categories = Kettles; price < 50"),
        ("kitchen", "a kettle for thirty eurros at most", "categories = Kettles; price <= 30"),
        ("kitchen", "a coffee machine for at lesat 8 cups", "categories = Coffee Machines; cups >= 8"),
        ("kitchen", "a kettle, les than 40 euros", "categories = Kettles; price < 40"),
        ("kitchen", "a kettle of 1.5 lirtes", "capacity_l = 1.5; categories = Kettles"),
        ("kitchen", "a kettle undr 40 euros", "categories = Kettles; price < 40"),
    ],
)
def test_a_misspelt_limit_is_read_as_it_was_meant(shop, request_text, expected):
    assert said(read(shop, request_text)) == expected


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("headphones that can last 30 hours", "battery_life_hours >= 30; categories = Headphones"),
        ("headphones, I won't blow a hundred dollars", "categories = Headphones; price <= 100"),
    ],
)
def test_a_word_that_is_spelt_right_is_left_alone(request_text, expected):
    assert said(read("electronics", request_text)) == expected


def test_the_words_of_a_misspelt_limit_are_given_back_as_they_were_written():
    limit = next(c for c in read("kitchen", "a kettle under 50 eurso").constraints if c.field == "price")
    assert limit.span == "under 50 eurso"
