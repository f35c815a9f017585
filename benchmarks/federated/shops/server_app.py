"""The server: hands the adapter out and averages what comes back. It sees weights and numbers of rows, never a row."""

from __future__ import annotations

import json
from pathlib import Path

from flwr.app import ArrayRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Averages for `rounds` rounds over `shops` shops, all of which take part in each, and writes the adapter to `out`."""
    import torch

    run = context.run_config
    shops = int(run["shops"])
    strategy = FedAvg(fraction_train=1.0, fraction_evaluate=0.0, min_train_nodes=shops, min_available_nodes=shops)
    start = torch.load(str(run["start"]), weights_only=True)
    result = strategy.start(grid=grid, initial_arrays=ArrayRecord(start), num_rounds=int(run["rounds"]))
    out = Path(str(run["out"]))
    rounds = {turn: dict(metrics) for turn, metrics in result.train_metrics_clientapp.items()}  # means over the shops
    out.with_suffix(".json").write_text(json.dumps(rounds) + "\n")
    torch.save(result.arrays.to_torch_state_dict(), out.with_suffix(".partial"))
    out.with_suffix(".partial").replace(out)  # its being there says that the rest is
