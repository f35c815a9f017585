"""A real vLLM server's decisions API: a Qwen3 of random weights, which vLLM 0.32 lets decide; the default model it does not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.conftest import Server, start_server

from shelftalk.engines.fake import prompt
from shelftalk.engines.load import vllm_installed
from shelftalk.engines.server_engine import ServerEngine

pytestmark = [pytest.mark.model, pytest.mark.vllm]
CARDS = [prompt(f"Product: tent {i}", system="How does it fit?", prefix="grade:") for i in range(8)]
GRADES = ("0", "1", "2", "3")


@pytest.fixture(scope="module")
def server(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not vllm_installed():
        pytest.skip("vLLM is not installed here")
    import torch
    from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

    folder = tmp_path_factory.mktemp("models") / "tiny-qwen3"
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=32, max_position_embeddings=4096, tie_word_embeddings=True,
    )  # fmt: skip
    Qwen3ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    started = start_server(folder, tmp_path_factory.mktemp("server") / "log.txt")
    yield started
    started.kill()


def test_vllm_decides_among_labels(server: Server) -> None:
    engine = ServerEngine(server.address)
    assert engine.decides_by() == "systemone"
    choices = engine.choose(CARDS, GRADES)
    assert all(math.fsum(map(math.exp, choice.logprobs.values())) == pytest.approx(1) for choice in choices)
    assert len({choice.logprobs["0"] for choice in choices}) > 1
    assert choices[0].tokens.prompt > 40
    engine.close()


def test_log_probabilities_can_be_asked_for_instead(server: Server) -> None:
    engine = ServerEngine(server.address, decisions="off")
    assert engine.decides_by() is None
    assert [list(choice.logprobs) for choice in engine.choose(CARDS, GRADES)] == [list(GRADES)] * 8
    engine.close()
