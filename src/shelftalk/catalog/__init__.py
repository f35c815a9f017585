"""The catalogue: feeds are read into products, kept with their vectors and texts, and found again by filter and search."""

from shelftalk.catalog.embed import Embedder, embedding_text, load_embedder
from shelftalk.catalog.store import Catalog, UpsertReport

__all__ = ["Catalog", "Embedder", "UpsertReport", "embedding_text", "load_embedder"]
