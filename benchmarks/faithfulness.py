"""How well the independent check of claims tells true reasons from false ones, on reasons written by hand.

    python benchmarks/faithfulness.py [--split dev|test|train]

Each written reason (data/wishes) gets a shop around it in which its facts stand as its card says. Prints the share of sentences
without a fault (all are true) and, for each way of making a reason false, the share that is found.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.evaluate.written_world import WAYS, changed, claims, world

from shelftalk.evaluate.faithfulness import Independent
from shelftalk.evaluate.metrics.intervals import wilson
from shelftalk.written import Reason, read_written


def faults(reason: Reason, text: str | None = None) -> list[list[str]]:
    """What is wrong with each sentence; that one cites nothing is no fault of the check."""
    product, asked, evidence = world(reason)
    check = Independent()
    return [
        [f for f in check.faults(c, product, asked) if f != "cites nothing"] for c in claims(reason, evidence, text)
    ]


def share(hits: int, n: int) -> str:
    """A share with its 95% interval."""
    low, high = wilson(hits / n, n) if n else (0.0, 1.0)
    return f"{hits / n:.3f} ({low:.3f} to {high:.3f}, n={n})" if n else "none"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=["train", "dev", "test"], default="dev")
    options = parser.parse_args()
    reasons = [r for r in read_written().reasons if r.split == options.split]
    told = {i: faults(reason) for i, reason in enumerate(reasons)}
    sentences = [found for of in told.values() for found in of]
    print(f"{options.split}, {len(reasons)} reasons\n\n| | share |\n|---|---|")
    print(f"| true sentences without a fault | {share(sum(not f for f in sentences), len(sentences))} |")
    clean = [reasons[i] for i, of in told.items() if not any(of)]
    for way in WAYS:
        draw = random.Random(1)
        texts = [(reason, changed(reason, way, draw)) for reason in clean]
        false = [(reason, text) for reason, text in texts if text is not None and text != reason.text]
        found = sum(any(faults(reason, text)) for reason, text in false)
        print(f"| false by its {way}, found | {share(found, len(false))} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
