"""The real server as a process of its own, for tests that come in from outside: `from tests.serving import *`.

`demo` is what `make serve` runs, on a free port and in a folder of its own. `served` is a server on https for browsers
that come from other sites, with clients and people of an apply file; `person` is one of them whom no other test meets.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mintmark.keys import sealing
from tests.issuer import boxes, hidden

__all__ = ["certificate", "demo", "people", "person", "served"]

MINTMARK = (sys.executable, "-m", "mintmark")
PATIENCE = 60.0  # seconds for a start on a machine that has other things to do
PASSWORD = "correct horse battery staple"
SECRET = "a-secret-of-forty-three-characters-for-tests"
ID, APP, EVIL = "id.example", "app.example", "evil.example"  # where the server lives, an app, and somebody else
API = "https://api.example"
SCOPE = "openid profile email offline_access api:read api:write"


@dataclass(frozen=True)
class Served:
    """A server that runs on its own, with the environment that it and the commands beside it run in."""

    url: str
    port: int
    folder: Path
    environment: Mapping[str, str]

    def command(self, *words: str) -> str:
        """What `mintmark …` prints, beside the running server."""
        done = subprocess.run(
            [*MINTMARK, *words],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        return done.stdout

    def http(self) -> httpx2.Client:
        """For whoever needs no browser; it does not mind that nobody knows who signed the certificate."""
        scheme = urlsplit(self.url).scheme
        return httpx2.Client(base_url=f"{scheme}://127.0.0.1:{self.port}", verify=False)

    @property
    def log(self) -> str:
        return (self.folder / "serve.log").read_text()


@dataclass(frozen=True)
class Demo(Served):
    """With what stands in var/demo.env."""

    client_id: str
    client_secret: str
    spa_client_id: str
    username: str
    password: str
    admin_client_id: str
    admin_client_secret: str

    @property
    def resource(self) -> str:
        return f"{self.url}/demo"

    async def sign_in(self, browser: httpx2.AsyncClient, address: str, *, decision: str = "allow") -> str:
        """Follows an authorization request through the pages' forms, to the address that the client gets."""
        return await sign_in(browser, self.url, address, self.username, self.password, decision=decision)


async def sign_in(
    browser: httpx2.AsyncClient, issuer: str, address: str, username: str, password: str, *, decision: str = "allow"
) -> str:
    for _ in range(12):
        if not address.startswith(f"{issuer}/"):
            return address
        answer = await browser.get(address)
        if 'id="sign-in"' in answer.text:
            form: dict[str, Any] = {"username": username, "password": password, **hidden(answer.text)}
            answer = await browser.post(f"{issuer}/login", data=form)
        elif 'id="consent"' in answer.text:
            form = {**hidden(answer.text), "scope": boxes(answer.text), "decision": decision}
            answer = await browser.post(f"{issuer}/consent", data=form)
        assert answer.is_redirect, f"{answer.status_code} {answer.text}"
        address = urljoin(address, answer.headers["location"])
    raise AssertionError("the sign-in does not end")


def answered(address: str) -> dict[str, str]:
    """The parameters that a redirect brought."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    """Ours, without any setting of the server's and without what the tests are told by it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MINTMARK_")} | more


@contextmanager
def running(server: Served, *options: str) -> Iterator[None]:
    """`mintmark serve` until the block ends. Whatever it was sent, it has not broken."""
    log = server.folder / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*MINTMARK, "serve", "--port", str(server.port), *options],
            cwd=server.folder,
            env=dict(server.environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, server)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait(process: subprocess.Popen[bytes], server: Served) -> None:
    end = time.monotonic() + PATIENCE
    scheme = urlsplit(server.url).scheme
    while not _is_ready(f"{scheme}://127.0.0.1:{server.port}/health/ready"):
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"the server did not start:\n{server.log}")
        time.sleep(0.05)


def _is_ready(address: str) -> bool:
    try:
        return bool(httpx2.get(address, verify=False).status_code == 200)
    except httpx2.TransportError:
        return False


