"""Nimbus' SDK for Java, which Spring Security is built on: every door, with a secret and with a key of its own."""

import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore

from tests.clients.programs import cached
from tests.not_run import not_run
from tests.serving import PASSWORD, SECRET, sign_in

FOLDER = Path(__file__).resolve().parent / "java"


@pytest.fixture(scope="session")
def class_path() -> str:
    if shutil.which("mvn") is None or shutil.which("java") is None:
        not_run("Nimbus' SDK", "apt-get install maven default-jdk-headless")
    return (cached("java", [FOLDER / "pom.xml"], _fetch) / "class-path").read_text().strip()


def _fetch(folder: Path) -> None:
    """The jars are copied: what Maven keeps elsewhere may be tidied away."""
    fetch = ["dependency:copy-dependencies", f"-DoutputDirectory={folder / 'jars'}"]
    if subprocess.run(["mvn", "-q", "-B", "-f", FOLDER / "pom.xml", *fetch], check=False).returncode:
        not_run("Nimbus' SDK, which could not be fetched", f"mvn -f tests/clients/java/pom.xml {fetch[0]}")
    (folder / "class-path").write_text(str(folder.with_name(folder.name.removesuffix(".new")) / "jars" / "*"))


@pytest.fixture(scope="module")
def trust_store(certificate, tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("java") / "trusted.p12"
    trusted = PKCS12Certificate(x509.load_pem_x509_certificate(certificate.certificate.read_bytes()), b"tests")
    found.write_bytes(serialize_java_truststore([trusted], BestAvailableEncryption(b"password")))
    return found


@pytest.mark.parametrize("client_id", ["nimbus", "nimbus-by-key"])
async def test_it_signs_in_verifies_refreshes_introspects_and_revokes(
    provider, trusting, class_path, trust_store, client_key, person, client_id
):
    told = {**trusting, "ISSUER": provider.url, "CLIENT_ID": client_id, "CLIENT_SECRET": SECRET}
    if client_id == "nimbus-by-key":
        told["CLIENT_KEY"] = str(client_key.pem)
    trusts = [f"-Djavax.net.ssl.trustStore={trust_store}", "-Djavax.net.ssl.trustStorePassword=password"]
    command = ["java", "-XX:TieredStopAtLevel=1", *trusts, "-cp", class_path, str(FOLDER / "Nimbus.java")]
    with subprocess.Popen(
        command, env=told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as java:
        assert java.stdout is not None
        address = java.stdout.readline().strip()
        assert address, java.communicate()[1]
        async with httpx2.AsyncClient(verify=False) as browser:
            came_back = await sign_in(browser, provider.url, address, person, PASSWORD)
        printed, errors = java.communicate(came_back + "\n", timeout=60)

    assert 0 == java.returncode, errors
    assert f"{person}@example.org" == printed.strip()
