"""The values that travel down the path: a request becomes an Intent, Candidates, a Ranking, Picks with Claims, an Answer.

This package knows no stage, no model and no database. Everything in it is immutable.
"""

from __future__ import annotations

from shelftalk.values.answer import (
    ANSWER_VERSION,
    Answer,
    Claim,
    Evidence,
    Explanation,
    FollowUp,
    Pick,
    PickSource,
    Variants,
    Verdict,
    with_notes,
)
from shelftalk.values.intent import (
    OPERATORS,
    Constraint,
    Criterion,
    Direction,
    Intent,
    Operator,
    Sort,
    Want,
)
from shelftalk.values.product import CORE_FIELDS, AttributeValue, Facet, Facets, Kind, Product, Scalar, plain
from shelftalk.values.prompt import Message, Prompt, Tokens
from shelftalk.values.ranking import Candidate, Ranking, Retrieval, Slate
from shelftalk.values.request import Request, Turn
from shelftalk.values.shopper import (
    INTERACTION_KINDS,
    WHYS,
    Context,
    Interaction,
    InteractionKind,
    ProfileLine,
    Refusal,
    Shopper,
    Why,
)

__all__ = [
    "Slate",
    "ANSWER_VERSION",
    "FollowUp",
    "Evidence",
    "Claim",
    "Explanation",
    "Verdict",
    "Pick",
    "PickSource",
    "Variants",
    "Answer",
    "with_notes",
    "OPERATORS",
    "Direction",
    "Operator",
    "Want",
    "Constraint",
    "Sort",
    "Criterion",
    "Intent",
    "Turn",
    "Request",
    "CORE_FIELDS",
    "AttributeValue",
    "Kind",
    "Scalar",
    "Product",
    "Facet",
    "Facets",
    "plain",
    "Message",
    "Prompt",
    "Tokens",
    "Candidate",
    "Retrieval",
    "Ranking",
    "INTERACTION_KINDS",
    "WHYS",
    "Context",
    "Interaction",
    "InteractionKind",
    "ProfileLine",
    "Refusal",
    "Shopper",
    "Why",
]
