"""The catalogue: feeds are read into products, kept with their vectors and texts, and found again by filter and search."""

from shelftalk.catalog.embed import Embedder, embedding_text, load_embedder
from shelftalk.catalog.importer import ImportReport, import_feed
from shelftalk.catalog.store import Catalog
from shelftalk.catalog.upsert import UpsertReport

__all__ = ["Catalog", "Embedder", "ImportReport", "UpsertReport", "embedding_text", "import_feed", "load_embedder"]
