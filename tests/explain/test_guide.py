"""The grammar offers several ways to say a thing, and every one of them is true."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from shelftalk.explain.check import check
from shelftalk.explain.guide import group, pattern, relation, schema, speaks
from shelftalk.explain.phrase import endings
from shelftalk.explain.write import read
from shelftalk.values import Constraint
from tests.explain.shop import LARK, SHELF, WREN, point

ABOUT = [
    point(LARK, "price", Constraint("price", "<=", 100)), point(WREN, "price", Constraint("price", "<=", 100)),
    point(LARK, "price", with_=("list_price",)), point(LARK, "price", superlative="asc"), point(LARK, "brand", Constraint("brand", "!=", "Wren")),
    point(LARK, "rating", with_=("review_count",)), point(LARK, "stock"), point(LARK, "categories"), point(LARK, "released_at"),
    point(LARK, "title"), point(LARK, "battery_life_hours", Constraint("battery_life_hours", ">", 20)), point(LARK, "weight_g"),
    point(LARK, "wireless", Constraint("wireless", "=", True)), point(LARK, "noise_cancelling"), point(LARK, "remote control"),
    point(WREN, "remote control", Constraint("remote control", "=", True)), point(LARK, "colour", Constraint("colour", "=", "red")),
    point(LARK, "ear_cushion_material"), point(LARK, "connections"), point(LARK, "number_of_microphones"), point(LARK, "driver size"),
]  # fmt: skip


def wordings(expression: str) -> list[str]:
    """Every text that one of our patterns allows: alternatives in parentheses, optional groups, escapes."""
    expression = expression.removeprefix("^").removesuffix("$")

    def alternatives(text: str) -> list[str]:
        parts, depth, start = [], 0, 0
        i = 0
        while i < len(text):
            if text[i] == "\\":
                i += 1
            elif text[i] == "(":
                depth += 1
            elif text[i] == ")":
                depth -= 1
            elif text[i] == "|" and depth == 0:
                parts.append(text[start:i])
                start = i + 1
            i += 1
        return [*parts, text[start:]]

    def sequence(text: str) -> list[str]:
        pieces: list[list[str]] = []
        i = 0
        while i < len(text):
            if text[i] == "\\":
                pieces.append([text[i + 1]])
                i += 2
                continue
            if text[i] == "(":
                depth, j = 1, i + 1
                while depth:
                    depth += {"(": 1, ")": -1}.get(text[j], 0) if text[j - 1] != "\\" else 0
                    j += 1
                inner = [w for a in alternatives(text[i + 1 : j - 1]) for w in sequence(a)]
                if text[j : j + 1] == "?":
                    inner, j = [*inner, ""], j + 1
                pieces.append(inner)
                i = j
                continue
            pieces.append([text[i]])
            i += 1
        return ["".join(p) for p in itertools.product(*pieces)]

    return [w for a in alternatives(expression) for w in sequence(a)]


@pytest.mark.parametrize("about", ABOUT, ids=lambda p: f"{p.fact.field}-{p.kind}")
def test_every_wording_that_the_grammar_allows_is_true_and_cited(about) -> None:
    allowed = wordings(pattern(about))
    assert allowed
    for text in allowed:
        assert re.match(pattern(about), text)
        for ending in endings(about):
            said, cited, why = read(json.dumps(text, ensure_ascii=False), about, ending)
            assert why == "", said
            assert cited[0] == about.fact
            assert check(said, about).ok


def test_the_model_has_a_choice() -> None:
    assert len(wordings(pattern(point(LARK, "price")))) >= 4
    assert len(wordings(pattern(point(LARK, "weight_g")))) >= 2


def test_the_prompt_is_told_the_kind_of_fact_and_of_ending() -> None:
    assert [(group(p), relation(p)) for p in ABOUT[:5]] == [
        ("price", "limit"), ("price", "limit"), ("price", "none"), ("price", "best"), ("brand", "not"),
    ]  # fmt: skip


def test_a_grammar_is_a_schema_of_one_string() -> None:
    assert schema(ABOUT[0])["type"] == "string"


def test_what_json_would_escape_is_left_to_the_record() -> None:
    assert all(speaks(point(p, "brand")) for p in SHELF)
    from dataclasses import replace

    from shelftalk.values import Product

    inches = Product(id="tv", title='Screen 22" wide')
    assert not speaks(point(inches, "title"))
    assert not speaks(replace(point(inches, "title")))
