"""The matchers: what is near a wish comes first, with the likelier way in front, whatever the order of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from shelftalk.understand.model import loading, matching
from shelftalk.understand.model.loading import load_matchers
from shelftalk.understand.model.matching import (
    MOST_VALUES,
    WEIGHED,
    WEIGHED_KINDS,
    FieldMatcher,
    KindMatcher,
    NeedHead,
    TextMatcher,
    option_text,
    options_of,
    plain_order,
    spans_of,
)
from shelftalk.values import Facet

NOISE = Facet("attributes.noise_db", "number", 9, 9, (), 20, 70)
FOLDS = Facet("attributes.foldable", "boolean", 9, 2)
SETUP = Facet("attributes.setup", "text", 9, 3, (("poles", 5), ("pop-up", 3), ("L", 1)))


class Words:
    """An encoder of words: a text is the set of its words, as a unit vector."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self._place: dict[str, int] = {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.read += texts
        out = np.zeros((len(texts), 256), np.float32)
        for n, text in enumerate(texts):
            for word in text.lower().replace(",", "").replace(":", "").split():
                out[n, self._place.setdefault(word, len(self._place))] = 1
        return out / np.linalg.norm(out, axis=1, keepdims=True)


def test_an_option_is_told_in_few_words() -> None:
    assert option_text(NOISE, "low") == "low noise db"
    assert option_text(Facet("speeds", "number", 1, 1), "high") == "high speeds"
    assert option_text(FOLDS, False) == "no foldable"
    assert option_text(SETUP, "pop-up") == "setup pop-up"


def test_a_code_names_no_wish() -> None:
    assert options_of(SETUP) == ["poles", "pop-up"]


@pytest.mark.parametrize("fields", [[NOISE, FOLDS, SETUP], [SETUP, NOISE, FOLDS]])
def test_the_nearest_field_comes_first_and_its_likelier_way_in_front(fields: list[Facet]) -> None:
    offered = FieldMatcher(Words()).offer(["Tents"], "one with a pop-up setup", fields)
    assert offered[0].facet is SETUP
    assert offered[0].ways == ("pop-up", "poles")
    assert offered[0].score > offered[1].score
    no = FieldMatcher(Words()).offer([], "no foldable thing", fields, most=1)
    assert [(o.facet, o.ways) for o in no] == [(FOLDS, (False, True))]


def test_what_was_encoded_once_is_kept_but_for_requests() -> None:
    words = Words()
    matcher = FieldMatcher(words)
    matcher.offer([], "quiet", [NOISE])
    matcher.offer([], "quiet", [NOISE])
    assert words.read.count("low noise db") == 1
    assert words.read.count("Products: quiet") == 2


def test_few_values_are_shown() -> None:
    many = Facet("style", "text", 1, 30, tuple((f"style{chr(97 + n)}x", 1) for n in range(20)))
    assert len(FieldMatcher(Words()).offer([], "any", [many])[0].ways) == MOST_VALUES
    assert len(plain_order([many], 3)[0].ways) == MOST_VALUES


def test_spans_stay_within_a_clause_and_begin_and_end_with_a_word_of_weight() -> None:
    assert spans_of("a lamp for the night, not bright", {"a", "for", "the"}) == [
        "lamp", "lamp for the night", "night", "not", "not bright", "bright",
    ]  # fmt: skip
    assert spans_of("", {"a"}) == spans_of("a, a", {"a"}) == []
    assert len(spans_of(" ".join(f"word{n}" for n in range(90)), ())) <= 80


def test_of_the_spans_the_longest_that_stands_near_is_said() -> None:
    matcher = FieldMatcher(Words())
    spans = ["noise", "low noise", "a low noise in my bedroom", "no foldable"]
    found = matcher.said([], spans, [(NOISE, "low"), (FOLDS, False)])
    assert [words for words, _ in found] == ["low noise", "no foldable"]
    assert all(0.5 < near < 1.01 for _, near in found)
    assert matcher.said([], [], [(NOISE, "low")]) == [("", 0.0)]
    assert matcher.said([], spans, []) == []


