"""Values go to another process and come back as they were."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shelftalk.server.exact import packed, unpacked
from shelftalk.values import (
    Answer,
    Claim,
    Constraint,
    Context,
    Evidence,
    Intent,
    Pick,
    Product,
    Request,
    Shopper,
    Sort,
    Tokens,
    Turn,
)


def there_and_back(value: Any) -> Any:
    return unpacked(json.loads(json.dumps(packed(value))))


def test_an_answer_comes_back_equal_and_with_the_types_it_had() -> None:
    product = Product(
        "k1", "Kettle \ud83e é <b>", price=Decimal("19.90"), categories=("Kitchen",),
        attributes={"is": "odd", "of": True, "litres": 1.5, "sizes": ("s", "m")},
    )  # fmt: skip
    claim = Claim("It is cheap.", (Evidence("price", Decimal("19.90")), Evidence("sizes", ("s", "m"))), verified=True)
    intent = Intent((Constraint("price", "between", (Decimal("1"), 20.5), "1 to 20.5"),), Sort("price", "asc"))
    answer = Answer(
        "a", "a kettle", intent, (Pick(product, 1, 0.1 + 0.2, "It is cheap.", (claim,)),),
        timings_ms={"total": 1.25}, tokens=Tokens(3, 4), comparison={"fields": {"price": ["19.90", None]}},
    )  # fmt: skip
    again = there_and_back(answer)
    assert again == answer
    assert again.to_dict() == answer.to_dict()
    assert again.intent.constraints[0].span == "1 to 20.5", "what equality leaves out comes along too"
    assert again.comparison["fields"]["price"] == ["19.90", None]
    at = datetime(2026, 5, 3, 12, tzinfo=UTC)
    shopper = Shopper("u_1", context=Context(at=at), owned=frozenset(("b", "a")))
    asked = Request("x", history=(Turn("user", "y", intent, at),), k=3, shopper=shopper)
    assert there_and_back(asked) == asked


def test_what_is_no_value_is_not_sent_and_not_made() -> None:
    with pytest.raises(TypeError):
        packed(object())
    for wrong in (
        {},
        {"is": "Path", "of": {"x": "/"}},
        {"is": "Product", "of": {"x": 1}},
        {"is": "Decimal", "of": "ten"},
        {"is": "datetime", "of": "ten"},
        {"is": "set", "of": [{"is": "list", "of": []}]},
        {"is": ["list"], "of": 1},
    ):
        with pytest.raises(ValueError, match="not a value"):
            unpacked(wrong)
