"""Are the reasons true? Every statement is held against the record by code that the path knows nothing of."""

from shelftalk.evaluate.faithfulness.check import Independent
from shelftalk.evaluate.faithfulness.records import AnsweredRequest, CatalogProducts, in_scope, satisfied
from shelftalk.evaluate.faithfulness.statements import CheckedStatement, ReadAnswer, read

__all__ = [
    "AnsweredRequest",
    "Independent",
    "ReadAnswer",
    "CatalogProducts",
    "CheckedStatement",
    "in_scope",
    "read",
    "satisfied",
]
