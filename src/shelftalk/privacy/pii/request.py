"""A request without the personal data in its words, and the sentence that tells the shopper so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shelftalk.privacy.pii.analysis import LABELS, scrub
from shelftalk.values import Intent, Request

_NAMES = {
    "email": "An e-mail address",
    "phone": "A phone number",
    "card": "A card number",
    "iban": "A bank account number",
}


def scrub_request(request: Request) -> Request:
    """The request, its turns and its edited intent without personal data; `taken` are the kinds found in the request's own words.

    The same request comes back where nothing was found, so that doing it twice costs next to nothing.
    """
    own = scrub(request.request)
    turns = tuple(replace(t, content=scrub(t.content).text, intent=_intent(t.intent)) for t in request.history)
    intent = _intent(request.intent)
    if not own.taken and turns == request.history and intent == request.intent:
        return request
    taken = tuple(label for label in LABELS if label in {*own.taken, *request.taken})
    return replace(request, request=own.text, history=turns, intent=intent, taken=taken)


def note_of(taken: Sequence[str]) -> str:
    """What the shopper is told: "An e-mail address and a phone number were taken out of your message." """
    names = [_NAMES[label] for label in taken]
    lower = [names[0], *(name[0].lower() + name[1:] for name in names[1:])]
    told = lower[0] if len(lower) == 1 else f"{', '.join(lower[:-1])} and {lower[-1]}"
    return f"{told} {'was' if len(lower) == 1 else 'were'} taken out of your message."


def _intent(intent: Intent | None) -> Intent | None:
    if intent is None:
        return None
    return replace(
        intent,
        query=scrub(intent.query).text,
        preferences=tuple(scrub(words).text for words in intent.preferences),
        unanswered=tuple(scrub(words).text for words in intent.unanswered),
    )
