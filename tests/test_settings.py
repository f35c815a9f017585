from __future__ import annotations

import pytest

from shelftalk.errors import UsageError
from shelftalk.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_environment_overrides_the_file_and_the_file_the_defaults(monkeypatch, tmp_path) -> None:
    assert load_settings().k == 3
    (tmp_path / "shelftalk.toml").write_text('k = 5\n[rank]\ndepth = 7\nstrategy = "pointwise"\n')
    monkeypatch.setenv("SHELFTALK_RANK__DEPTH", "9")
    settings = load_settings()
    assert (settings.k, settings.rank.depth, settings.rank.strategy) == (5, 9, "pointwise")


def test_an_option_overrides_everything_and_none_leaves_it_alone(monkeypatch) -> None:
    monkeypatch.setenv("SHELFTALK_K", "7")
    assert load_settings(k=2).k == 2
    assert load_settings(k=None).k == 7


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("SHELFTALK_K", "0", "k"),
        ("SHELFTALK_RANK__STRATEGY", "magic", "rank.strategy"),
        ("SHELFTALK_ENGINE", "x", "engine"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_its_value(monkeypatch, name, value, named) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=rf"setting {named}: .*{value}"):
        load_settings()


def test_a_misspelt_key_in_the_file_is_an_error(tmp_path) -> None:
    (tmp_path / "shelftalk.toml").write_text("[rank]\nstratgy = 'none'\n")
    with pytest.raises(UsageError, match="rank.stratgy"):
        load_settings()


def test_a_broken_settings_file_is_an_error_that_names_it(tmp_path) -> None:
    (tmp_path / "shelftalk.toml").write_text("k = = 3\n")
    with pytest.raises(UsageError, match="shelftalk.toml"):
        load_settings()


def test_the_api_key_is_never_printed() -> None:
    assert "sesame" not in repr(load_settings(api_key="sesame"))


def test_every_setting_stands_on_the_settings_page() -> None:
    from pathlib import Path

    page = (Path(__file__).resolve().parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, info in Settings.model_fields.items():
        inner = getattr(info.annotation, "model_fields", None)
        for key in [f"{name}.{sub}" for sub in inner] if inner else [name]:
            assert f"`{key}`" in page, f"docs/settings.md does not name {key}"


def test_a_misspelt_name_in_the_environment_is_an_error(monkeypatch) -> None:
    monkeypatch.setenv("SHELFTALK_KK", "5")
    with pytest.raises(UsageError, match="SHELFTALK_KK"):
        load_settings()


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"server": "http://shop:8000"},
        {"engine": "server"},
        {"serve": {"vllm": ["http://a:8000"]}},
        {"model": "org/other"},
        {"adapter": "none"},
    ],
)
def test_the_shipped_adapter_is_for_the_default_model_that_runs_here(elsewhere) -> None:
    assert load_settings().adapter_in_force == "shop-smollm2-135m"
    assert load_settings(**elsewhere).adapter_in_force is None
    assert load_settings(adapter="mine", server="http://shop:8000").adapter_in_force == "mine"


def test_as_shipped_the_record_speaks_and_a_model_reads_and_grades(monkeypatch) -> None:
    monkeypatch.delenv("SHELFTALK_EXPLAIN__MODE")
    shipped = load_settings()
    assert (shipped.understand.mode, shipped.rank.strategy, shipped.explain.mode) == ("wishes", "graded", "record")


def test_the_old_name_of_a_mode_is_still_read(monkeypatch) -> None:
    monkeypatch.setenv("SHELFTALK_UNDERSTAND__MODE", "reader")
    assert load_settings().understand.mode == "rules"


def test_a_byte_order_mark_before_the_settings_is_read_over(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shelftalk.toml").write_bytes(b"\xef\xbb\xbfk = 5\r\n[rank]\r\ndepth = 7\r\n")
    assert (load_settings().k, load_settings().rank.depth) == (5, 7)
    (tmp_path / "shelftalk.toml").write_bytes("k = 5".encode("utf-16"))
    with pytest.raises(UsageError, match="shelftalk.toml in this folder"):
        load_settings()
