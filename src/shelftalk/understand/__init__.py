"""Understand: a request and the turns before it become an Intent that names only fields and values of the facets."""

from shelftalk.understand.reader import Reader, Reading
from shelftalk.understand.turns import Conversation, Lookup
from shelftalk.understand.understand import Understander, Understood

__all__ = ["Conversation", "Lookup", "Reader", "Reading", "Understander", "Understood"]