def demo_environment(folder: Path) -> dict[str, str]:
    """What the demo wrote for whoever wants to try it, in the shell's form."""
    lines = (folder / "var" / "demo.env").read_text().splitlines()
    words = [word for line in lines for word in shlex.split(line, comments=True) if "=" in word]
    return dict(word.split("=", 1) for word in words)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    with running(Served(f"http://localhost:{port}", port, folder, environment()), "--demo"):
        told = demo_environment(folder)
        key = (folder / "var" / "sealing.key").read_text().strip()
        yield Demo(
            url=told["DEMO_ISSUER"],
            port=port,
            folder=folder,
            environment=environment(MINTMARK_ISSUER=told["DEMO_ISSUER"], MINTMARK_SEALING_KEYS=key),
            client_id=told["DEMO_CLIENT_ID"],
            client_secret=told["DEMO_CLIENT_SECRET"],
            spa_client_id=told["DEMO_SPA_CLIENT_ID"],
            username=told["DEMO_USERNAME"],
            password=told["DEMO_PASSWORD"],
            admin_client_id=told["DEMO_ADMIN_CLIENT_ID"],
            admin_client_secret=told["DEMO_ADMIN_CLIENT_SECRET"],
        )


PEOPLE = 200  # more than a worker has tests that want one, however the files fall to the workers
CODE = ["authorization_code", "refresh_token"]
APPLIED: Mapping[str, Any] = {
    "resources": [
        {"resource": API, "name": "Example API", "scopes": ["api:read", "api:write"], "resource_servers": ["api"]}
    ],
    "clients": [
        {"client_id": "api", "client_secret": SECRET, "grant_types": []},
        {
            "client_id": "notes",
            "client_name": "Harbour Notes",
            "client_secret": SECRET,
            "redirect_uris": [f"https://{APP}/callback"],
            "grant_types": CODE,
            "scope": SCOPE,
        },
        {
            "client_id": "page",
            "client_name": "Single Page",
            "redirect_uris": [f"https://{APP}/callback", f"https://{APP}/popup.html"],
            "grant_types": CODE,
            "token_endpoint_auth_method": "none",
            "scope": SCOPE,
        },
        {
            "client_id": "leaving",
            "client_name": "Leaving Notes",
            "client_secret": SECRET,
            "redirect_uris": [f"https://{APP}/callback"],
            "post_logout_redirect_uris": [f"https://{APP}/bye"],
            "frontchannel_logout_uri": f"https://{APP}/front",
            "grant_types": CODE,
            "scope": SCOPE,
        },
        {
            "client_id": "native",
            "client_name": "Pocket Notes",
            "application_type": "native",
            "redirect_uris": ["http://127.0.0.1/callback", "com.example.app:/callback"],
            "grant_types": CODE,
            "token_endpoint_auth_method": "none",
            "scope": SCOPE,
        },
        {
            "client_id": "operator",
            "client_secret": SECRET,
            "grant_types": ["client_credentials"],
            "scope": "admin:read admin:write",
        },
    ],
    "users": [
        {
            "username": f"person-{number}",
            "password": PASSWORD,
            "name": f"Person {number}",
            "email": f"person-{number}@example.org",
            "email_verified": True,
        }
        for number in range(PEOPLE)
    ],
}


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path


def self_signed(folder: Path, common_name: str, hosts: Sequence[x509.GeneralName]) -> Certificate:
    """Good for a day."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    found = Certificate(folder / "certificate.pem", folder / "key.pem")
    found.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return found


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For all the hosts of these tests, signed by nobody whom anybody knows."""
    hosts = [x509.DNSName(host) for host in (ID, APP, EVIL, "localhost")]
    return self_signed(tmp_path_factory.mktemp("certificate"), "tests", hosts)


@contextmanager
def over_tls(
    folder: Path, certificate: Certificate, applied: Mapping[str, Any], url: str, port: int, **settings: str
) -> Iterator[Served]:
    """A server on https with what an apply file says, until the block ends."""
    there = {
        "MINTMARK_ISSUER": url,
        "MINTMARK_DATABASE_URL": f"sqlite:///{folder / 'mintmark.db'}",
        "MINTMARK_SEALING_KEYS": sealing.generate(),
        "MINTMARK_TLS_CERTIFICATE": str(certificate.certificate),
        "MINTMARK_TLS_KEY": str(certificate.key),
        "MINTMARK_OPERATOR_NAME": "Acme",
        "MINTMARK_LOG_FORMAT": "json",
        "MINTMARK_PASSWORD_HASH_MEMORY": "64",  # what a hash costs is tried where hashes are tried
        "MINTMARK_PASSWORD_HASH_TIME_COST": "1",
    }
    server = Served(url, port, folder, environment(**there, **settings))
    server.command("migrate")
    (folder / "apply.json").write_text(json.dumps(applied))
    server.command("apply", "apply.json")
    with running(server):
        yield server


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with over_tls(folder, certificate, APPLIED, f"https://{ID}", free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def people() -> Iterator[str]:
    return (f"person-{number}" for number in range(PEOPLE))


@pytest.fixture
def person(people: Iterator[str]) -> str:
    """The name of somebody who has allowed nothing yet."""
    return next(people)
