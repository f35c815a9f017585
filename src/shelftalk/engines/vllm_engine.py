"""The language model in this process, by vLLM: many requests at once, and prompts' common beginnings read once.

One thread owns vLLM: it loads the model, takes requests from all callers between two steps and steps while any is
unfinished, so that callers' requests share batches. (OpenMP's threads belong to the thread that first used them, and
vLLM binds them to cores: stepping from another thread would lose that.)
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import queue
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shelftalk.engines.base import Choice, Decoding, Generation, Prompt
from shelftalk.engines.common import Chat, each, normalised, passive_threads, too_long
from shelftalk.engines.precision import multiplies_halves
from shelftalk.errors import EngineError
from shelftalk.values import Tokens

__all__ = ["VllmEngine"]

logger = logging.getLogger(__name__)


class VllmEngine:
    """A causal model of a folder or a Hugging Face name, loaded when made. EngineError when it cannot be loaded.

    `context` bounds prompt and answer together, in tokens. `options` go to vllm.LLM and win over the defaults here.
    """

    name = "vllm"

    def __init__(
        self,
        model: Path | str,
        *,
        context: int = 4096,
        verbose: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = Path(model).name if isinstance(model, Path) else model
        prepare_environment(verbose)
        self._loop = _Loop(lambda: _load(model, context, verbose, options or {}))
        self._chat = Chat(self._loop.llm.get_tokenizer(), self.model)
        self._context = int(self._loop.llm.llm_engine.model_config.max_model_len)
        logger.info("loaded %s with vLLM, context %d tokens", self.model, self._context)

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """One Choice a prompt, in order; exact: vLLM reports the log-probability of each label's token."""
        from vllm import SamplingParams

        if not prompts:
            self._loop.check()
            return []
        ids = self._chat.label_ids(labels)
        jobs = []
        for prompt in prompts:
            params = SamplingParams(max_tokens=1, temperature=0.0, logprob_token_ids=ids, detokenize=False)
            jobs.append(_Job(self._ids(prompt, 1), params))
        choices = []
        for job, output in zip(jobs, self._loop.run(jobs), strict=True):
            found = output.outputs[0].logprobs[0]
            read = {label: found[i].logprob for label, i in zip(labels, ids, strict=True)}
            choices.append(Choice(normalised(read), Tokens(len(job.ids), 1)))
        return choices

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One Generation a prompt, in order."""
        jobs = [self._job(p, d) for p, d in zip(prompts, each(prompts, decoding), strict=True)]
        out = []
        for job, output in zip(jobs, self._loop.run(jobs), strict=True):
            done = output.outputs[0]
            finish = "length" if done.finish_reason == "length" else "stop"
            out.append(Generation(done.text, finish, Tokens(len(job.ids), len(done.token_ids))))
        return out

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The text of one generation, piece by piece as it is written; leaving early stops the writing."""
        job = self._job(prompt, decoding, live=True)
        return self._pieces(job)

    def count_tokens(self, text: str) -> int:
        """The number of tokens of a plain text."""
        return self._chat.count(text)

    def close(self) -> None:
        """Free the model; safe to call twice."""
        self._loop.close()

    def _pieces(self, job: _Job) -> Iterator[str]:
        shown = 0
        self._loop.submit([job])
        try:
            for output in job.results():
                text = output.outputs[0].text
                if len(text) > shown:
                    yield text[shown:]
                    shown = len(text)
        finally:
            self._loop.cancel(job)

    def _ids(self, prompt: Prompt, room: int) -> list[int]:
        ids = self._chat.ids(prompt)
        if len(ids) + room > self._context:
            raise too_long(self.model, len(ids), room, self._context)
        return ids

    def _job(self, prompt: Prompt, decoding: Decoding, live: bool = False) -> _Job:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        form = None
        if decoding.schema is not None:
            form = StructuredOutputsParams(json=json.dumps(decoding.schema))
        elif decoding.grammar is not None:
            form = StructuredOutputsParams(grammar=decoding.grammar)
        params = SamplingParams(
            max_tokens=max(1, decoding.max_tokens),
            temperature=max(0.0, decoding.temperature),
            top_p=decoding.top_p,
            seed=decoding.seed if decoding.temperature > 0 else None,
            stop=list(decoding.stop) or None,
            structured_outputs=form,
            output_kind=RequestOutputKind.CUMULATIVE if live else RequestOutputKind.FINAL_ONLY,
        )
        return _Job(self._ids(prompt, decoding.max_tokens), params)


