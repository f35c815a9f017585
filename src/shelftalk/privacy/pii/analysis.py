"""What is found in a text, and the text without it. A cheap look first: most requests hold nothing that could be an address or a number."""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

from shelftalk.privacy.pii.fold import fold

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, RecognizerResult

Label = Literal["email", "phone", "card", "iban"]
LABELS: tuple[Label, ...] = get_args(Label)
# Numbering plans that a number without a country code is held against, in the order in which they are tried.
REGIONS = [
    "US",
    "GB",
    "DE",
    "FR",
    "ES",
    "IT",
    "NL",
    "BE",
    "AT",
    "CH",
    "PL",
    "PT",
    "BR",
    "MX",
    "SE",
    "DK",
    "NO",
    "FI",
    "IE",
    "AU",
    "NZ",
    "IN",
    "JP",
    "CN",
    "KR",
    "TR",
    "CZ",
    "HU",
    "RO",
    "GR",
    "RU",
    "UA",
    "ZA",
    "NG",
    "AR",
    "CL",
    "CO",
    "SG",
    "AE",
    "SA",
    "IL",
]
_ENTITIES: dict[str, Label] = {
    "IBAN_CODE": "iban", "CREDIT_CARD": "card", "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone"
}  # fmt: skip
_RANK = {"iban": 0, "card": 1, "email": 2, "phone": 3}
_LEAST = 0.15
_WINDOW, _OVERLAP = 2000, 400  # characters: a long text is read in windows that overlap by more than an address has
# An at sign, seven digits near each other, or an at or a dot that is spelt out.
_MAY_HOLD = re.compile(
    r"[@＠]|(?:\d\D{0,3}){6}\d|[\[({<]\s*(?:at|arobase|arroba|chiocciola)\s*[\])}>]|\s(?:dot|punkt|point|punto|ponto)\s",
    re.I,
)
_opening = threading.Lock()


# It stands where something was taken out. It has no word in it: "[phone]" or "[card]" would be read as what is wanted.
PLACEHOLDER = "[...]"


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data in a text: its half-open span in characters, and what it is."""

    start: int
    end: int
    label: Label


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text without what was found; `taken` are the kinds, each once, in the order of LABELS."""

    text: str
    taken: tuple[Label, ...] = ()


def may_hold(text: str) -> bool:
    """Whether a text is worth reading for personal data: the cheap look."""
    return _MAY_HOLD.search(text) is not None


def find(text: str) -> list[Found]:
    """What a text holds, in its order; spans do not overlap. Cheap (some microseconds) where nothing looks like it."""
    if not may_hold(text):
        return []
    folded, at = fold(text)
    results: list[RecognizerResult] = []
    for begin in range(0, max(1, len(folded) - _OVERLAP), _WINDOW - _OVERLAP):
        part = _analyzer().analyze(folded[begin : begin + _WINDOW], language="en", score_threshold=_LEAST)
        for result in part:
            result.start, result.end = result.start + begin, result.end + begin
        results += part
    ranked = sorted(results, key=lambda r: (_RANK[_ENTITIES[r.entity_type]], r.start - r.end))
    taken: list[Found] = []
    gone = bytearray(len(folded))
    for result in ranked:
        start = result.start
        while start < result.end and gone[start]:  # the other end of a number that crosses a window
            start += 1
        if start < result.end and not any(gone[start : result.end]):
            gone[start : result.end] = b"\1" * (result.end - start)
            taken.append(Found(at[start], at[result.end - 1] + 1, _ENTITIES[result.entity_type]))
    return sorted(taken, key=lambda f: f.start)


def scrub(text: str) -> Scrubbed:
    """The text with PLACEHOLDER for everything found."""
    found = find(text)
    if not found:
        return Scrubbed(text)
    parts, end = [], 0
    for one in found:
        parts += [text[end : one.start], PLACEHOLDER]
        end = one.end
    held = {f.label for f in found}
    return Scrubbed("".join([*parts, text[end:]]), tuple(label for label in LABELS if label in held))


def ready() -> bool:
    """Whether what `find` needs is loaded. No text that holds anything was read before it was."""
    return _loaded.cache_info().currsize > 0


def warm_up() -> None:
    """Loads what `find` needs, so that the first text is not kept waiting."""
    _analyzer()


def _analyzer() -> AnalyzerEngine:
    with _opening:  # two threads would load it twice
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> AnalyzerEngine:
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    from shelftalk.privacy.pii.recognizers import Accounts, Addresses, Cards, Phones

    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)  # its messages quote the text
    registry = RecognizerRegistry([Accounts(), Cards(), Addresses(), Phones(REGIONS)])
    engine = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
