"""How fast tuning is: shelftalk's trainer beside a bare PEFT loop and TRL as it comes, on the same examples, in one run.

    python benchmarks/train_speed.py [--steps 6] [--without-trl] [--model default] [--length 230]

The three take turns, a round each, so that other work on the machine weighs on all alike; tokens a second are of the
prompt and the answer, by the wall clock and by CPU time (the second is what counts on a busy machine). The bare loop
computes logits at the answers' positions alone, like shelftalk's trainer. On a GPU the share of the peak is printed too.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
PEAK = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L40S": 362e12}  # dense bf16, from the makers' data sheets
BATCH = 8


def examples(tokenizer: Any, count: int, length: int) -> list[dict[str, Any]]:
    """Rows of about `length` tokens, an answer of 30 at their end, all of words of the vocabulary."""
    import random

    rng = random.Random(0)
    out = []
    for _ in range(count):
        n = length + rng.randint(-20, 20)
        ids = [rng.randrange(1000, len(tokenizer) - 1000) for _ in range(n)]
        out.append(
            {
                "input_ids": ids,
                "labels": [-100] * (n - 30) + ids[-30:],
                "weights": [0.0] * (n - 30) + [1.0] * 30,
                "length": n,
            }
        )
    return out


class Meter:
    """Sums wall seconds, CPU seconds and tokens of what is timed."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self.tokens = 0

    def add(self, tokens: int, wall: float, cpu: float) -> None:
        self.tokens, self.wall, self.cpu = self.tokens + tokens, self.wall + wall, self.cpu + cpu


def timed(step: Any, batches: list[Any], meter: Meter | None) -> None:
    import torch

    for batch in batches:
        wall, cpu = time.perf_counter(), time.process_time()
        step(batch)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        if meter is not None:
            tokens = int(sum(len(row["input_ids"]) for row in batch))
            meter.add(tokens, time.perf_counter() - wall, time.process_time() - cpu)


