"""One stemmer for every stage, whichever thread asks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
import snowballstemmer

from shelftalk.words import stems

ENDINGS = ("ations", "ingly", "nesses", "iveness", "fully", "ies", "edly", "ization")


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_threads_that_stem_at_once_do_not_cut_each_others_words() -> None:
    made = [f"{a}{b}{c}t{end}" for a in "bcdfg" for b in "aeiou" for c in "lmnr" for end in ENDINGS]
    alone = snowballstemmer.stemmer("english")
    expected = {word: alone.stemWord(word) for word in made}
    stems._stem.cache_clear()
    wrong: list[object] = []
    start = threading.Barrier(8)

    def work(n: int) -> None:
        start.wait()
        for word in made[n * 100 :] + made[: n * 100]:
            try:
                if (found := stems._stem.__wrapped__(word)) != expected[word]:
                    wrong.append((word, found))
            except IndexError as error:
                wrong.append((word, error))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
