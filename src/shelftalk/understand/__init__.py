"""Understand: a request and the turns before it become an Intent that names only fields and values of the facets."""

from shelftalk.understand.reader import Reader, Reading
from shelftalk.understand.understand import Lookup, Understander, Understood

__all__ = ["Lookup", "Reader", "Reading", "Understander", "Understood"]
