"""Soft wishes: which fields speak to "light", "quiet" or "long battery life", and what a record says in the wished words.

A quality names the fields that measure it and the better direction. It is read from the shopper's preferences, never
compared with a limit: what is shown is the fact, and whether it is the lowest or highest of the picks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shelftalk.explain.job import ExplainJob
from shelftalk.facts.facts import Fact
from shelftalk.facts.words import content_stems, stem, stems, words
from shelftalk.values import Direction, Product


@dataclass(frozen=True, slots=True)
class Quality:
    """A wish that a measured field answers: `fields` matches the field's spoken name, `how` completes "does not say how"."""

    fields: re.Pattern[str]
    direction: Direction
    how: str


def _quality(fields: str, direction: Direction, how: str, *spellings: str) -> dict[str, Quality]:
    quality = Quality(re.compile(fields), direction, how)
    return {stem(word): quality for word in spellings}


QUALITIES: dict[str, Quality] = {
    **_quality(r"noise level|sound level|loudness|^noise$", "asc", "quiet they are", "quiet", "silent", "noiseless"),
    **_quality(r"^(?:item |product |net )?weight$", "asc", "light they are", "light", "lightweight"),
    **_quality(r"battery life|battery runtime|^playtime|^runtime", "desc", "long the battery lasts", "battery"),
    **_quality(r"^packed|^folded", "asc", "small they pack", "packable", "compact"),
    **_quality(r"^warmth|^tog\b|fill power|comfort temperature", "desc", "warm they are", "warm", "cosy", "cozy"),
    **_quality(r"^breathability|air permeability", "desc", "breathable they are", "breathable"),
    **_quality(r"water column|hydrostatic head|water resistance", "desc", "waterproof they are", "waterproof", "rainproof"),
    **_quality(r"^brightness|luminous flux|^lumens", "desc", "bright they are", "bright"),
    **_quality(r"^capacity|^volume$|interior height|peak height", "desc", "roomy they are", "roomy", "spacious"),
    **_quality(r"^warranty|^guarantee", "desc", "long the guarantee is", "warranty", "guarantee"),
    **_quality(r"recharge|charging time|charge time", "asc", "fast they charge", "fast", "quick"),
    **_quality(r"thickness", "asc", "thin they are", "thin", "slim"),
    **_quality(r"comfort (?:level|rating)", "desc", "comfortable they are", "comfortable", "comfy"),
    **_quality(r"durability|abrasion", "desc", "durable they are", "durable", "sturdy", "robust"),
    **_quality(r"softness", "desc", "soft they are", "soft"),
}  # fmt: skip

# "warm light", "light blue": the word says something about another word, not about the product's warmth or weight.
_OTHERWISE = re.compile(
    r"\b(?:warm|bright|soft|cold|quick|fast) (?:light|white|water|glow)|\blight (?:blue|green|grey|gray|brown|pink|colou?r|"
    r"reading|rain|bulb|therapy)|\b(?:bike|bicycle|desk|reading|front|rear|night) light",
    re.IGNORECASE,
)
_LONGEST_ENDING = 1


def qualities(job: ExplainJob) -> Iterator[tuple[str, Quality]]:
    """(word, quality) of each soft wish of the request that a measured field could answer."""
    for wish in job.intent.preferences:
        if _OTHERWISE.search(job.request):
            continue
        for word in words(wish):
            if found := QUALITIES.get(stem(word)):
                yield word, found


def speaks_of(word: str, quality: Quality, product: Product, facts: Sequence[Fact]) -> bool:
    """Whether the record says anything of the quality: a field that measures it, or the word itself."""
    if any(quality.fields.search(f.name.lower()) and f.truth is None for f in facts):
        return True
    said = [f.name if f.truth is not None else " ".join(f.parts) for f in facts if f.truth is not False]
    return stem(word) in stems(" ".join((product.title, *said))) or mentioned(word, product.description) is not None


def unspoken(job: ExplainJob, tables: Sequence[Sequence[Fact]]) -> tuple[str, ...]:
    """The note on soft wishes of which no pick's record says anything; () where there is none."""
    hows: dict[str, None] = {}
    for word, quality in qualities(job):
        known = any(speaks_of(word, quality, p, facts) for p, facts in zip(job.products, tables, strict=True))
        if job.products and not known:
            hows.setdefault(quality.how)
    if not hows:
        return ()
    listed = [f"how {how}" for how in hows]
    said = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"
    return (f"The catalogue does not say {said}.",)


_NEGATION_NEAR = re.compile(r"\b(?:not|no|non|never|without|n't|isn't|don't|doesn't|cannot|avoid|except|unless)\b")


def mentioned(word: str, text: str) -> str | None:
    """The word, or a form of it, as the text writes it; None where it is not there or its sentence negates."""
    wanted = stem(word)
    for sentence in re.split(r"(?<=[.!?;])\s+|\n", text):
        for found in re.findall(r"[A-Za-z]{4,20}", sentence):
            if wanted in stems(found) and _same_word(word, found):
                return None if _NEGATION_NEAR.search(sentence.lower()) else found.lower()
    return None


def _same_word(a: str, b: str) -> bool:
    """Whether one is a form of the other: "hiking" of "hike", not "comforter" of "comfortable", which share a stem."""
    shared = 0
    for x, y in zip(a.lower(), b.lower(), strict=False):
        if x != y:
            break
        shared += 1
    return shared >= min(len(a), len(b)) - _LONGEST_ENDING


def asked_stems(job: ExplainJob) -> tuple[dict[str, str], dict[str, str]]:
    """({stem: word} of the soft wishes, the same of the whole request)."""
    preferred = {stem: word for wish in job.intent.preferences for stem, word in content_stems(wish)}
    return preferred, dict(content_stems(job.request)) | preferred
