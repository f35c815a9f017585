"""An Intent becomes Candidates: constraints first, in the database, then dense and full-text search, fused."""

from shelftalk.retrieve.retriever import Retriever
from shelftalk.retrieve.shelves import Shelves

__all__ = ["Retriever", "Shelves"]
