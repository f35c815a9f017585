"""A user's pseudonym: the same under one key, another under each other key and tenant, and the key never shown."""

from __future__ import annotations

import hashlib
import hmac
import logging
import pickle
import stat
from pathlib import Path

import pytest

from shelftalk.errors import UsageError
from shelftalk.privacy.pseudonym import Pseudonyms, is_pseudonym, key_file, load_pseudonyms
from shelftalk.settings import load_settings

KEY = "k" * 32


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_pseudonym_is_the_same_for_the_same_user_and_says_nothing_of_him() -> None:
    made = Pseudonyms(KEY).of("ada@example.org")
    assert made == Pseudonyms(KEY).of("ada@example.org")
    assert len(made) == 32
    assert made.startswith("u_")
    assert "ada" not in made
    others = [
        Pseudonyms(KEY).of("ada@example.com"),
        Pseudonyms("l" * 32).of("ada@example.org"),
        Pseudonyms(KEY).of("ada@example.org", "b"),
    ]
    assert len({made, *others}) == 4


def test_it_is_a_keyed_hash_and_no_plain_one() -> None:
    framed = b"".join(len(p).to_bytes(8, "big") + p for p in (b"user", b"", b"17"))
    digest = hmac.new(KEY.encode(), framed, hashlib.sha256).hexdigest()
    import base64

    assert Pseudonyms(KEY).of("17") == "u_" + base64.b32encode(bytes.fromhex(digest)).decode().lower()[:30]


def test_a_pseudonym_is_not_hashed_again_and_nobody_stays_nobody() -> None:
    one = Pseudonyms(KEY)
    made = one.of("17")
    assert one.of(made) == made
    assert one.of(made, "another tenant") == made
    assert one.of("") == ""
    assert is_pseudonym(made)
    assert not is_pseudonym("u_17")
    assert one.of("u_17") != "u_17"


def test_tenant_and_user_cannot_be_shifted_into_each_other() -> None:
    one = Pseudonyms(KEY)
    assert one.of("bc", "a") != one.of("c", "ab")


def test_any_text_can_be_a_user() -> None:
    for user in ("\ud800", "a\x00b", "ä" * 200, " "):
        assert is_pseudonym(Pseudonyms(KEY).of(user))


def test_the_key_is_made_once_beside_the_database_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings(serve={"database": f"sqlite:///{tmp_path}/db/serve.db"})
    first = load_pseudonyms(settings)
    file = tmp_path / "db" / "privacy.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [p.name for p in file.parent.iterdir()] == ["privacy.key"]
    assert load_pseudonyms(settings).of("17") == first.of("17")
    file.unlink()
    assert load_pseudonyms(settings).of("17") != first.of("17")


def test_another_database_has_its_own_key_and_a_server_s_stands_in_home(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    assert key_file(settings) == tmp_path / "home" / "privacy.key"
    assert key_file(settings, "postgresql://a@b/c") == tmp_path / "home" / "privacy.key"
    assert key_file(settings, "sqlite:///x/y.db") == Path("x/privacy.key")
    assert key_file(settings, "sqlite:///:memory:") == tmp_path / "home" / "privacy.key"


def test_the_key_of_the_settings_counts_before_a_file_and_is_never_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SHELFTALK_PRIVACY__KEY", KEY)
    settings = load_settings(home=tmp_path / "home")
    made = load_pseudonyms(settings)
    assert made.of("17") == Pseudonyms(KEY).of("17")
    assert not (tmp_path / "home").exists()
    assert KEY not in repr(settings) + repr(made) + caplog.text


def test_a_short_key_and_a_file_that_is_none_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has 5 characters and needs 32; make one with"):
        load_pseudonyms(load_settings(privacy={"key": "short"}))
    with pytest.raises(UsageError, match=r"privacy\.key_file"):
        load_pseudonyms(load_settings(privacy={"key_file": tmp_path}))


def test_a_key_that_others_can_read_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "some.key"
    file.write_text(KEY)
    file.chmod(0o644)
    load_pseudonyms(load_settings(privacy={"key_file": file}))
    assert "chmod 600" in caplog.text
    assert KEY not in caplog.text


def test_pseudonyms_are_sent_to_other_processes_without_the_users_that_were_named_here() -> None:
    held = Pseudonyms("k" * 40)
    named = held.of("ada@mail.example")
    sent = pickle.dumps(held)
    assert b"ada" not in sent
    assert pickle.loads(sent).of("ada@mail.example") == named
