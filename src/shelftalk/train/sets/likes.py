"""The task likes: a shopper's history in plain words and a product, yes or no, in the prompt that predicts in service.

From interactions: what was put in the cart, bought, liked or rated 4 and more was liked; what was only looked at, sent away or rated
lower was not. An example's history holds what came before it. For few-shot tables (TALLRec, arXiv 2305.00447) the number of training rows
is the task's `train`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shelftalk.catalog import Catalog
from shelftalk.catalog.readers import read_feed
from shelftalk.errors import FeedError, UsageError
from shelftalk.prompts import PromptLibrary
from shelftalk.shoppers.predict import Example, by_time, examples, like_prompt
from shelftalk.shoppers.predict.examples import place_of
from shelftalk.shoppers.reading import read_interactions
from shelftalk.train.config import InteractionsSource
from shelftalk.train.sets.example import Split, TrainingExample
from shelftalk.values import Product

__all__ = ["likes", "products_of", "split_examples"]

LABELS = ("yes", "no")


def products_of(feed: Path, format: str | None = None) -> dict[str, Product]:
    """The products of a feed, or of a catalogue's folder. FeedError where there is none."""
    if (feed / "catalog.json").is_file():
        found = {p.id: p for p in Catalog.open(feed).products()}
    else:
        found = {p.id: p for p in read_feed(feed, format=format) if isinstance(p, Product)}
    if not found:
        raise FeedError(f"{feed}: no product could be read; a history of products needs their records")
    return found


def likes(
    source: InteractionsSource, path: Path, feed: Path, prompts: PromptLibrary, seed: int, rejects: list[dict[str, Any]],
    allowed: Callable[[str], bool] = lambda user: True,
) -> Iterator[TrainingExample]:  # fmt: skip
    """One row an example, of users who are `allowed`; train, dev and test by time or by user. Rows of the file that cannot be read go to `rejects`.

    UsageError where a split has no example of one of the answers.
    """
    products = products_of(feed, source.format)
    theirs = (one for one in read_interactions(path, rejects.append) if allowed(one.user))
    found = list(examples(theirs, products, least=source.least))
    template = prompts.get("predict/like")
    for split, some in split_examples(found, source).items():
        kept = balanced(some, seed) if source.balanced and split == "train" else some
        if some and len({e.liked for e in some}) < 2:
            raise UsageError(
                f"{path}: split {split} has {len(some)} examples with one answer alone; hold out another share, or give more interactions"
            )
        for one in kept:
            product = one.pair.product.id
            whose = one.user if source.by == "user" else f"{one.user}/{split}"
            answer = "yes" if one.liked else "no"
            yield TrainingExample(
                "likes", like_prompt(template, one.pair), answer, "interactions", f"interactions/{whose}", split,
                f"interactions/{one.user}/{product}", f"interactions/{one.user}/{split}/{product}", f"{one.user} {product}",
                LABELS, tuple(float(label == answer) for label in LABELS),
            )  # fmt: skip


def split_examples(found: Sequence[Example], source: InteractionsSource) -> Mapping[Split, list[Example]]:
    """Train, dev and test: the oldest to train on and the latest for test, or whole users by the hash of their ids."""
    if source.by == "time":
        train, dev, test = by_time(found, source.dev, source.test)
        return {"train": train, "dev": dev, "test": test}
    parts: dict[Split, list[Example]] = {"train": [], "dev": [], "test": []}
    for one in found:
        place = place_of(one.user)
        parts["dev" if place < source.dev else "test" if place < source.dev + source.test else "train"].append(one)
    return parts


def balanced(found: Sequence[Example], seed: int) -> list[Example]:
    """As many that were liked as that were not: the commoner answer is drawn from by the seed."""
    yes, no = [e for e in found if e.liked], [e for e in found if not e.liked]
    chooser = random.Random(f"{seed} likes")
    size = min(len(yes), len(no))
    return sorted(chooser.sample(yes, size) + chooser.sample(no, size), key=lambda e: (e.at, e.user, e.pair.product.id))
