"""Rank: puts the candidates in their final order. It knows no database; prices and superlatives are settled before it."""

from shelftalk.rank.ranker import STRATEGIES, Ranker, RankJob
from shelftalk.rank.strategy import Scores, Strategy, Window
from shelftalk.rank.suits import Suits

__all__ = ["STRATEGIES", "RankJob", "Ranker", "Scores", "Strategy", "Suits", "Window"]
