"""The recognisers: Presidio's for addresses, cards and bank accounts, made to fit what shoppers write; phone numbers by phonenumbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

# This module is imported when the first text holds something that may be personal data.
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType
from presidio_analyzer import LocalRecognizer, Pattern, RecognizerResult
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IbanRecognizer,
)

from shelftalk.privacy.pii.words import REACH, REACH_JOINED, THING, THING_JOINED, WRITE

_SURE, _LIKELY = 1.0, 0.6
_MOST_CHECKED = 20  # numbers of a text that are held against numbering plans, which takes a millisecond
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_SAID = r"(?:dot|punkt|point|punto|ponto)"
# All repeats are bounded, so that no text takes more than its length's time. A local part has at most 64 characters (RFC 5321), a label 63.
_DOT = rf"(?:\.|\s?[\[({{<]\s?(?:{_SAID}|\.)\s?[\])}}>]\s?)"
_AT = r"\s{0,2}[\[({<]\s?(?:at|arobase|arroba|chiocciola|@)\s?[\])}>]\s{0,2}"
_PART = r"[\w!#$%&'*+/=?^~-]{1,64}"
_LABEL = r"\w[\w-]{0,62}"
_WITHIN = rf"(?<![\w!#$%&*+/=?^~-]){_PART}(?:{_DOT}{_PART}){{0,5}}"


def before(text: str, start: int, count: int) -> list[str]:
    """The `count` words before `start`, in lower case, nearest last."""
    return [w.lower() for w in _WORD.findall(text[max(0, start - 80) : start])][-count:]


def after(text: str, end: int, count: int) -> list[str]:
    """The `count` words after `end`, in lower case."""
    return [w.lower() for w in _WORD.findall(text[end : end + 40])][:count]


class Addresses(EmailRecognizer):  # type: ignore[misc]
    """E-mail addresses as they are, and as people hide them: "jane (at) example (dot) org", "jane dot doe at example dot com"."""

    def __init__(self) -> None:
        domain, spaced = rf"{_LABEL}(?:{_DOT}{_LABEL}){{1,8}}", rf"{_LABEL}(?:\s?\.\s?{_LABEL}){{1,8}}"
        said = rf"{_LABEL}(?:\s{{1,3}}{_SAID}\s{{1,3}}{_LABEL}){{1,8}}"
        name = r"(?<!\w)[^\W\d_][\w+-]{0,63}(?:\s?\.\s?[\w+-]{1,63}){0,5}"
        spoken = rf"(?<![\w.+-])[\w.+-]{{1,64}}(?:\s{{1,3}}{_SAID}\s{{1,3}}[\w-]{{1,63}}){{0,5}}"
        super().__init__(
            patterns=[
                Pattern("plain or bracketed", rf"{_WITHIN}(?:{_AT}|@){domain}", 0.5),
                Pattern("spaced", rf"{name}\s?@\s?{spaced}", 0.3),
                Pattern("said", rf"{spoken}\s{{1,3}}(?:at|@)\s{{1,3}}{said}", 0.2),
            ]
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        """Whether it ends in a name of letters, as addresses do and amounts do not ("8@1.35V"). No list of domains is fetched."""
        last = re.split(rf"{_DOT}|\s+{_SAID}\s+|\s*\.\s*", pattern_text)
        return (len(last) > 1 and len(last[-1]) > 1 and not any(c.isdigit() for c in last[-1])) or last[-1].startswith(
            "xn--"
        )

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None, regex_flags: int | None = None
    ) -> list[RecognizerResult]:
        """Those of Presidio; a spelt-out one only where its own words or those before it say that it is one."""
        found = super().analyze(text, entities, nlp_artifacts, regex_flags)
        return [r for r in found if self._is_one(text, r)]

    @staticmethod
    def _is_one(text: str, result: RecognizerResult) -> bool:
        span = text[result.start : result.end]
        if not re.search(r"\s", span) or re.search(r"[\[({<]", span):
            return True
        local = re.split(r"\s+at\s+|@", span)[0]
        return bool(re.search(rf"[._\d]|\s{_SAID}\s", local)) or not WRITE.isdisjoint(before(text, result.start, 4))


class Cards(CreditCardRecognizer):  # type: ignore[misc]
    """Payment card numbers: 13 to 19 digits with single separators, of a network's range and length, with Luhn's check digit.

    An IMEI or an order number with a fitting check digit is none: no network has its range.
    """

    # Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro (ISO/IEC 7812 ranges as the networks publish them)
    _NETWORKS = re.compile(
        r"4\d{12}(?:\d{3}(?:\d{3})?)?|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}|3[47]\d{13}|"
        r"(?:6011|65\d{2}|64[4-9]\d)\d{12,15}|3(?:0[0-5]|[689]\d)\d{11}|(?:352[89]|35[3-8]\d)\d{12}|62\d{14,17}|"
        r"(?:50|5[6-8]|6[37])\d{11,17}"
    )

    def __init__(self) -> None:
        pattern = Pattern("digits", r"(?<![\d.,-])\d(?:[ .\-]?\d){12,18}(?![\d])", 0.3)
        super().__init__(patterns=[pattern], replacement_pairs=[("-", ""), (" ", ""), (".", "")])

    def validate_result(self, pattern_text: str) -> bool:
        """Whether a network gives out such numbers and the check digit is right."""
        digits = re.sub(r"\D", "", pattern_text)
        return self._NETWORKS.fullmatch(digits) is not None and bool(super().validate_result(pattern_text))


class Accounts(IbanRecognizer):  # type: ignore[misc]
    """International bank account numbers by country's form and check digits (ISO 13616): in groups, or in one piece in capitals or not."""

    def __init__(self) -> None:
        compact = Pattern("compact", r"(?i)(?<![A-Z0-9])([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30})(?![A-Z0-9])", 0.5)
        super().__init__(patterns=[*IbanRecognizer.PATTERNS, compact])

    def validate_result(self, pattern_text: str) -> bool | None:
        """Whether country, length and check digits are right."""
        return super().validate_result(pattern_text.upper())  # type: ignore[no-any-return]


