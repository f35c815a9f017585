"""Suites made out of other suites: each perturbation makes cases out of cases, the same ones for the same seed.

`kind` in a suite's `perturb` says which: noise (the request written otherwise), order-bias (the same candidates in many
orders), injection (hostile listings and requests), cold-start (best answers held out as new).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.perturb import coldstart, injection, noise, orders
from shelftalk.values import Product

__all__ = ["KINDS", "Catalogues", "new_items", "perturb"]

Catalogues = Mapping[str, Sequence[Product]]

KINDS: dict[str, Callable[[Sequence[Case], Mapping[str, Any], int, Catalogues], list[Case]]] = {
    "noise": noise.perturb,
    "order-bias": orders.perturb,
    "injection": injection.perturb,
    "cold-start": coldstart.perturb,
}


def perturb(cases: Sequence[Case], spec: Mapping[str, Any], seed: int, products: Catalogues) -> list[Case]:
    """The cases that the suite's `perturb` asks for, clean ones among them where they are compared with.

    `products` are the products of each of the suite's catalogues by its key. The same cases, spec, seed and products give
    the same cases. Raises UsageError for an unknown kind, family or option, and where no case is left.
    """
    kind = spec.get("kind")
    if kind not in KINDS:
        raise UsageError(f"perturb.kind is {kind!r}; there is: {', '.join(KINDS)}")
    made = KINDS[str(kind)](cases, spec, seed, products)
    if not made:
        raise UsageError(
            f"perturb.kind {kind!r} makes no case out of these {len(cases)}; it needs cases with judgments ('grades' or "
            "'gold') whose products stand in the suite's catalogue"
        )
    return made


def new_items(spec: Mapping[str, Any] | None, products: Catalogues) -> frozenset[str]:
    """The product ids that the suite holds out as new, none where it is no cold-start suite."""
    if not spec or spec.get("kind") != "cold-start":
        return frozenset()
    options = coldstart.ColdStartOptions.read(spec)
    return coldstart.held_out((p.id for found in products.values() for p in found), options.share, options.salt)