@dataclass(eq=False)
class _Job:
    """A request in flight: results (or the error that ended it) arrive in `out`."""

    ids: list[int]
    params: Any
    out: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    key: str = ""
    done: bool = False

    def results(self) -> Iterator[Any]:
        """Every output up to the finished one; raises what went wrong."""
        while True:
            output = self.out.get()
            if isinstance(output, BaseException):
                raise output
            yield output
            if output.finished:
                return


class _Loop:
    """The thread that owns vLLM. `load` makes the LLM inside it; its error is raised here."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self.llm: Any = None
        self._load = load
        self._inbox: queue.SimpleQueue[tuple[str, _Job] | None] = queue.SimpleQueue()
        self._ready: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._keys = itertools.count()
        self._thread = threading.Thread(target=self._work, name="vllm", daemon=True)
        self._thread.start()
        error = self._ready.get()
        if error is not None:
            self._closed.set()
            raise error

    def check(self) -> None:
        """EngineError when the engine was closed."""
        if self._closed.is_set():
            raise EngineError("the engine was closed; load a new one")

    def submit(self, jobs: Sequence[_Job]) -> None:
        """Hand over jobs; their results arrive in each job's `out`."""
        self.check()
        for job in jobs:
            self._inbox.put(("add", job))

    def cancel(self, job: _Job) -> None:
        """Stop a job if it is still running."""
        if not job.done:
            self._inbox.put(("abort", job))

    def run(self, jobs: Sequence[_Job]) -> list[Any]:
        """The finished outputs of all jobs, in order."""
        self.submit(jobs)
        finished: list[Any] = []
        try:
            for job in jobs:
                finished.extend(output for output in job.results() if output.finished)
        except BaseException:
            for job in jobs:
                self.cancel(job)
            raise
        return finished

    def close(self) -> None:
        """Free the model; safe to call twice."""
        if not self._closed.is_set():
            self._closed.set()
            self._inbox.put(None)
            self._thread.join(timeout=30)

    def _work(self) -> None:
        try:
            self.llm = self._load()
        except BaseException as error:
            self._ready.put(error)
            return
        self._ready.put(None)
        engine = self.llm.llm_engine
        running: dict[str, _Job] = {}
        while self._take_in(engine, running):
            try:
                outputs = engine.step() if running else []
            except Exception as error:
                logger.exception("vLLM failed while it was answering")
                failure = EngineError(f"vLLM failed while it was answering: {error}; load the engine anew")
                for job in running.values():
                    job.out.put(failure)
                self._closed.set()
                break
            for output in outputs:
                if (known := running.get(output.request_id)) is not None:
                    known.done = bool(output.finished)
                    known.out.put(output)
                    if output.finished:
                        del running[output.request_id]
        self._free(running)

    def _take_in(self, engine: Any, running: dict[str, _Job]) -> bool:
        """Take what callers handed over, waiting for it when nothing runs; False when it is time to leave."""
        while True:
            try:
                message = self._inbox.get(block=not running)
            except queue.Empty:
                return True
            if message is None:
                return False
            kind, job = message
            if kind == "abort":
                if running.pop(job.key, None) is not None:
                    engine.abort_request([job.key])
                continue
            job.key = str(next(self._keys))
            try:
                engine.add_request(job.key, {"prompt_token_ids": job.ids}, job.params)
            except Exception as error:
                job.done = True
                job.out.put(EngineError(f"vLLM refuses this request: {error}"))
            else:
                running[job.key] = job

    def _free(self, running: dict[str, _Job]) -> None:
        gone = EngineError("the engine was closed while it was answering; load a new one")
        for job in running.values():
            job.out.put(gone)
        while True:
            try:
                message = self._inbox.get_nowait()
            except queue.Empty:
                break
            if message is not None:
                message[1].out.put(gone)
        engine, self.llm = self.llm.llm_engine, None
        try:
            engine.engine_core.shutdown()
        except Exception:
            logger.debug("vLLM did not shut down cleanly", exc_info=True)


