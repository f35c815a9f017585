"""What is under serve/ fits itself and the code: kinds, required fields, selectors, ports, settings, files that are mounted.

Kubernetes' own schemas cannot be fetched in every place, so their rules that matter here are written out; kustomize and
systemd's checker are asked where they are installed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shelftalk.settings import load_settings

SERVE = Path(__file__).resolve().parents[2] / "serve"
KINDS = {
    "Namespace": "v1", "Secret": "v1", "ConfigMap": "v1", "Service": "v1", "PersistentVolumeClaim": "v1",
    "Deployment": "apps/v1", "StatefulSet": "apps/v1", "CronJob": "batch/v1", "PodDisruptionBudget": "policy/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2", "Ingress": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1", "PodMonitor": "monitoring.coreos.com/v1",
}  # fmt: skip


def _objects() -> list[dict[str, Any]]:
    listed = yaml.safe_load((SERVE / "kubernetes" / "kustomization.yaml").read_text())["resources"]
    names = [*listed, "secret.example.yaml"]
    return [o for name in names for o in yaml.safe_load_all((SERVE / "kubernetes" / name).read_text()) if o]


OBJECTS = _objects()
BY_NAME = {(o["kind"], o["metadata"]["name"]): o for o in OBJECTS}


def _pods() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(name, labels, spec) of every pod template."""
    for o in OBJECTS:
        spec = o["spec"]["jobTemplate"]["spec"] if o["kind"] == "CronJob" else o.get("spec", {})
        if "template" in spec:
            yield o["metadata"]["name"], spec["template"]["metadata"]["labels"], spec["template"]["spec"]


PODS = {name: (labels, spec) for name, labels, spec in _pods()}


def _containers() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, (_, spec) in PODS.items():
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            yield f"{name}/{container['name']}", container, spec


CONTAINERS = {where: (container, spec) for where, container, spec in _containers()}


def _setting(name: str) -> None:
    """Fails unless the environment variable is a setting."""
    at: Any = load_settings()
    for part in name.removeprefix("SHELFTALK_").lower().split("__"):
        assert part in type(at).model_fields, f"{name}: there is no such setting"
        at = getattr(at, part)


def test_every_object_is_of_a_known_kind_and_version_and_named_once() -> None:
    for o in OBJECTS:
        assert KINDS[o["kind"]] == o["apiVersion"], o["kind"]
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", o["metadata"]["name"])
    assert len(BY_NAME) == len(OBJECTS)
    assert {"gateway", "vllm", "postgres", "import"} <= set(PODS)


def test_every_manifest_is_listed() -> None:
    files = {p.name for p in (SERVE / "kubernetes").glob("*.yaml")} - {"kustomization.yaml", "secret.example.yaml"}
    assert files == set(yaml.safe_load((SERVE / "kubernetes" / "kustomization.yaml").read_text())["resources"])


def test_selectors_choose_the_pods_that_they_mean() -> None:
    for o in OBJECTS:
        spec = o.get("spec", {})
        if o["kind"] in ("Deployment", "StatefulSet"):
            labels = PODS[o["metadata"]["name"]][0]
            assert spec["selector"]["matchLabels"].items() <= labels.items()
        chosen = {
            "Service": spec.get("selector"),
            "PodDisruptionBudget": spec.get("selector", {}).get("matchLabels"),
            "NetworkPolicy": spec.get("podSelector", {}).get("matchLabels"),
        }.get(o["kind"])
        if chosen:
            assert any(chosen.items() <= labels.items() for labels, _ in PODS.values()), o["metadata"]["name"]


