"""What shops have in common: how each feature usually lies, and which way it usually tells, before a shop's own data is seen.

The weights were set by hand, in standard deviations: like what was liked and not like what was refused, no second one straight after a
purchase, what others like, nothing far from the usual price. Centre and scale are those of the demo's features, without labels.
"""

from __future__ import annotations

__all__ = ["EXPECTED"]

# name: (centre, scale, weight)
EXPECTED: dict[str, tuple[float, float, float]] = {
    "cosine_liked": (0.28, 0.21, 0.3),
    "cosine_clicked": (0.40, 0.19, 0.1),
    "cosine_passed": (0.43, 0.19, -0.1),
    "cosine_refused": (0.11, 0.18, -0.3),
    "agree_liked": (0.27, 0.27, 0.3),
    "agree_clicked": (0.37, 0.24, 0.1),
    "agree_passed": (0.40, 0.23, -0.1),
    "agree_refused": (0.09, 0.19, -0.3),
    "pull_chosen": (-0.65, 1.05, 0.4),
    "pull_met": (-0.81, 1.09, 0.2),
    "pull_left": (-0.70, 0.94, -0.2),
    "kind_share": (0.33, 0.64, 0.3),
    "kind_rate": (-0.14, 0.62, 0.2),
    "own_rate": (-0.14, 0.65, 0.2),
    "brand": (0.03, 0.56, 0.2),
    "price": (0.0, 0.85, 0.0),
    "price_apart": (0.58, 0.62, -0.2),
    "just_bought": (0.19, 0.36, -0.4),
    "likes_rate": (-0.06, 0.40, 0.3),
    "meets": (0.56, 0.53, 0.0),
    "rating": (0.14, 0.23, 0.2),
    "reduced": (0.18, 0.39, 0.1),
}