class Phones(LocalRecognizer):  # type: ignore[misc]
    """Phone numbers of the world.

    With a country code, by that country's numbering plan. Without, where it is written as a phone number is (a leading 0, an area code in
    brackets, 555-123-4567) and a plan of `regions` has it, or where a word beside it says that somebody is reached by it. What a word
    calls an order, an article or the like is none, nor are barcodes (GS1 check digit), dates and amounts with units.
    """

    _RUN = re.compile(
        r"(?<![a-zA-Z0-9_.,#@/:-])(?:\+\s?|\(\+?)?\d(?:[ .()/-]{0,3}\d){5,16}"
        r"(?:\s?(?:ext\.?|extension|x|durchwahl|poste)\s?\d{1,5})?(?![a-zA-Z0-9_%@°\"]|[.,:/-]\d|\s?[€$£¥₹円元])"
    )
    _UNIT = re.compile(
        r"\s?(?:m?ah|m?w|kw|kg|g|mg|mm|cm|m|km|ml|cl|l|hz|k?hz|mhz|ghz|[kmgt]b|db|nm|rpm|btu|lm|v|pcs|x|eur|euros?|usd|gbp|kr|zł|pesos|reais|"
        r"dollars?|pounds?|people|sheets|hours?|months?|inch|mm²?|m2)\b",
        re.I,
    )
    _DATE = re.compile(
        r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4}|(?:19|20)\d{2}\s?[-/ ]\s?(?:19|20)\d{2}.*"
    )
    _NANP = re.compile(r"(?:1[-. ])?\(?[2-9]\d{2}\)?[-. ][2-9]\d{2}[-. ]\d{4}")
    _LOCAL = re.compile(r"\d{3}[-. ]?\d{4}")

    def __init__(self, regions: Iterable[str]) -> None:
        self.regions = tuple(regions)
        super().__init__(supported_entities=["PHONE_NUMBER"], supported_language="en", context=[])

    def load(self) -> None:
        """Nothing to load: the numbering plans come with phonenumbers."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """The numbers found, each with how sure it is."""
        return [RecognizerResult("PHONE_NUMBER", start, end, score) for start, end, score in self._scored(text)]

    def _scored(self, text: str) -> Iterator[tuple[int, int, float]]:
        for number, match in enumerate(self._RUN.finditer(text)):
            start, end = match.span()
            if text[start] == "(" and ")" not in match[0]:
                start += 1
            score = self._score(text, start, end, held_against=number < _MOST_CHECKED)
            if score:
                yield start, end, score

    def _score(self, text: str, start: int, end: int, *, held_against: bool) -> float:
        span = text[start:end]
        digits = re.sub(r"\D", "", span)
        if span.lstrip("(").startswith("+"):  # no product's number is written with one, whatever word stands before
            return _SURE if self._abroad(span, digits) else 0.0
        near, joined = before(text, start, 4), text[max(0, start - 10) : start]
        thing = not THING.isdisjoint(near[-3:]) or any(word in joined for word in THING_JOINED)
        if thing or self._DATE.fullmatch(span) or self._UNIT.match(text, end):
            return 0.0
        if digits.startswith("00"):
            return _SURE if self._abroad(span, digits) else 0.0
        if not held_against:  # a text of hundreds of numbers is no shopper's: what is written like one goes
            return _LIKELY
        reached = not REACH.isdisjoint([*near, *after(text, end, 4)]) or any(word in joined for word in REACH_JOINED)
        if is_barcode(digits) and not reached:
            return 0.0
        if reached:
            return _LIKELY if self._LOCAL.fullmatch(span) or self._valid(span) else 0.0
        written = bool(self._NANP.fullmatch(span)) or span.startswith(("0", "("))
        return _LIKELY if written and self._valid(span, strict=True) else 0.0

    @staticmethod
    def _abroad(span: str, digits: str) -> bool:
        bare = re.sub(r"\(\s?0\s?\)", "", span)
        bare = bare if "+" in bare else "+" + digits.removeprefix("00")
        try:
            number = phonenumbers.parse(bare[bare.index("+") :])
        except NumberParseException:
            return False
        return bool(phonenumbers.is_possible_number(number) if "+" in span else phonenumbers.is_valid_number(number))

    def _valid(self, span: str, *, strict: bool = False) -> bool:
        for region in self.regions:
            try:
                number = phonenumbers.parse(span, region)
            except NumberParseException:
                continue
            if not phonenumbers.is_valid_number_for_region(number, region):
                continue
            if not strict or phonenumbers.number_type(number) != PhoneNumberType.UNKNOWN:
                return True
        return False


def is_barcode(digits: str) -> bool:
    """Whether these digits are a GTIN-8, -12, -13 or -14 by its check digit (GS1 General Specifications, 7.9)."""
    if len(digits) not in (8, 12, 13, 14):
        return False
    total = sum(int(d) * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits[:-1])))
    return (10 - total % 10) % 10 == int(digits[-1])
