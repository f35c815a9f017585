"""Candidate sources: products for a shopper from history, popularity, new arrivals and the profile, blended by how much history there is."""

from shelftalk.shoppers.candidates.behaviour import FILE, Behaviour
from shelftalk.shoppers.candidates.blend import SOURCES, WITHOUT_HISTORY, Blend
from shelftalk.shoppers.candidates.claims import Because, Telling, because_claim, because_claims, because_holds
from shelftalk.shoppers.candidates.rank import Ranking, Sourced, rank_for, scores_for
from shelftalk.shoppers.candidates.sources import Found

__all__ = [
    "FILE", "SOURCES", "WITHOUT_HISTORY", "Because", "Behaviour", "Blend", "Found", "Ranking", "Sourced", "Telling", "because_claim",
    "because_claims", "because_holds", "rank_for", "scores_for",
]  # fmt: skip
