"""Personal data in texts: recall and precision on the labelled set, and what it costs.

    python benchmarks/pii.py [--half test] [--set data/suites/pii.jsonl]

Recall: labelled spans of which no letter or digit is left. Precision: spans taken out that hold some of a labelled one. 95% intervals by Wilson.
The rules were fitted on the half dev alone; sentences and rules are by the same authors.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from shelftalk.privacy.pii import find, warm_up
from shelftalk.privacy.pii.measure import measure, read

ORDINARY = "a quiet fridge under 1200, 60 cm wide, not louder than 35 dB"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", type=Path, default=Path(__file__).parents[1] / "data" / "suites" / "pii.jsonl")
    parser.add_argument("--half", choices=("dev", "test"), default="test")
    given = parser.parse_args()
    rows = [row for row in read(given.set) if row.half == given.half]
    warm_up()
    found = measure(rows)
    for label in found.recall:
        for name, rate in (("recall", found.recall[label]), ("precision", found.precision[label])):
            low, high = rate.interval
            print(f"{label:6} {name:9} {rate.hits}/{rate.of} = {rate.value:.3f} ({low:.3f} to {high:.3f})")
    low, high = found.clean.interval
    print(f"left as they are: {found.clean.hits}/{found.clean.of} = {found.clean.value:.3f} ({low:.3f} to {high:.3f})")
    for name, some in (("missed", found.missed), ("wrong", found.wrong)):
        for identity, words in some:
            print(f"{name}: {identity}: {words}")
    began = time.process_time()
    for _ in range(20_000):
        find(ORDINARY)
    print(f"an ordinary request: {(time.process_time() - began) / 20_000 * 1e6:.1f} us of CPU time")
    each = []
    for row in (r for r in rows if r.spans):
        began = time.process_time()
        find(row.text)
        each.append((time.process_time() - began) * 1e3)
    print(
        f"a text that holds some: {statistics.median(each):.2f} ms of CPU time at the median, {max(each):.1f} at most"
    )


if __name__ == "__main__":
    main()
