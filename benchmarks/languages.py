"""How well the language of short shop requests is told: foreign ones by language, and English ones that are called foreign.

    python benchmarks/languages.py [--data DIR]

Foreign requests come from data/languages/requests.txt (odd places dev, even test) and data/languages/demo.txt, which no threshold was chosen on; English ones
from the suites demo, wishes and needs, and with --data from productqa-search, retail-requests, chorus and esci. Only the English dictionary
is known, no catalogue, which is the harder case.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from shelftalk.evaluate.sources.languages import sections
from shelftalk.evaluate.suite import load_suite
from shelftalk.resources import resource
from shelftalk.understand.languages import ENGLISH, Multilingual, language_of
from shelftalk.understand.rules import Index
from shelftalk.values import Facets

OWN = (("demo", "dev"), ("demo", "test"), ("wishes", None), ("needs", None))
OTHERS = ("productqa-search", "retail-requests", "chorus", "esci")


def english(data: Path | None) -> dict[str, list[str]]:
    """The English requests of each suite, with the shopper's earlier turns."""
    found: dict[str, list[str]] = {}
    for name, split in OWN + (tuple((n, None) for n in OTHERS) if data else ()):
        for case in load_suite(name, data).load(split=split).cases:
            turns = [t.content for t in case.request.history if t.role == "user"]
            found.setdefault(name, []).extend([*turns, case.request.request])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    known = Multilingual(Index(Facets((), 0)), None, None).known
    language_of("einmal laden", known)
    started, told = time.perf_counter(), 0
    for suite, texts in english(parser.parse_args().data).items():
        wrong = [t for t in texts if language_of(t, known) != ENGLISH]
        told += len(texts)
        print(f"{suite:<18} English {len(texts):>6}, called foreign {len(wrong):>3}: {'; '.join(wrong[:6])}")
    each = (time.perf_counter() - started) / told * 1000
    print(f"{each:.3f} ms a request, with reading the suites")
    for language, lines in sections(resource("data/languages/requests.txt")).items():
        own = "und" if language == "other" else language
        for part, some in (("dev", lines[::2]), ("test", lines[1::2])):
            found = Counter(language_of(line, known) for line in some)
            rest = ", ".join(f"{c} {n}" for c, n in found.most_common() if c != own)
            print(f"{language:<6} {part:<5} right {found[own]:>2} of {len(some)}  {rest}")
    asked = [line.split(": ", 1) for lines in sections(resource("data/languages/demo.txt")).values() for line in lines]
    found = Counter((code, language_of(text, known)) for code, text in asked)
    for code in dict.fromkeys(code for code, _ in asked):
        wrong = ", ".join(f"{other} {n}" for (own, other), n in found.items() if own == code != other)
        print(
            f"{code:<6} demo  right {found[code, code]} of {sum(n for (c, _), n in found.items() if c == code)}  {wrong}"
        )
    started = time.perf_counter()
    for _, text in asked:
        language_of(text, known)
    print(f"{(time.perf_counter() - started) / len(asked) * 1000:.2f} ms a foreign request")


if __name__ == "__main__":
    main()
