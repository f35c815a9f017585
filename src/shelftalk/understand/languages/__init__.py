"""Requests in other languages than English: which language it is, what is exact in it put into English for the rules, and whether an embedder
knows it. languages.yaml is the table."""

from shelftalk.understand.languages.detect import ENGLISH, LANGUAGES, UNDETERMINED, language_of
from shelftalk.understand.languages.embedded import PROBES, covers, knows
from shelftalk.understand.languages.heard import Heard
from shelftalk.understand.languages.multilingual import KindSearch, Multilingual
from shelftalk.understand.languages.rewrite import Rewritten, rewritten
from shelftalk.understand.languages.table import rules

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "PROBES",
    "UNDETERMINED",
    "Heard",
    "KindSearch",
    "Multilingual",
    "Rewritten",
    "covers",
    "knows",
    "language_of",
    "rewritten",
    "rules",
]
