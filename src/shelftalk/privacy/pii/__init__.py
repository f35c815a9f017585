"""Personal data in text: e-mail addresses, phone, payment card and bank account numbers, found and taken out.

Presidio holds the recognisers and phonenumbers the numbering plans of the world; no language model is loaded and nothing is fetched.
"""

from shelftalk.privacy.pii.analysis import (
    LABELS,
    PLACEHOLDER,
    Found,
    Label,
    Scrubbed,
    find,
    may_hold,
    ready,
    scrub,
    warm_up,
)
from shelftalk.privacy.pii.request import note_of, scrub_request

__all__ = [
    "LABELS",
    "PLACEHOLDER",
    "Found",
    "Label",
    "Scrubbed",
    "find",
    "may_hold",
    "note_of",
    "ready",
    "scrub",
    "scrub_request",
    "warm_up",
]
