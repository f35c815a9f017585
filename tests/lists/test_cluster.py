"""The example of a nightly job on Kubernetes names options, settings and secrets that there are."""

from __future__ import annotations

import shlex

import typer
import yaml

from shelftalk.cli.main import app
from shelftalk.resources import resource
from shelftalk.settings import load_settings


def job() -> dict:
    return yaml.safe_load((resource("serve/ray") / "lists.yaml").read_text())


def test_the_command_takes_every_option_of_the_job() -> None:
    command = typer.main.get_command(app).commands["recommend"]
    words = shlex.split(job()["spec"]["entrypoint"])
    assert words[:2] == ["shelftalk", "recommend"]
    context = command.make_context("recommend", words[2:], resilient_parsing=False)
    assert context.params["engine"] == "ray"
    assert context.params["users"].startswith("s3://")


def test_the_workers_have_settings_that_there_are_and_room_for_what_they_run(monkeypatch) -> None:
    spec = job()["spec"]
    secret = yaml.safe_load((resource("serve/kubernetes") / "secret.example.yaml").read_text())["stringData"]
    groups = [spec["rayClusterSpec"]["headGroupSpec"], *spec["rayClusterSpec"]["workerGroupSpecs"]]
    for group in groups:
        for held in group["template"]["spec"]["containers"][0]["env"]:
            if "valueFrom" in held:
                assert held["valueFrom"]["secretKeyRef"]["key"] in secret
            if held["name"].startswith("SHELFTALK_"):
                monkeypatch.setenv(held["name"], "x" * 40)
    load_settings()
    words = dict(zip(*[iter(shlex.split(spec["entrypoint"])[2:])] * 2, strict=True))
    (workers,) = spec["rayClusterSpec"]["workerGroupSpecs"]
    room = workers["replicas"] * int(workers["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"])
    assert int(words["--workers"]) * float(words["--worker-cpus"]) <= room
