"""Explain: writes a reason for each pick from numbered facts of its record, and shows no claim that the record does not prove."""

from shelftalk.explain.explainer import Explainer
from shelftalk.explain.job import ExplainJob
from shelftalk.explain.named import taken_as
from shelftalk.explain.question import answer_question
from shelftalk.explain.why import Above, WhyAnswer, why

__all__ = [
    "Above",
    "ExplainJob",
    "Explainer",
    "WhyAnswer",
    "answer_question",
    "taken_as",
    "why",
]