def test_a_list_of_sizes_means_no_wish() -> None:
    assert matching.coded(Facet("sizes", "list", 9, 3, (("L", 1), ("42", 1), ("one size", 1))))
    assert not matching.coded(SETUP)


def test_kinds_are_ordered_by_their_names() -> None:
    assert [k for k, _ in KindMatcher(Words()).order("a cooler for milk", ["Tents", "Cooler", "Cooler"])] == [
        "Cooler",
        "Tents",
    ]


def test_the_larger_encoder_orders_the_nearest_kinds_and_how_near_the_first_stands_stays() -> None:
    class Near(Words):
        def __init__(self, **near: float) -> None:
            super().__init__()
            self.near = near

        def encode(self, texts: Sequence[str]) -> np.ndarray:
            self.read += texts
            cosines = [1.0 if " " in t else self.near.get(t, 0.0) for t in texts]
            return np.array([[c, (1 - c * c) ** 0.5] for c in cosines], np.float32)

    small, large = Near(Tents=0.6, Fans=0.5, Coolers=0.4), Near(Tents=0.1, Fans=0.3, Coolers=0.9)
    order = KindMatcher(small, None, large).order("the milk goes off", ["Fans", "Tents", "Coolers"])
    assert [k for k, _ in order] == ["Coolers", "Fans", "Tents"]
    assert [score for _, score in order] == pytest.approx([0.6, 0.6 - 0.75 + 0.36, 0.6 - 0.75 + 0.25], abs=1e-5)
    many = [f"Kind{n}" for n in range(WEIGHED_KINDS + 5)]
    KindMatcher(Near(), None, large := Near()).order("the milk goes off", many)
    assert len(large.read) == WEIGHED_KINDS + 1


def test_sentences_are_read_for_what_was_said_of_a_kind_and_the_vectors_of_both_are_kept() -> None:
    encoder = Words()
    matcher = TextMatcher(encoder)
    near = matcher.nearness(["Shoes"], ["will not rub", "blue"], ["these will not rub", "in blue"])
    assert near.shape == (2, 2)
    assert near[0, 0] > near[0, 1]
    assert near[1, 1] > near[1, 0]
    matcher.nearness(["Shoes"], ["blue"], ["in blue"])
    assert encoder.read.count("in blue") == encoder.read.count("Shoes: blue") == 1
    assert "Shoes: will not rub" in encoder.read
    assert matcher.nearness([], ["blue"], []).shape == (1, 0)


class Fixed(Words):
    """An encoder whose cosines to any request are given by option, 0 else."""

    def __init__(self, **near: float) -> None:
        super().__init__()
        self.near = {text.replace("_", " "): score for text, score in near.items()}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.read += texts
        return np.array(
            [
                [1.0, 0.0] if ":" in t else [self.near.get(t, 0.0), (1 - self.near.get(t, 0.0) ** 2) ** 0.5]
                for t in texts
            ],
            np.float32,
        )


def test_the_larger_encoder_weighs_the_nearest_fields_again() -> None:
    small, large = Fixed(low_noise_db=0.5, foldable=0.4), Fixed(foldable=0.9, low_noise_db=0.1, setup_poles=0.2)
    first, second, third = FieldMatcher(small, large).offer(["Tents"], "folds away", [NOISE, SETUP, FOLDS])
    assert (first.facet, first.ways[0]) == (FOLDS, True)
    assert first.score == pytest.approx(0.3 * 0.4 + 0.7 * 0.9, abs=1e-5)
    assert [second.facet, third.facet] == [NOISE, SETUP]
    many = [Facet(f"attributes.size_{n}", "number", 9, 9, (), 1, 2) for n in range(20)]
    FieldMatcher(small, large := Fixed()).offer(["Tents"], "folds away", [*many, NOISE])
    assert len(large.read) == 2 * WEIGHED + 1


