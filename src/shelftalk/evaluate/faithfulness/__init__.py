"""Are the reasons true? Every statement is held against the record by code that the path knows nothing of."""

from shelftalk.evaluate.faithfulness.check import Asked, Independent, satisfied
from shelftalk.evaluate.faithfulness.statements import Reading, Statement, read

__all__ = ["Asked", "Independent", "Reading", "Statement", "read", "satisfied"]
