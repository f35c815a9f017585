"""The plot of order bias: accuracy by the place that the best candidate was shown at, as an SVG in the run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

__all__ = ["POSITIONS", "plot_positions"]

POSITIONS = "positions.svg"
_METRIC = "best_first_by_position."


def plot_positions(folder: Path, figures: Mapping[str, float]) -> Path | None:
    """The file drawn in the folder; None where the figures hold nothing by position, or matplotlib is not installed."""
    by_place = {
        int(name.removeprefix(_METRIC)): value
        for name, value in figures.items()
        if name.startswith(_METRIC) and name.removeprefix(_METRIC).isdecimal()
    }
    if not by_place or find_spec("matplotlib") is None:
        return None
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    with pyplot.rc_context({"svg.hashsalt": "shelftalk", "font.size": 11}):
        figure, axes = pyplot.subplots(figsize=(6.4, 3.6))
        places, values = list(by_place), list(by_place.values())
        axes.bar(places, values, color="#4a6fa5", width=0.7)
        mean = sum(values) / len(values)
        axes.axhline(mean, color="#444444", linewidth=1, linestyle="--")
        axes.annotate(f"mean {mean:.2f}", (places[-1] + 0.45, mean), va="bottom", ha="right")
        axes.set(xticks=places, ylim=(0, 1), xlabel="place that the best candidate was shown at", ylabel="ranked first")
        axes.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        path = folder / POSITIONS
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
    return path