def test_without_the_larger_encoders_base_the_small_one_reads(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("LARGER", "LARGER_NEEDS", "SHIPPED_TEXTS"):
        monkeypatch.setattr(loading, name, "serve/matchers/none")
    matchers = load_matchers(home)
    assert matchers is not None
    assert matchers.fields.offer(["Chairs"], "folds away", [NOISE, FOLDS])[0].facet is FOLDS
    assert matchers.texts is None
    assert matchers.kinds.order("something to keep milk cold", ["Coolers", "Tents"])[0][0] == "Coolers"
    assert "small encoder alone" in caplog.text


@pytest.mark.parametrize("larger", [True, False])
def test_the_shipped_matchers_put_plain_wishes_and_needs_where_they_belong(home: Path, larger: bool) -> None:
    matchers = load_matchers(home, larger)
    assert matchers is not None
    warranty = Facet("warranty_years", "number", 9, 9, (), 1, 12)
    fields = [NOISE, FOLDS, warranty]
    for request, first in (("does not wake the baby", NOISE), ("folds away", FOLDS), ("lasts for years", warranty)):
        assert matchers.fields.offer(["Office Chairs"], request, fields)[0].facet is first, request
    assert matchers.kinds.order("the milk goes off on the beach", ["Tents", "Coolers", "Lamps"])[0][0] == "Coolers"


def test_the_shipped_head_tells_needs_from_requests_that_name_their_product(home: Path) -> None:
    matchers = load_matchers(home, larger=False)
    assert matchers is not None
    needs = ("the cat has shredded the sofa", "my feet are always freezing", "everyone at the beach gets warm lemonade")
    named = (
        "red kettle",
        "i am looking for a mens leather belt",
        "outdoor wall clock 12 inch",
        "phone case",
        "Phaser 6121MFP",
    )
    told = {text: matchers.kinds.tells(text) or 0.0 for text in (*needs, *named)}
    assert all(told[text] > 0.5 for text in needs), told
    assert all(told[text] < 0.5 for text in named), told


def test_a_head_is_read_from_the_folder_of_its_matcher(tmp_path: Path) -> None:
    assert NeedHead.read(tmp_path, 2) is None
    assert KindMatcher(Words()).tells("red kettle") is None
    (tmp_path / "head.json").write_text('{"weights": [1.0, -1.0], "length": 2.0, "bias": 0.0}', encoding="utf-8")
    head = NeedHead.read(tmp_path, 2)
    assert head is not None
    assert head.probability(np.array([1.0, 1.0]), "six words of six words here") == pytest.approx(
        1 / (1 + np.exp(-1.0))
    )
    with pytest.raises(ValueError, match="over vectors of 2 dimensions, the encoder makes 3"):
        NeedHead.read(tmp_path, 3)
    (tmp_path / "head.json").write_text("{}", encoding="utf-8")
    with pytest.raises(KeyError):
        NeedHead.read(tmp_path, 2)


@pytest.mark.parametrize("held", ['{"weights": [1.0, -1.0], "length": 2.0, "bias": 0.0}', "{}", "[]", "not JSON"])
def test_a_head_that_does_not_fit_is_left_out_and_the_matchers_stay(
    held: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shipped = Path(loading.SHIPPED_NEEDS).resolve()
    folder = tmp_path / "need"
    folder.mkdir()
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        (folder / file).symlink_to(shipped / file)
    (folder / "head.json").write_text(held, encoding="utf-8")
    monkeypatch.setattr(loading, "resource", lambda name: folder if name == loading.SHIPPED_NEEDS else Path(name))
    matchers = load_matchers(tmp_path, larger=False)
    assert matchers is not None
    assert matchers.kinds.tells("the milk goes off on the beach") is None
    assert f"{folder / 'head.json'} is left out" in caplog.text


def test_without_matchers_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loading, "SHIPPED", "serve/matchers/none")
    assert load_matchers(tmp_path) is None
    assert "the matchers cannot be loaded" in caplog.text


def test_the_matchers_of_two_places_are_held_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    monkeypatch.setattr(loading, "load_matchers", lambda home, larger: made.append(home))
    monkeypatch.setattr(loading, "_held", {})
    for name in ("one", "two", "two", "three", "three", "two"):
        loading.shared_matchers(Path(name))
    assert made == [Path("one"), Path("two"), Path("three")]
    assert len(loading._held) == 2