def prepare_environment(verbose: bool = False) -> None:
    """Settings that vLLM reads from the environment when it is imported; what is set already stays."""
    passive_threads()
    defaults = {
        # in this process: half the start, and no second import of the caller's own script
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_LOGGING_LEVEL": "INFO" if verbose else "ERROR",
        "VLLM_LOGGING_STREAM": "ext://sys.stderr",
        "TORCH_CPP_LOG_LEVEL": "WARNING" if verbose else "ERROR",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }
    cores = usable_cores()
    if len(cores) <= 4:  # vLLM keeps one core back, which on a small machine is half of it
        defaults["VLLM_CPU_OMP_THREADS_BIND"] = ",".join(map(str, cores))
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def _hide_llvmlite() -> None:
    """vLLM 0.32 looks into the `__dict__` of all that any module holds, and fails at llvmlite's library object, which answers to
    every name: with numba imported (by a notebook, or by a library of metrics) no model would load."""
    ffi = sys.modules.get("llvmlite.binding.ffi")
    kind: Any = type(getattr(ffi, "lib", None))
    answers = getattr(kind, "__getattr__", None)
    if ffi is None or answers is None or getattr(answers, "hidden", False):
        return

    def ordinary(self: Any, name: str) -> Any:
        if name == "__dict__":
            raise AttributeError(name)
        return answers(self, name)

    ordinary.hidden = True  # type: ignore[attr-defined]
    kind.__getattr__ = ordinary


def usable_cores() -> list[int]:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _load(model: Path | str, context: int, verbose: bool, options: Mapping[str, Any]) -> Any:
    if not verbose:
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"vllm\b")
        logging.getLogger("vllm").setLevel(logging.ERROR)  # until vLLM has set up its own logging
    try:
        from vllm import LLM
        from vllm.platforms import current_platform
    except Exception as error:  # a GPU build on a machine without one fails with other errors than ImportError
        raise EngineError(
            f"vLLM cannot be imported: {error}; install it (docs/engines.md), or use the transformers engine "
            "(setting 'engine'); 'shelftalk doctor' says what clashes"
        ) from error
    on_cpu = current_platform.is_cpu()
    arguments: dict[str, Any] = {
        "model": str(model),
        "dtype": "auto" if not on_cpu else "bfloat16" if multiplies_halves() else "float32",
        "max_model_len": _max_model_len(model, context),
        "enable_prefix_caching": True,
        "generation_config": "vllm",
        "seed": 0,
        "use_tqdm_on_load": verbose,
        # one fixed spacing: with any white space allowed, a small model may write blanks to the end
        "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
    }
    if on_cpu:
        arguments |= {"enforce_eager": True, "gpu_memory_utilization": 0.3, "max_num_seqs": 32}
    _hide_llvmlite()
    try:
        return LLM(**(arguments | dict(options)))
    except Exception as error:
        logger.debug("vLLM could not load the model", exc_info=True)
        raise EngineError(
            f"vLLM cannot load {model}: {str(error).strip().splitlines()[0] if str(error).strip() else error!r}; "
            "run 'shelftalk doctor', or use the transformers engine (setting 'engine')"
        ) from error


def _max_model_len(model: Path | str, context: int) -> int:
    """The context asked for, or the model's own where that is shorter."""
    if isinstance(model, Path):
        try:
            config = json.loads((model / "config.json").read_text(encoding="utf-8"))
            return min(context, int(config.get("max_position_embeddings", context)))
        except (OSError, ValueError, TypeError):
            return context
    return context
