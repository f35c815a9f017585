"""Are the reasons true? Every statement is held against the record by code that the path knows nothing of."""

from shelftalk.evaluate.faithfulness.check import Independent
from shelftalk.evaluate.faithfulness.records import Asked, Shop, in_scope, satisfied
from shelftalk.evaluate.faithfulness.statements import Reading, Statement, read

__all__ = ["Asked", "Independent", "Reading", "Shop", "Statement", "in_scope", "read", "satisfied"]
