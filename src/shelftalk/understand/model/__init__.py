"""The models' part: wishes as criteria and kinds for a need (encoders, then the language model), and whole intents by a model."""

from shelftalk.understand.model.criteria import WishRequest, prompt, written
from shelftalk.understand.model.helping import Asked, KindSearch
from shelftalk.understand.model.intents import IntentParser, Written, parse, target
from shelftalk.understand.model.loading import Matchers, ready_matchers, shared_matchers
from shelftalk.understand.model.matching import (
    HEAD,
    HEAD_WORDS,
    MOST_OFFERED,
    FieldMatcher,
    option_text,
    options_of,
    plain,
    plain_order,
    query_text,
)
from shelftalk.understand.model.needs import MOST_KINDS, needs_prompt
from shelftalk.understand.model.wanting import Wanting

__all__ = [
    "Asked",
    "FieldMatcher",
    "HEAD",
    "HEAD_WORDS",
    "IntentParser",
    "KindSearch",
    "MOST_KINDS",
    "MOST_OFFERED",
    "Matchers",
    "WishRequest",
    "Wanting",
    "Written",
    "needs_prompt",
    "option_text",
    "options_of",
    "parse",
    "plain",
    "plain_order",
    "prompt",
    "query_text",
    "ready_matchers",
    "shared_matchers",
    "target",
    "written",
]
