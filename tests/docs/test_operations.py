"""The files of docs/operations are what they say: by schema, by systemd's own reading, and by Mintmark's settings."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from mintmark import app
from mintmark.commands import serve
from mintmark.keys import sealing
from mintmark.settings import Settings
from mintmark.testing import running
from tests.docs.blocks import ROOT
from tests.not_run import not_run

FOLDER = ROOT / "docs" / "operations"
MANIFESTS = sorted((FOLDER / "kubernetes").glob("*.yaml"))
KUBERNETES = ("1.29", "1.33")
SECRETS = {
    "MINTMARK_SEALING_KEYS": sealing.generate(),
    "MINTMARK_DATABASE_URL": "postgresql://mintmark:x@postgresql/mintmark?sslmode=verify-full",
}


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "kubernetes" / name).read_text())
    return found


def pod(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read(name)["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_is_one_by_kubernetes_own_schema(path, version):
    for document in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(document, version, strict=True)


def test_there_is_one_of_each():
    kinds = {read(path.name)["kind"] for path in MANIFESTS}

    assert kinds >= {"Deployment", "Service", "Job", "PodDisruptionBudget", "NetworkPolicy", "ConfigMap"}
    assert "Secret" not in kinds, "it would lie in a file"


@pytest.mark.parametrize("name", ["deployment.yaml", "migrate.yaml"])
def test_the_settings_of_a_pod_are_settings(name):
    (container,) = pod(name)["containers"]
    configured = read("settings.yaml")["data"]
    settings = Settings.load({**configured, **SECRETS}, None)

    assert read("settings.yaml")["metadata"]["name"] == container["envFrom"][0]["configMapRef"]["name"]
    assert set(SECRETS) == {one["name"] for one in container["env"]}
    assert all(one["valueFrom"]["secretKeyRef"]["name"] == "mintmark" for one in container["env"])
    assert 2 == settings.workers
    assert pod(name)["enableServiceLinks"] is False


@pytest.mark.parametrize("name", ["deployment.yaml", "migrate.yaml"])
def test_a_pod_may_do_nothing_but_its_work(name):
    (container,) = pod(name)["containers"]
    user = re.search(r"^USER ([0-9]+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert user is not None
    assert int(user[1]) == pod(name)["securityContext"]["runAsUser"]
    assert {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}} == (
        container["securityContext"]
    )
    assert pod(name)["automountServiceAccountToken"] is False


def test_the_probes_ask_doors_that_are_there():
    (container,) = pod("deployment.yaml")["containers"]
    with running() as server:
        doors = app.routes(server.server)
    asked = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}

    assert {"/health/live", "/health/ready"} == asked
    assert set() == asked - set(doors)
    assert int(read("settings.yaml")["data"]["MINTMARK_PORT"]) == container["ports"][0]["containerPort"]


def test_what_is_in_flight_has_its_time():
    found = pod("deployment.yaml")
    before = found["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][-1]
    waits = int(re.findall(r"sleep\(([0-9]+)\)", before)[0])

    assert serve.GRACE + waits < found["terminationGracePeriodSeconds"]


def test_everything_selects_the_servers_and_nothing_else():
    labels = read("deployment.yaml")["spec"]["template"]["metadata"]["labels"]
    job = read("migrate.yaml")["spec"]["template"]["metadata"]["labels"]

    assert labels == read("service.yaml")["spec"]["selector"]
    assert labels == read("disruption.yaml")["spec"]["selector"]["matchLabels"]
    assert labels == read("deployment.yaml")["spec"]["selector"]["matchLabels"]
    policy = read("network.yaml")["spec"]["podSelector"]["matchLabels"]
    assert policy.items() <= labels.items()
    assert policy.items() <= job.items(), "the migration speaks to the database too"
    assert not labels.items() <= job.items()


def test_the_compose_files_fit_each_other():
    below = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    over = yaml.safe_load((FOLDER / "compose.caddy.yaml").read_text())
    given = {**below["services"]["mintmark"]["environment"], **over["services"]["mintmark"]["environment"]}
    given.pop("<<", None)
    plain = {name: str(value) for name, value in given.items() if "$" not in str(value)}
    made = {"MINTMARK_ISSUER": "https://id.example.org", **SECRETS}
    settings = Settings.load({**plain, **made}, None)

    assert [over["services"]["caddy"]["networks"]["front"]["ipv4_address"]] == [
        str(one.network_address) for one in settings.trusted_proxies
    ]


@pytest.mark.parametrize("name", ["traefik.yaml", "mintmark.yaml"])
def test_what_traefik_reads_is_yaml_and_names_only_what_is_there(name):
    found = yaml.safe_load((FOLDER / "traefik" / name).read_text())
    if name == "traefik.yaml":
        assert {"http", "https"} == set(found["entryPoints"])
        return
    http = found["http"]

    for router in http["routers"].values():
        assert router["service"] in http["services"]
        assert set(router["middlewares"]) <= set(http["middlewares"])
        assert router["tls"]["options"] in found["tls"]["options"]
    assert "compress" not in (FOLDER / "traefik" / name).read_text().replace("no `compress`", "").replace(
        "compressed", ""
    )


@pytest.fixture
def unit(tmp_path):
    """As it stands, with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        not_run("what systemd says of mintmark.service", "apt-get install systemd")
    text = (FOLDER / "mintmark.service").read_text()
    path = tmp_path / "mintmark.service"
    path.write_text(text.replace("/opt/mintmark/bin/mintmark", str(Path(sys.executable).parent / "mintmark")))
    return path


def test_systemd_understands_every_line_of_the_unit(unit):
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "mintmark" in line]

    assert [] == said
    assert 0 == done.returncode, done.stderr


def test_the_unit_is_little_exposed(unit):
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout
    assert re.search(r"exposure level for .*: (0\.[0-9]|1\.[0-5]) OK", done.stdout), done.stdout[-500:]


def test_what_the_look_from_outside_names_stands_on_its_page():
    page = (FOLDER / "outside.md").read_text()
    source = "".join(path.read_text() for path in (ROOT / "src" / "mintmark" / "outside").glob("*.py"))
    names = set(re.findall(r'found\.(?:fault|warn)\(\s*"([a-z0-9.-]+)"', source))
    listed = set(re.findall(r"`([a-z][a-z0-9.-]+)`", "".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))))

    assert len(names) > 30
    assert names | {"metadata-cache", "jwks-cache"} == listed - {"--json"}