def test_services_and_probes_name_ports_that_containers_have() -> None:
    for o in OBJECTS:
        if o["kind"] == "Service":
            ports = {p["name"] for c in PODS[o["metadata"]["name"]][1]["containers"] for p in c["ports"]}
            assert {p["targetPort"] for p in o["spec"]["ports"]} <= ports
    for where, (container, _) in CONTAINERS.items():
        named = {p["name"] for p in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if "httpGet" in container.get(probe, {}):
                assert container[probe]["httpGet"]["port"] in named, where


def test_long_running_containers_have_probes_and_resources() -> None:
    for name in ("gateway", "vllm", "postgres"):
        (container,) = PODS[name][1]["containers"]
        assert {"readinessProbe", "livenessProbe"} <= set(container)
        assert container["resources"]["requests"]
        assert container["resources"]["limits"]["memory"]
        assert ":" in container["image"], "an image without a version changes under one's feet"
        assert not container["image"].endswith(":latest")


def test_what_is_mounted_and_referred_to_is_there() -> None:
    for where, (container, spec) in CONTAINERS.items():
        name = where.partition("/")[0]
        claims = BY_NAME.get(("StatefulSet", name), {}).get("spec", {}).get("volumeClaimTemplates", [])
        volumes = {v["name"] for v in spec.get("volumes", [])} | {c["metadata"]["name"] for c in claims}
        assert {m["name"] for m in container.get("volumeMounts", [])} <= volumes, where
        for volume in spec.get("volumes", []):
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in BY_NAME
            if "persistentVolumeClaim" in volume:
                assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in BY_NAME
        for entry in container.get("env", []):
            source = entry.get("valueFrom", {})
            if key := source.get("secretKeyRef"):
                assert key["key"] in BY_NAME["Secret", key["name"]]["stringData"], where
            if key := source.get("configMapKeyRef"):
                assert key["key"] in BY_NAME["ConfigMap", key["name"]]["data"], where
            assert "value" in entry or source, where


def test_environment_names_are_settings_and_addresses_are_services() -> None:
    for where, (container, _) in CONTAINERS.items():
        for entry in container.get("env", []):
            if entry["name"].startswith("SHELFTALK_"):
                _setting(entry["name"])
            address = re.fullmatch(r"http://([a-z-]+):(\d+)", str(entry.get("value", "")))
            if address:
                service = BY_NAME["Service", address[1]]
                assert int(address[2]) in {p["port"] for p in service["spec"]["ports"]}, where


def test_the_gateway_has_longer_to_end_than_it_takes() -> None:
    spec = PODS["gateway"][1]
    (container,) = spec["containers"]
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert spec["terminationGracePeriodSeconds"] >= pause + load_settings().serve.drain_s


def test_gateways_are_scaled_by_a_metric_that_they_have_and_nothing_else_sets_their_number() -> None:
    from shelftalk.server import telemetry

    scaler = BY_NAME["HorizontalPodAutoscaler", "gateway"]["spec"]
    target = scaler["scaleTargetRef"]
    assert (target["kind"], target["name"]) in BY_NAME
    assert "replicas" not in BY_NAME["Deployment", "gateway"]["spec"]
    (metric,) = scaler["metrics"]
    assert metric["pods"]["metric"]["name"] in Path(telemetry.__file__).read_text()


def test_metrics_are_not_reached_from_outside() -> None:
    paths = BY_NAME["Ingress", "gateway"]["spec"]["rules"][0]["http"]["paths"]
    assert not any(p["path"] == "/" and p["pathType"] != "Exact" for p in paths)
    assert not any(p["path"].startswith(("/metrics", "/studio")) for p in paths)


def test_every_call_of_the_api_is_reached_from_outside() -> None:
    from shelftalk.server.routes import rerank

    paths = BY_NAME["Ingress", "gateway"]["spec"]["rules"][0]["http"]["paths"]
    open_to = {p["path"] for p in paths if p["pathType"] == "Prefix"}
    assert {"/" + str(getattr(route, "path", "")).split("/")[1] for route in rerank.router.routes} == {"/v1", "/v2"}
    assert {"/v1", "/v2", "/static"} <= open_to


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_builds_all_of_it() -> None:
    built = subprocess.run(
        ["kubectl", "kustomize", str(SERVE / "kubernetes")], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    made = [o for o in yaml.safe_load_all(built.stdout) if o]
    assert len(made) == len(OBJECTS) - 1
    assert all(o["metadata"].get("namespace") == "shelftalk" for o in made if o["kind"] != "Namespace")


def test_compose_services_fit_together() -> None:
    compose = yaml.safe_load((SERVE / "compose.yaml").read_text())
    services, volumes = compose["services"], set(compose["volumes"])
    assert {"gateway", "vllm", "postgres", "prometheus"} <= set(services)
    for name, service in services.items():
        for other in service.get("depends_on", []):
            assert other in services, name
        for mount in service.get("volumes", []):
            source = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", mount).split(":")[0]
            if source.startswith("./"):
                assert (SERVE / source).exists(), f"{name} mounts {source}"
            elif not source.startswith((".", "/")):
                assert source in volumes, name
        for key, value in service.get("environment", {}).items():
            if key.startswith("SHELFTALK_"):
                _setting(key)
            for host in re.findall(r"(?:http://|@)([a-z]+):\d+", str(value)):
                assert host in services, name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} would be reached from everywhere"
    build = services["gateway"]["build"]
    assert (SERVE / build["context"] / build["dockerfile"]).is_file()


def test_prometheus_asks_services_of_the_composition() -> None:
    services = yaml.safe_load((SERVE / "compose.yaml").read_text())["services"]
    config = yaml.safe_load((SERVE / "prometheus" / "prometheus.yml").read_text())
    for job in config["scrape_configs"]:
        for target in job["static_configs"][0]["targets"]:
            assert target.partition(":")[0] in services


def test_the_dockerfile_installs_what_exists_and_runs_without_privileges() -> None:
    import tomllib

    text = (SERVE / "Dockerfile").read_text()
    project = tomllib.loads((SERVE.parent / "pyproject.toml").read_text())["project"]
    extras = re.search(r"\)\[([a-z,-]+)\]", text)
    assert extras
    assert set(extras[1].split(",")) <= set(project["optional-dependencies"])
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    owned = re.search(r"install --directory --owner=shelftalk \S+ (.+)", text)
    assert owned
    volumes = re.search(r"^VOLUME \[(.+)\]$", text, re.MULTILINE)
    assert volumes
    assert {v.strip(' "') for v in volumes[1].split(",")} <= set(owned[1].split()), "a new volume is not root's"
    left = (SERVE / "Dockerfile.dockerignore").read_text().split()
    assert {".git", ".venv"} <= set(left)
    assert not set(left) & {
        "src",
        "prompts",
        "data",
        "serve",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "constraints.txt",
    }
    for name in re.findall(r"SHELFTALK_\w+", text):
        _setting(name)
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE):
        assert (SERVE.parent / source).exists()
    pinned = re.search(r"torch==([\d.]+)", text)
    assert pinned
    assert f"torch=={pinned[1]}" in (SERVE.parent / "constraints.txt").read_text()


