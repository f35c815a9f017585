"""How shoppers ask about a product that they are shown: the words that stand for it, and those that ask for more about it.

Shared by what recognises such a question (understand/turns/followup.py), what reads it (understand/turns/wished.py) and what answers it
(explain/question.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from shelftalk.words.stems import bag, words
from shelftalk.words.stop import FUNCTION, content_stems

# What a question that is answered with yes or no begins with.
YES_NO = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|hm+|well)\b\W*)*(?:is|are|isn't|aren't|was|does|do|doesn't|has|have|can|could|will|would|should|did)\b"
)
_LINK = r"(?:for|as|to|in|on|with|at|against|if|when|during|near|around)"
_GOOD = (
    r"(?:good|great|nice|okay|ok|alright|fine|suitable|suited|right|safe|appropriate|ideal|perfect|useful|usable|comfortable|practical|"
    r"made|meant|designed|intended|built|recommended|\w+ enough)"
)
# "good for cycling", "ok if I cannot have wool", "can I use it in the rain": what stands behind is what it is to be good for.
_PURPOSE = re.compile(
    rf"\b{_GOOD}(?: (?:enough|choice|one|option|gift|present|fit|idea|match|pick))?(?: (?:to be )?used?)? (?P<a>{_LINK}) (?P<for>\S.*)$"
    rf"|\b(?:works?|do|suit|used?|wear|worn|run|play(?:ed)?|hold up|stand up|cope|deal|manage)(?: (?:it|this|that|them|one))?(?: (?:well|okay|ok|fine|too))? (?P<b>{_LINK}) (?P<with>\S.*)$"
    rf"|\b(?:it|this|that|they|these|those|one|first|second|third|fourth|fifth|last)(?: (?:also|really|just|only|even))? for (?P<whom>\S.*)$"
)

ORDINALS = {w: i for i, names in enumerate(("first 1st one", "second 2nd two", "third 3rd three", "fourth 4th four", "fifth 5th five")) for w in names.split()}  # fmt: skip
# Words of a question that name no field.
LITTLE = bag(
    "it its one number pick product item have has does is are tell about come comes much many say says really also still even does've "
    "they them these those what when who where which"
)
_TELL = re.compile(
    r"^(?:please |can you |could you )?(?:tell me (?:some)?(?:more|about)|more (?:about|on|details)"
    r"|(?:the )?details (?:of|on|about|for)|describe|what about|what is|what's|more info)\b"
)
_WHICH = re.compile(r"^\W*(?:\w+\W+){0,2}?(?:which|what(?: one)? of)\b")
_NO_FIELD = {*ORDINALS, "last", "more", "info", "details", "describe"}


def purpose(text: str) -> str:
    """What a question asks a product to be good for, in its own words: "heavy rain" of "is the second one good for heavy rain?"; "" where it
    asks for no such thing."""
    low = text.lower().replace("\u2019", "'")
    if len(low) != len(text) or not (YES_NO.match(low) or _WHICH.match(low)):
        return ""
    match = _PURPOSE.search(low)
    if match is None:
        return ""
    start = next(match.start(name) for name in ("for", "with", "whom") if match[name] is not None)
    said = text[start:].strip(" \t?!.,;:")
    return said if any(w not in LITTLE and w not in FUNCTION for w in words(said)) else ""


def asks_to_tell(low: str, titles: Iterable[str]) -> bool:
    """Whether a turn in lower case asks for more about the products of these titles, and for nothing in particular."""
    if not _TELL.match(low):
        return False
    named = {w for title in titles for w in words(title)} | _NO_FIELD
    return not any(w not in named and w not in LITTLE for _, w in content_stems(low))
