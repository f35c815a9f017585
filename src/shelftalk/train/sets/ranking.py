"""The tasks pointwise and listwise: products that suit a request beside the hard ones that do not, in seeded order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shelftalk.facts.holds import holds
from shelftalk.prompts import Template
from shelftalk.rank.card import card
from shelftalk.rank.listwise import LABELS, Listwise
from shelftalk.rank.pointwise import Pointwise
from shelftalk.rank.strategy import Window
from shelftalk.settings import Settings
from shelftalk.train.config import RankConfig
from shelftalk.train.sets.example import Judged, TrainingExample
from shelftalk.train.sets.hostile import hostile_title
from shelftalk.train.sets.scribe import Scribe
from shelftalk.values import Intent, Product

SUITING = 2.0  # the least grade that counts as "suits"


@dataclass(frozen=True, slots=True)
class Offer:
    """A product offered for a request, with its gain; `sure` is False where nobody judged it, `hostile` where its listing
    was given a line that speaks to the model."""

    product: Product
    gain: float
    sure: bool = True
    hostile: bool = False


def offers(one: Judged, config: RankConfig, chooser: random.Random, hostile: float) -> list[Offer]:
    """What a request is shown with: suiting products drawn, then unsuiting ones, the hardest (those that retrieval offers
    first) before the rest. Nobody's grade is changed by a hostile listing."""
    if one.grades is None:
        return []
    products, grades = one.shop.products, one.grades
    intent = one.shop.read(one.request)
    found = one.shop.search(intent, config.depth)
    place = {p.id: i for i, p in enumerate(found)}
    good = [i for i, g in grades.items() if g >= SUITING and i in products]
    bad = [i for i, g in grades.items() if g < SUITING and i in products]
    open_ = [p.id for p in found if p.id not in grades]
    chooser.shuffle(good)
    chooser.shuffle(bad)
    bad.sort(key=lambda i: place.get(i, config.depth))
    if one.judged_all:
        bad = sorted({*bad, *open_}, key=lambda i: (place.get(i, config.depth), i))
        chosen_bad = _hard(bad, config.unsuiting, chooser)
    else:  # judged ones first: an unjudged product that retrieval offers may well suit
        chosen_bad = _hard(bad, config.unsuiting, chooser)
        doubtful = _doubtful(one, intent, open_, config.depth)
        chosen_bad += chooser.sample(doubtful, min(len(doubtful), config.unsuiting // 2))
    chosen = [*good[: config.suiting], *chosen_bad]
    chooser.shuffle(chosen)
    out = []
    for i in chosen:
        attacked = chooser.random() < hostile
        product = hostile_title(products[i], chooser) if attacked else products[i]
        out.append(Offer(product, grades.get(i, 0.0), i in grades or one.judged_all, attacked))
    return out


def _doubtful(one: Judged, intent: Intent, open_: Sequence[str], depth: int) -> list[str]:
    """Products that nobody judged and that hardly suit: near misses that break what was asked for; where no limit was
    read, the lower half of what retrieval offers."""
    assert one.grades is not None
    if not intent.constraints:
        return list(open_[len(open_) // 2 :])
    wide = one.shop.search(replace(intent, constraints=()), depth)
    return [p.id for p in wide if p.id not in one.grades and not all(holds(c, p) for c in intent.constraints)]


def _hard(ids: Sequence[str], count: int, chooser: random.Random) -> list[str]:
    """Three in four from the front, the rest from anywhere behind."""
    front = max(1, count * 3 // 4)
    rest = list(ids[front:])
    return [*ids[:front], *chooser.sample(rest, min(len(rest), count - front))]


def pointwise(
    judged: Sequence[Judged], scribe: Scribe, template: Template, settings: Settings, config: RankConfig,
    seed: int, hostile: float,
) -> Iterator[TrainingExample]:  # fmt: skip
    """One example a product offered: yes from grade 2 on, no below."""
    strategy = Pointwise(scribe, template, settings.rank.token_budget)
    for one in judged:
        found = offers(one, config, random.Random(f"{seed} pointwise {one.id}"), hostile)
        if not found:
            continue
        strategy.score([_window(one, found)])
        for offer, asked in zip(found, scribe.take(), strict=True):
            answer = "yes" if offer.gain >= SUITING else "no"
            yield TrainingExample(
                "pointwise", asked.prompt, answer, one.source, one.group, one.split,
                f"{one.id}/pointwise/{offer.product.id}", one.id, one.request.request, asked.labels,
                (offer.gain, 0.0), 1.0 if offer.sure else 0.5, ("hostile",) if offer.hostile else (),
            )  # fmt: skip


def listwise(
    judged: Sequence[Judged], scribe: Scribe, template: Template, settings: Settings, config: RankConfig,
    seed: int, hostile: float,
) -> Iterator[TrainingExample]:  # fmt: skip
    """Windows with one best product under letters in seeded order: the answer is its letter."""
    strategy = Listwise(scribe, template, settings.rank.token_budget)
    smallest, largest = config.window[0], min(config.window[1], len(LABELS))
    for one in judged:
        chooser = random.Random(f"{seed} listwise {one.id}")
        found = offers(one, config, chooser, hostile)
        best = [o for o in found if o.gain >= SUITING]
        for n in range(min(config.windows, len(best))):
            rest = [o for o in found if o.gain < best[n].gain]
            size = chooser.randint(smallest, largest)
            if len(rest) < smallest - 1:
                continue
            shown = [best[n], *chooser.sample(rest, min(len(rest), size - 1))]
            chooser.shuffle(shown)
            strategy.score([_window(one, shown)])
            asked = scribe.take()[0]
            yield TrainingExample(
                "listwise", asked.prompt, asked.labels[shown.index(best[n])], one.source, one.group, one.split,
                f"{one.id}/listwise/{n}", one.id, one.request.request, asked.labels, tuple(o.gain for o in shown),
                1.0, ("hostile",) if any(o.hostile for o in shown) else (),
            )  # fmt: skip


def _window(one: Judged, found: Sequence[Offer]) -> Window:
    intent = one.shop.read(one.request)
    return Window(one.request.request, tuple(card(o.product, intent) for o in found))
