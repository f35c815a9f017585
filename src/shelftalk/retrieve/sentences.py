"""Which candidates' own words answer the request: the sentences of titles and descriptions, read by an encoder trained for it.

"shoes that do not rub" is answered by "Seamless inside, so nothing chafes", of which no field speaks, no word is shared and which a whole
description drowns. The encoder is given (`understand.matching.TextMatcher`); this module knows none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shelftalk.facts.sentences import Near, sentences
from shelftalk.values import Candidate

READ = 24  # candidates whose sentences are read
# A sentence that stands nearer than this, and nearer than that of three of four candidates, says what hardly another one says: by how much
# counts so many times ("never sit still" for one who cannot, whatever field was read from it).
OUTSTANDING, COUNTS = 0.5, 4.0


def by_sentences(
    candidates: Sequence[Candidate],
    kinds: Sequence[str],
    text: str,
    near: Near,
    weight: float,
    counts: float = COUNTS,
) -> tuple[Candidate, ...]:
    """The candidates by their score, `weight` times how near the nearest sentence of each stands to the text, and what an outstanding one
    adds (`counts`), best first; `text` among their scores says how near."""
    head = candidates[:READ]
    if not (weight or counts) or not text or len(head) < 2:
        return tuple(candidates)
    told = [sentences(c.product) for c in head]
    found = near(kinds, text, [s for of_one in told for s in of_one])
    if found is None:
        return tuple(candidates)
    cosines = iter(found)
    nearest = [max(next(cosines) for _ in mine) for mine in told]
    line = max(OUTSTANDING, sorted(nearest)[3 * (len(nearest) - 1) // 4])
    scored = []
    for candidate, best in zip(head, nearest, strict=True):
        more = weight * max(0.0, best) + counts * max(0.0, best - line)
        scored.append(replace(candidate, score=candidate.score + more, scores={**candidate.scores, "text": best}))
    scored.sort(key=lambda c: -c.score)
    top = scored[0].score or 1.0
    return tuple(replace(c, score=c.score / top) for c in (*scored, *candidates[READ:]))
