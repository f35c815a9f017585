"""Understand: a request and the turns before it become an Intent that names only fields and values of the facets.

rules/ reads what must be exact, model/ what the words want, turns/ what a follow-up goes on from; understand.py joins them.
"""

from shelftalk.understand.reading import Reading
from shelftalk.understand.rules import RuleParser
from shelftalk.understand.turns import Conversation, Lookup
from shelftalk.understand.understand import Understander, Understood

__all__ = ["Conversation", "Lookup", "Reading", "RuleParser", "Understander", "Understood"]