def test_a_stop_waits_longer_than_any_answer_may_take() -> None:
    serve = load_settings().serve
    assert serve.drain_s > serve.limit_s
    compose = yaml.safe_load((SERVE / "compose.yaml").read_text())
    waits = [s["stop_grace_period"] for s in compose["services"].values() if "stop_grace_period" in s]
    assert max(int(w.removesuffix("s")) for w in waits) >= serve.drain_s + 15


def test_the_unit_names_settings_and_gives_time_to_end() -> None:
    text = (SERVE / "systemd" / "shelftalk.service").read_text()
    for name in re.findall(r"\b(SHELFTALK_[A-Z_]+)=", text):
        _setting(name)
    stop = re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert stop
    assert int(stop[1]) >= load_settings().serve.drain_s + 15
    assert "ExecReload=/bin/kill -HUP $MAINPID" in text


def test_what_runs_under_the_unit_has_a_home_that_it_may_write_to() -> None:
    text = (SERVE / "systemd" / "shelftalk.service").read_text()
    assert "ProtectHome=yes" in text
    home = re.search(r"^Environment=(?:.* )?HOME=(\S+)", text, re.MULTILINE)
    kept = re.search(r"^StateDirectory=(\S+)$", text, re.MULTILINE)
    assert home
    assert kept
    assert home[1] == f"/var/lib/{kept[1]}"


def test_the_documents_send_no_signal_with_a_command_that_the_image_lacks() -> None:
    image = (SERVE / "Dockerfile").read_text()
    told = (SERVE.parent / "docs" / "operations.md").read_text()
    assert "procps" in image or not re.search(r"exec [^\n`]*-- kill ", told)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (SERVE / "systemd" / "shelftalk.service").read_text()
    unit = tmp_path / "shelftalk.service"
    unit.write_text(text.replace("/opt/shelftalk/bin/shelftalk", shutil.which("true") or "/bin/true"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in checked.stderr.splitlines() if "shelftalk" in line]
    assert checked.returncode == 0 or not ours, checked.stderr


@pytest.mark.parametrize("path", sorted((SERVE / "vllm").glob("*.yaml")), ids=lambda p: p.name)
def test_vllm_configurations_name_options_that_vllm_has(path: Path) -> None:
    arguments = pytest.importorskip("vllm.engine.arg_utils", reason="vLLM is not installed")
    config = yaml.safe_load(path.read_text())
    known = set(arguments.AsyncEngineArgs.__dataclass_fields__) | {"host", "port"}
    unknown = {name for name in config if name.replace("-", "_") not in known}
    assert not unknown
    assert config["max-model-len"] >= 4096, "shorter than the longest prompt of the ranker"
    assert config["enable-prefix-caching"] is True
    json.loads(config["structured-outputs-config"])


def test_the_cluster_runs_vllm_as_one_gpu_does() -> None:
    cluster = yaml.safe_load(BY_NAME["ConfigMap", "vllm"]["data"]["vllm.yaml"])
    alone = yaml.safe_load((SERVE / "vllm" / "gpu.yaml").read_text())
    assert {**cluster, "host": alone["host"]} == alone


def test_no_secret_stands_in_the_files() -> None:
    assert all(v == "" or "PASSWORD" in v for v in BY_NAME["Secret", "shelftalk"]["stringData"].values())
    for path in SERVE.rglob("*.y*ml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            given = re.search(r"\b(?:password|api[_-]key|secret): *[\"']?([^\s\"'{$#]{8,})", line, re.IGNORECASE)
            assert not given or given[1] in ("shelftalk", "shelftalk-tls", "vllm-api-key"), f"{path.name}: {line}"


def test_one_configuration_starts_a_server_beside() -> None:
    from shelftalk.engines.serving import serve_command

    command = serve_command(Path("model"), port=1234)
    assert command[command.index("--config") + 1].endswith(("cpu.yaml", "gpu.yaml"))
