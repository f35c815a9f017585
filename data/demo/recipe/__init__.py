"""Makes the demo catalogue, its judged requests and its shoppers out of hand-written tables and a seed."""

from pathlib import Path

SEED = 20261101
TODAY = "2026-11-01"
HERE = Path(__file__).parent
