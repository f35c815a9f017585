"""A request line that is wrong says which key is, in the words of JSON."""

from __future__ import annotations

import pytest

from shelftalk.errors import UsageError
from shelftalk.request import request_from


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"id": "1"}, "'request' must be a text; it is missing"),
        ({"request": None}, "'request' must be a text, not null"),
        ({"request": 7}, "'request' must be a text, not the number 7"),
        ({"request": "tent", "id": True}, "'id' must be a text or a whole number, not true"),
        ({"request": "tent", "k": 0}, "'k' must be 1 or more, not 0"),
        ({"request": "tent", "k": "3"}, "'k' must be a whole number, not a text"),
        (["tent"], "a request line must be a JSON object, not a list"),
        (None, "a request line must be a JSON object, not null"),
    ],
)
def test_a_wrong_line_is_told_in_json_words(record: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        request_from(record)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_a_good_line_is_read_whole() -> None:
    line = {
        "id": 7,
        "request": "a tent",
        "k": 2,
        "candidates": ["a", 3],
        "history": [{"role": "user", "content": "hi"}],
    }
    asked = request_from(line)
    assert (asked.id, asked.request, asked.k, asked.candidates) == ("7", "a tent", 2, ("a", "3"))
    assert asked.history[0].content == "hi"