def bare(model: Any, pad: int) -> Any:
    """A training step without a trainer: PEFT, AdamW, logits at the answers alone."""
    import torch
    from torch.nn.functional import cross_entropy

    from shelftalk.train.trainer import Pad

    collate, base = Pad(pad), model.get_base_model()
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=5e-4)

    def step(batch: list[Any]) -> None:
        given = {k: v.to(model.device) for k, v in collate(batch).items()}
        hidden = base.model(input_ids=given["input_ids"], attention_mask=given["attention_mask"]).last_hidden_state
        mask = given["labels"][:, 1:] != -100
        loss = cross_entropy(base.lm_head(hidden[:, :-1][mask]).float(), given["labels"][:, 1:][mask])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--model", default="default")
    parser.add_argument("--length", type=int, default=230)
    parser.add_argument("--without-trl", action="store_true")
    given = parser.parse_args()

    import datasets
    import torch
    import transformers
    from peft import get_peft_model
    from trl import SFTConfig, SFTTrainer

    from shelftalk.engines.models import resolve_model
    from shelftalk.settings import load_settings
    from shelftalk.train.lora import peft_config
    from shelftalk.train.recipe import LoraRecipe
    from shelftalk.train.trainer import Pad, trainer_class

    datasets.disable_progress_bars()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    folder = resolve_model(given.model, load_settings().home_folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    gpu = torch.cuda.is_available()
    rows = examples(tokenizer, BATCH * (given.steps + 1), given.length)
    batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]

    def model(lora: LoraRecipe | None = None, half: bool = gpu, attention: str = "sdpa") -> Any:
        loaded = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16 if half else torch.float32, attn_implementation=attention
        ).to("cuda" if gpu else "cpu")
        return get_peft_model(loaded, peft_config(lora or LoraRecipe(), loaded))

    def trainer(cls: Any, name: str, columns: tuple[str, ...], tuned: Any = None, half: bool = gpu) -> Any:
        tuned, place = tuned or model(), tempfile.mkdtemp()

        def make(batch: list[Any]) -> Any:
            args = SFTConfig(
                output_dir=place, max_steps=1, per_device_train_batch_size=BATCH, learning_rate=5e-4, bf16=half,
                use_cpu=not gpu, gradient_checkpointing=False, report_to=[], save_strategy="no", disable_tqdm=True,
                max_length=None, logging_steps=10, dataloader_pin_memory=gpu,
            )  # fmt: skip
            table = datasets.Dataset.from_list([{c: row[c] for c in columns} for row in batch])
            more = {"data_collator": Pad(tokenizer.eos_token_id, 16)} if name == "shelftalk" else {}
            made = cls(model=tuned, args=args, train_dataset=table, processing_class=tokenizer, **more)
            made.remove_callback(transformers.PrinterCallback)
            return made

        first = make(batches[0])
        first.create_optimizer()
        first.model = first.accelerator.prepare_model(first.model)  # autocast, as train() has it

        def step(batch: list[Any]) -> None:
            inputs = first._prepare_inputs(first.data_collator([{c: row[c] for c in columns} for row in batch]))
            count = first._get_num_items_in_batch([inputs], first.args.device)
            first.model.train()
            first.training_step(first.model, inputs, num_items_in_batch=count)
            first.accelerator.clip_grad_norm_(first.model.parameters(), 1.0)
            first.optimizer.step()
            first.model.zero_grad()

        return step

    steps = {"bare PEFT loop": bare(model(), tokenizer.eos_token_id)}
    columns = ("input_ids", "labels", "weights")
    steps["shelftalk"] = trainer(trainer_class(), "shelftalk", columns)
    if not gpu:
        layers = transformers.AutoConfig.from_pretrained(folder).get_text_config().num_hidden_layers
        upper = LoraRecipe(layers=int(layers * 2 / 3))
        steps["shelftalk, bfloat16 and eager attention"] = trainer(
            trainer_class(), "shelftalk", columns, model(half=True, attention="eager"), True
        )
        steps[f"the same, upper {upper.layers} layers"] = trainer(
            trainer_class(), "shelftalk", columns, model(upper, True, "eager"), True
        )
    if not given.without_trl:
        steps["TRL as it comes"] = trainer(SFTTrainer, "trl", ("input_ids", "labels"))
    meters = {name: Meter() for name in steps}
    for step in steps.values():
        timed(step, batches[:1], None)
    for batch in batches[1:]:
        for name, step in steps.items():
            timed(step, [batch], meters[name])
    base = meters["bare PEFT loop"]
    cores = os.cpu_count() or 1
    print(f"{Path(str(folder)).name}, r=16 on all linear layers, batch {BATCH}, {given.steps} steps each, {cores} cores, "
          f"load {os.getloadavg()[0]:.1f}, torch {torch.__version__}")  # fmt: skip
    print("| | tokens/s | tokens/CPU second | of the bare loop, wall | of the bare loop, CPU |\n|---|---|---|---|---|")
    for name, m in meters.items():
        wall, cpu = m.tokens / m.wall, m.tokens / m.cpu
        print(
            f"| {name} | {wall:.0f} | {cpu:.0f} | {wall * base.wall / base.tokens:.2f} | {cpu * base.cpu / base.tokens:.2f} |"
        )
    print(f"memory at most, all in this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")
    if gpu:
        weights = sum(p.numel() for p in model().parameters())
        peak = next((v for k, v in PEAK.items() if k in torch.cuda.get_device_name()), None)
        m = meters["shelftalk"]
        # forward 2, backward towards the inputs 2 operations a weight and token; the frozen weights get no gradient
        share = f", {4 * weights * m.tokens / m.wall / peak:.0%} of the peak" if peak else ""
        print(f"{torch.cuda.get_device_name()}: {torch.cuda.max_memory_allocated() / 2**30:.1f} GB{share}")


if __name__ == "__main__":
    main()
