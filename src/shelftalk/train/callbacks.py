"""What happens beside the steps: the rate's schedule, a bar with the time left, checkpoints by the clock, the deadline."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shelftalk.resources import file_digest

__all__ = ["NOTE", "Clock", "callbacks", "rate"]

NOTE = "shelftalk.json"  # beside each checkpoint: what it is a checkpoint of, and how long it had run


def rate(step: int, steps: int, elapsed: float, kind: str, warmup: float) -> float:
    """The learning rate's factor, 0 to 1, at a step, or where the share of time `elapsed` says that more is over.

    A rise over the first `warmup` of the steps, then constant, or a fall to zero: linear, or half a cosine.
    """
    rising = max(1, math.ceil(steps * warmup)) if warmup else 0
    if step < rising:
        return (step + 1) / rising
    if kind == "constant":
        return 1.0
    over = min(1.0, max((step - rising) / max(1, steps - rising), elapsed))
    return 1 - over if kind == "linear" else 0.5 * (1 + math.cos(math.pi * over))


class Clock:
    """Seconds of training so far, those before a resume included; `share` of the limit in minutes (0 without one)."""

    def __init__(self, minutes: float | None, before: float = 0.0) -> None:
        self.minutes, self.before, self._since = minutes, before, time.monotonic()
        self._agreed: float | None = None

    def start(self) -> None:
        """Begin to count: loading and encoding are no training."""
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds trained."""
        if self._agreed is not None:
            return self._agreed
        return self.before + time.monotonic() - self._since

    def agree(self, device: Any) -> None:
        """Takes the first process's time for that of all, so that they end, save and lower the rate at the same step."""
        import torch
        from torch import distributed

        if distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1:
            told = torch.tensor([self.before + time.monotonic() - self._since], device=device)
            distributed.broadcast(told, 0)
            self._agreed = float(told)

    @property
    def share(self) -> float:
        """How much of the time limit is over, 0 to 1 and beyond."""
        return self.seconds / (self.minutes * 60) if self.minutes else 0.0


Show = Callable[[int, int, Mapping[str, Any]], None]


@cache
def _classes() -> tuple[Any, Any]:
    from transformers import TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc]
        """Saves by the clock, stops at the deadline or at a loss that is no number, and tells how far it is."""

        def __init__(
            self,
            clock: Clock,
            save_minutes: float,
            note: Mapping[str, Any],
            show: Show | None,
            tokens: Callable[[], int],
        ) -> None:
            self.clock, self.every, self.note, self.show = clock, save_minutes * 60, dict(note), show
            self.tokens = tokens
            self._saved = 0.0
            self.stopped: str | None = None
            self.latest: dict[str, Any] = {}

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.clock.start()
            self._saved = self.clock.seconds

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.clock.agree(args.device)
            if self.clock.seconds - self._saved >= self.every:
                control.should_save = True
            if self.clock.share >= 1 and not control.should_training_stop:
                self.stopped = f"the time limit of {self.clock.minutes:g} minutes"
                control.should_evaluate = args.eval_strategy != "no"  # the preference stages score by themselves
                control.should_save = control.should_training_stop = True
            if self.show is not None and state.is_world_process_zero:
                done = max(state.global_step / max(1, state.max_steps), self.clock.share)
                left = self.clock.seconds * (1 - done) / done if done else None
                self.show(state.global_step, state.max_steps, {**self.latest, "done": done, "left": left})

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            self.latest.update(logs or {})
            loss = (logs or {}).get("loss")
            if loss is not None and not math.isfinite(float(loss)):
                self.stopped = f"a loss that is no number at step {state.global_step}"
                control.should_training_stop = True

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self._saved = self.clock.seconds
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            if state.is_world_process_zero and folder.is_dir():
                told = {**self.note, "seconds": round(self.clock.seconds, 1), "step": state.global_step}
                told |= {"tokens": self.tokens(), "weights": file_digest(folder / "adapter_model.safetensors")}
                # last and whole: a checkpoint without it is incomplete
                unfinished = folder / f".{NOTE}"
                unfinished.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
                unfinished.replace(folder / NOTE)

    class Budget(TrainerCallback):  # type: ignore[misc]
        """Lets AdaLoRA move its ranks about after each step, which the Trainer does not do by itself."""

        def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            model.base_model.update_and_allocate(state.global_step)

    return Watch, Budget


def callbacks(
    clock: Clock, save_minutes: float, note: Mapping[str, Any], show: Show | None, *, adalora: bool = False,
    tokens: Callable[[], int] = lambda: 0,
) -> list[Any]:  # fmt: skip
    """The callbacks of a stage; the first is the watch, whose `stopped` says why a training ended early. `tokens` tells how
    many were read so far."""
    watch, budget = _classes()
    return [watch(clock, save_minutes, note, show, tokens), *([budget()] if adalora else [])]
