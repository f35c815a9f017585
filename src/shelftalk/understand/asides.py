"""The parts of a message that ask for nothing: orders to the assistant, and what the shopper already owns.

Told apart sentence by sentence, so that a real request beside them is still answered.
"""

from __future__ import annotations

import re

from shelftalk.understand.tokens import Text
from shelftalk.understand.wishes import ASKS, STEERING

_SENTENCE = re.compile(r"(?:[^.!?;\n]|[.!?;](?!\s|$))+(?:[.!?;\n]+|$)")
_ROLE = re.compile(r"^\W*(?:you are|you're|from now on|obey|act as|pretend|system|assistant)\b", re.I)
_OWNED = re.compile(
    r"\b(?:i|we|he|she|they)(?:'ve)? (?:(?:already|also) (?:own|have|has|had|got|bought)(?: got)?|(?:own|have|has|got|bought)(?: got)? already)\b[^.;!?]*?(?=[.;!?]|, | (?:and|but|so) (?:i|we|he|she|they|now|need|want|what|would)\b|$)"
)


def asked(request: str) -> tuple[str, str | None]:
    """The sentences of a request that ask for products, and what was left out (None: nothing was).

    Only where one sentence tries to steer the assistant and another one asks for a product.
    """
    if not STEERING.search(request):
        return request, None
    sentences = [m.group() for m in _SENTENCE.finditer(request)]
    kept = [s for s in sentences if not STEERING.search(s) and not _ROLE.match(s)]
    if len(kept) == len(sentences) or not any(ASKS.search(s) for s in kept):
        return request, None
    left = " ".join(s.strip() for s in sentences if s not in kept)
    return " ".join(s.strip() for s in kept), left


def owned(text: Text) -> set[int]:
    """The tokens that say what somebody has already: "I already own a kettle; what else ..."."""
    found: set[int] = set()
    for match in _OWNED.finditer(text.low):
        found |= {i for i, t in enumerate(text.tokens) if match.start() <= t.start < match.end()}
    return found if len(found) < len(text.tokens) else set()
