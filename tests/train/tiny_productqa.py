"""A ProductQA folder small enough to read: three categories of six products with questions, and a tokenizer of words."""

from __future__ import annotations

import json
from pathlib import Path

from shelftalk.values import Prompt

# Each category has colours and prices of its own: a fact is worded under the same prompt whatever was asked.
COLOURS = {
    "lamps": ("red", "blue", "green"), "chairs": ("black", "white", "brown"), "kettles": ("grey", "pink", "orange"),
}  # fmt: skip
CENTS = {"lamps": "", "chairs": ".25", "kettles": ".75"}
NOUNS = {"lamps": "lamp", "chairs": "chair", "kettles": "kettle"}
# Each category is asked in words of its own, so that nothing leaks by chance.
ASKS = {
    "lamps": ("a {colour} lamp by Acme to read by", "light for my desk below {price} dollars"),
    "chairs": ("somewhere {colour} to sit, made by Acme", "chairs that cost under {price} bucks please"),
    "kettles": ("boil water quickly in something {colour} from Acme", "kettle, no more than {price} USD will I pay"),
}
DOUBTS = {
    "lamps": "Would this be bright enough for sewing at night, number {n}?",
    "chairs": "My back hurts: can I sit on it for {n} hours?",
    "kettles": "We are {n} people, does it make tea for all of us?",
}


class Words:
    """A tokenizer that counts words."""

    def count(self, text: str) -> int:
        return len(text.split())

    def ids(self, prompt: Prompt) -> list[int]:
        return list(range(sum(self.count(m.content) for m in prompt.messages)))


def write(folder: Path, questions: int = 6) -> Path:
    """The folder, with `questions` questions of each kind a category."""
    for category, noun in NOUNS.items():
        place = folder / category
        place.mkdir(parents=True)
        products = {
            f"{noun}{i}": {
                "title": f"{noun.title()} {i}",
                "price": f"{10 * (i + 1)}{CENTS[category]}",
                "brand": "Acme" if i % 2 else "Bolt",
                "colour": COLOURS[category][i % 3],
            }
            for i in range(6)
        }
        schema = {"price": {"type": "cloze"}, "brand": {"type": "choice"}, "colour": {"type": "choice"}}
        (place / "metadata.json").write_text(json.dumps(products))
        (place / "schema.json").write_text(json.dumps(schema))
        (place / "qa.jsonl").write_text("\n".join(json.dumps(row) for row in _rows(category, noun, questions)))
    return folder


def _rows(category: str, noun: str, questions: int) -> list[dict]:
    rows, colours = [], COLOURS[category]
    for n in range(questions):
        colour, price = colours[n % 3], 5 + 10 * (n // 2)
        by_colour, by_price = ASKS[category]
        fits = [f"{noun}{i}" for i in range(6) if i % 2 and colours[i % 3] == colour]
        cheap = [f"{noun}{i}" for i in range(6) if 10 * (i + 1) < price]
        if n % 2:
            text, gold = by_colour.format(colour=colour), fits
            sql = f'SELECT product_id FROM `{category}` WHERE colour = "{colour}" AND brand = "Acme" LIMIT 1;'
        else:
            text, gold = by_price.format(price=price), cheap
            sql = f"SELECT product_id FROM `{category}` WHERE price < {price} LIMIT 1;"
        answer = [{"asin": i, "title": i} for i in gold]
        rows.append({"id": f"search_qa_{n}", "asin": f"{noun}0", "question": text, "short_answer": answer, "type": "search_qa", "extra_data": {"sql": sql}})  # fmt: skip
        rows.append({"id": f"reasoning_qa_{n}", "asin": f"{noun}{n % 6}", "question": DOUBTS[category].format(n=n + 2), "short_answer": "yes" if n % 2 else "no", "type": "reasoning_qa", "extra_data": {"knowledge": f"{noun} of kind {n} last"}})  # fmt: skip
    return rows
