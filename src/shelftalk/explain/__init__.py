"""Explain: writes a reason for each pick from numbered facts of its record, and shows no claim that the record does not prove."""

from shelftalk.explain.explainer import Explainer
from shelftalk.explain.job import ExplainJob
from shelftalk.explain.named import taken_as
from shelftalk.explain.question import ProductQuestion, answer_question, question_about
from shelftalk.explain.why import Above, WhyAnswer, why

__all__ = [
    "Above",
    "ExplainJob",
    "Explainer",
    "ProductQuestion",
    "WhyAnswer",
    "answer_question",
    "question_about",
    "taken_as",
    "why",
]
