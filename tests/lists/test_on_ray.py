"""The same lists from Ray Data: a local cluster of two nodes, workers that die, a node that is lost.

Each run takes seconds to start its workers, so a test looks at all that one run shows.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shelftalk.errors import EngineError
from shelftalk.lists import OnRay, recommend
from tests.lists.stub import OpenStub, some_users, users_seen, write_users
from tests.lists.test_recommend import bytes_in, manifest, options

ray = pytest.importorskip("ray", reason="Ray has no build for this platform")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that works on nothing and two nodes of one CPU each."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True) as folder:
        made = Cluster()
        try:
            for cpus in (0, 1, 1):
                made.add_node(num_cpus=cpus, object_store_memory=80 << 20, include_dashboard=False, temp_dir=folder)
            ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
            yield made
        finally:
            ray.shutdown()
            made.shutdown()


def once(there: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
    """Does something as soon as something is the case, beside the test."""

    def watch() -> None:
        while not there():
            time.sleep(0.05)
        then()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def stuck_in(folder: Path) -> int:
    """The process that waits at the user "stuck"."""
    seen = [json.loads(line) for line in (folder / "seen").read_text().splitlines()]
    return next(pid for user, pid in seen if user == "stuck")


def users_with_a_stop(folder: Path) -> Path:
    rows: list[object] = some_users(18)
    rows[5], rows[9] = {"user": "stuck"}, "{not json"
    return write_users(folder / "users.jsonl", *rows)


def made_here(source: Path, folder: Path, opener: OpenStub, catalog: Path) -> dict[str, bytes]:
    """The bytes that the local engine makes."""
    apart = OpenStub(opener.settings, folder / "seen_here")
    (folder / "back").touch()
    recommend(source, folder / "here", catalog=catalog, opener=apart, options=options())
    (folder / "back").unlink()
    return bytes_in(folder / "here")


def test_a_worker_killed_in_the_middle_costs_its_part_alone_and_the_bytes_are_those_of_one_machine(
    cluster, opener, small_catalog, tmp_path
) -> None:
    source = users_with_a_stop(tmp_path)
    wanted = made_here(source, tmp_path, opener, small_catalog)
    told = []

    def kill() -> None:
        (tmp_path / "back").touch()
        os.kill(stuck_in(tmp_path), signal.SIGKILL)

    (tmp_path / "waiting").unlink(missing_ok=True)
    thread = once((tmp_path / "waiting").exists, kill)
    report = recommend(
        source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options(), maker=OnRay(workers=2),
        progress=lambda *at: told.append(at),
    )  # fmt: skip
    thread.join()
    assert bytes_in(tmp_path / "out") == wanted
    assert manifest(tmp_path / "out") == manifest(tmp_path / "here")
    assert (report.lists, report.errors) == (17, 1)
    assert (told[0], told[-1], len(told)) == ((0, 18), (18, 18), 6)
    seen = users_seen(tmp_path / "seen")
    twice = {user for user in seen if seen.count(user) > 1}
    assert {"stuck"} <= twice <= {"u4", "stuck", "u6", "u7"}  # the part of rows 5 to 8
    assert set(seen) == {f"u{i}" for i in range(18)} - {"u5", "u9"} | {"stuck"}


def test_an_engine_that_is_lost_stops_the_run_and_it_goes_on_from_there(
    cluster, opener, small_catalog, tmp_path
) -> None:
    source = write_users(tmp_path / "users.jsonl", *some_users(9), {"user": "gone"})
    given = {"catalog": small_catalog, "opener": opener, "options": options(), "maker": OnRay(workers=1)}
    with pytest.raises(EngineError, match=r"^the language model is gone$"):
        recommend(source, tmp_path / "out", **given)
    kept = bytes_in(tmp_path / "out")
    assert "part-00002.jsonl" not in kept
    (tmp_path / "back").touch()
    (tmp_path / "seen").unlink()
    report = recommend(source, tmp_path / "out", **given)
    assert report.resumed == 4 * len(kept)
    assert sorted(users_seen(tmp_path / "seen")) == sorted([*(f"u{i}" for i in range(4 * len(kept), 9)), "gone"])
    assert bytes_in(tmp_path / "out") == made_here(source, tmp_path, opener, small_catalog)


def test_a_node_lost_in_the_middle_costs_its_part_alone(cluster, opener, small_catalog, tmp_path) -> None:
    source = users_with_a_stop(tmp_path)
    wanted = made_here(source, tmp_path, opener, small_catalog)
    lost = []

    def lose() -> None:
        """The node whose raylet started the process that waits."""
        parent = int(Path(f"/proc/{stuck_in(tmp_path)}/stat").read_text().rpartition(")")[2].split()[1])
        (node,) = [n for n in cluster.worker_nodes if n.all_processes["raylet"][0].process.pid == parent]
        lost.append(node)
        (tmp_path / "back").touch()
        cluster.remove_node(node, allow_graceful=False)

    (tmp_path / "waiting").unlink(missing_ok=True)
    thread = once((tmp_path / "waiting").exists, lose)
    report = recommend(
        source, tmp_path / "out", catalog=small_catalog, opener=opener, options=options(), maker=OnRay(workers=2)
    )
    thread.join()
    assert len(lost) == 1
    assert (report.lists, report.errors) == (17, 1)
    assert bytes_in(tmp_path / "out") == wanted


def test_workers_of_another_version_are_refused(opener) -> None:
    from shelftalk.lists import on_ray

    worker = on_ray._Worker(None, opener, "0.0.1")
    part = json.dumps(dict.fromkeys(("index", "file", "first", "line", "rows", "count"), 1))
    (error,) = worker({"part": np.array([part])})["error"]
    assert json.loads(error)[0] == "UsageError"
    assert "the run began with 0.0.1" in error
