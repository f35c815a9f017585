"""A notice is believed only where its server runs, here and under this user; and it goes with its server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shelftalk.server import notice
from shelftalk.server.announced import reachable
from shelftalk.server.notice import FOLDER, leave, left_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no notices there")

LEAVES = """
import sys, time
from pathlib import Path
from shelftalk.server.notice import leave
left = leave(Path(sys.argv[1]), Path(sys.argv[2]), "127.0.0.1", 8000, "secret")
print("left", flush=True)
time.sleep(60)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def change(path: Path, **to: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **to}))


def test_it_is_found_while_it_stands_by_any_name_of_the_folder_and_only_there(shop: Path, tmp_path: Path) -> None:
    left = leave(tmp_path, shop, "::1", 8123, "secret")
    assert left is not None
    (tmp_path / "also").symlink_to(shop)
    for name in (shop, tmp_path / "also", shop / ".." / "shop"):
        assert [(n.address, n.port, n.secret, n.url) for n in left_for(tmp_path, name)] == [
            ("::1", 8123, "secret", "http://[::1]:8123")
        ]
    assert left_for(tmp_path, tmp_path) == []
    assert left_for(tmp_path / "elsewhere", shop) == []
    assert (left.path.stat().st_mode & 0o777, left.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    left.remove()
    left.remove()
    assert left_for(tmp_path, shop) == []
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_of_several_servers_the_newest_comes_first_and_each_takes_its_own_away(shop: Path, tmp_path: Path) -> None:
    older, newer = (leave(tmp_path, shop, "127.0.0.1", port, "secret") for port in (8001, 8002))
    assert older is not None
    assert newer is not None
    os.utime(older.path, (1, 1))
    assert [n.port for n in left_for(tmp_path, shop)] == [8002, 8001]
    newer.remove()
    assert [n.port for n in left_for(tmp_path, shop)] == [8001]
    older.remove()


def test_that_of_a_killed_server_is_not_believed_and_removed(shop: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEAVES, str(tmp_path), str(shop)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"left\n"
        (told,) = left_for(tmp_path, shop)
        assert told.pid == process.pid
        process.send_signal(signal.SIGKILL)
    path = next((tmp_path / FOLDER).iterdir())
    change(path, pid=os.getpid())  # another process has got its number
    assert left_for(tmp_path, shop) == []
    assert not path.exists()


def test_the_next_server_takes_away_what_killed_ones_of_other_catalogues_left(shop: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEAVES, str(tmp_path), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    left = leave(tmp_path, shop, "127.0.0.1", 8000, "secret")
    assert left is not None
    assert list((tmp_path / FOLDER).iterdir()) == [left.path]
    left.remove()


@pytest.mark.parametrize(
    "to",
    [
        {"address": "192.0.2.7"},
        {"address": "localhost"},
        {"address": "example.com"},
        {"machine": "another", "boot": "another"},
        {"more": 1},
    ],
    ids=str,
)
def test_one_that_leads_elsewhere_is_not_believed_and_is_left_alone(
    shop: Path, tmp_path: Path, to: dict[str, object]
) -> None:
    left = leave(tmp_path, shop, "127.0.0.1", 8000, "secret")
    assert left is not None
    change(left.path, **to)
    assert left_for(tmp_path, shop) == []
    assert left.path.exists()
    left.remove()


def test_one_of_before_this_machine_was_started_anew_is_removed(shop: Path, tmp_path: Path) -> None:
    left = leave(tmp_path, shop, "127.0.0.1", 8000, "secret")
    assert left is not None
    change(left.path, boot="an earlier one")
    assert left_for(tmp_path, shop) == []
    assert not left.path.exists()
    left.remove()


def test_one_that_others_may_read_or_write_or_that_is_a_link_is_not_believed(shop: Path, tmp_path: Path) -> None:
    left = leave(tmp_path, shop, "127.0.0.1", 8000, "secret")
    assert left is not None
    left.path.chmod(0o644)
    assert left_for(tmp_path, shop) == []
    left.path.chmod(0o600)
    assert len(left_for(tmp_path, shop)) == 1
    aside = tmp_path / "aside.json"
    left.path.rename(aside)
    left.path.symlink_to(aside)
    assert left_for(tmp_path, shop) == []
    left.remove()


def test_without_locks_the_notice_stands_and_the_proof_decides(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(95, "not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    left = leave(tmp_path, shop, "127.0.0.1", 8000, "secret")
    assert left is not None
    assert len(left_for(tmp_path, shop)) == 1
    left.remove()


def test_the_proof_is_of_the_secret_the_nonce_and_what_was_said() -> None:
    whole = notice.proof("secret", "nonce", {"a": 1})
    assert whole == notice.proof("secret", "nonce", {"a": 1})
    others = (("other", "nonce", {"a": 1}), ("secret", "other", {"a": 1}), ("secret", "nonce", {"a": 2}))
    assert whole not in [notice.proof(*other) for other in others]


@pytest.mark.parametrize(
    ("names", "place"),
    [
        ([("127.0.0.1", 8000)], ("127.0.0.1", 8000)),
        ([("0.0.0.0", 8000)], ("127.0.0.1", 8000)),
        ([("::", 8001, 0, 0)], ("::1", 8001)),
        ([("::1", 8001, 0, 0), ("127.0.0.1", 8000)], ("127.0.0.1", 8000)),
        ([("192.0.2.7", 8000)], None),
        ([("fe80::1%eth0", 8000, 0, 2)], None),
    ],
)
def test_a_server_is_reached_where_it_listens_on_the_loopback(
    names: list[tuple[object, ...]], place: tuple[str, int] | None
) -> None:
    assert reachable(names) == place
