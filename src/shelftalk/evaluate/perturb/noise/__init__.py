"""Noise: a request written as another person, or another keyboard, would write it; what it asks for stays the same.

A family is a function of a text and a random source: the noisy text, or None where it has nothing to change. Numbers
and negations stay as they are (units alone rewrite a number, to the same amount). Only the last turn is rewritten.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field

from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.perturb import options
from shelftalk.evaluate.perturb.draw import source
from shelftalk.evaluate.perturb.noise.language import FRENCH, GERMAN, SPANISH, switched
from shelftalk.evaluate.perturb.noise.phrasing import chatter, paraphrase
from shelftalk.evaluate.perturb.noise.typing_errors import casing, typing_errors
from shelftalk.evaluate.perturb.noise.units import other_units

__all__ = ["FAMILIES", "Family", "NoiseOptions", "perturb"]

Family = Callable[[str, random.Random], str | None]

FAMILIES: dict[str, Family] = {
    "typing": typing_errors,
    "casing": casing,
    "paraphrase": paraphrase,
    "units": other_units,
    "chatter": chatter,
    "german": lambda text, rng: switched(text, rng, GERMAN),
    "french": lambda text, rng: switched(text, rng, FRENCH),
    "spanish": lambda text, rng: switched(text, rng, SPANISH),
}


class NoiseOptions(options.PerturbOptions):
    """`families` to make (all by default), `per_case` variations of each a case, and whether the clean cases stay in."""

    families: list[str] | None = None
    per_case: int = Field(1, ge=1, le=20)
    clean: bool = True


def perturb(cases: Sequence[Case], spec: Mapping[str, Any], seed: int, products: object = None) -> list[Case]:
    """The clean cases (column family "clean"), each followed by its noisy ones (`group`: the clean case's id)."""
    wanted = NoiseOptions.read(spec)
    families = options.chosen(wanted.families, list(FAMILIES), "families")
    made: list[Case] = []
    for case in cases:
        if wanted.clean:
            made.append(
                replace(
                    case,
                    group=case.id,
                    columns={**case.columns, "family": "clean"},
                    meta={**case.meta, "family": "clean"},
                )
            )
        clean = case.request.request
        for family in families:
            seen = {clean}
            for n in range(wanted.per_case):
                text = FAMILIES[family](clean, source(seed, case.id, family, n))
                if text is None or text in seen:
                    continue
                seen.add(text)
                name = f"{case.id}~{family}{n + 1 if wanted.per_case > 1 else ''}"
                made.append(
                    replace(
                        case,
                        id=name,
                        request=replace(case.request, request=text, id=name),
                        columns={**case.columns, "family": family},
                        group=case.id,
                        meta={**case.meta, "clean": clean, "family": family},
                    )
                )
    return made
