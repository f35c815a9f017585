"""A shop: takes the adapter, trains it for an epoch on its own rows, and gives its weights back. The rows' file is this node's own."""

from __future__ import annotations

from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from shops import lora

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    """The adapter after an epoch, with the number of rows that it saw, by which it counts in the average."""
    model = lora.load(str(context.node_config["base"]))
    lora.put(model, message.content["arrays"].to_torch_state_dict())
    rows = lora.read(str(context.node_config["rows"]))
    turn = int(message.content["config"]["server-round"])
    run = context.run_config
    loss = lora.train(model, rows, seed=turn, rate=float(run["learning-rate"]), size=int(run["batch"]))
    told = MetricRecord({"num-examples": len(rows), "train_loss": loss, "peak_mb": lora.peak_mb()})
    return Message(content=RecordDict({"arrays": ArrayRecord(lora.weights(model)), "metrics": told}), reply_to=message)
