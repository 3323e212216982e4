"""Apache's mod_auth_openidc, as Debian has it: an Apache of the test's own, in front of a page and of an API."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from tests import serving
from tests.clients.programs import Program, program
from tests.not_run import not_run
from tests.serving import SECRET, Certificate, Served

APACHE, MODULES = Path("/usr/sbin/apache2"), Path("/usr/lib/apache2/modules")
HERE = Path(__file__).resolve().parent / "apache"
SURROUNDINGS = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/pid
Mutex file:{folder}
DefaultRuntimeDir {folder}
ErrorLog /dev/stderr
User nobody
Group nogroup
{modules}
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
DocumentRoot {folder}/pages
TypesConfig /dev/null
AddType text/html .html
<Directory {folder}/pages>
  Options +Includes
  SetOutputFilter INCLUDES
  Require all granted
</Directory>
Include {folder}/mintmark.conf
"""
NAMES = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "include", "mime")


def configured(port: int, issuer: str, trusted: Path) -> str:
    """The file that the docs show, for the addresses of this test."""
    text = (HERE / "mintmark.conf").read_text()
    text = text.replace("https://id.example", issuer).replace("https://app.example", f"http://127.0.0.1:{port}")
    return f"{text.replace('SECRET', SECRET)}\nOIDCCABundlePath {trusted}\n"


@pytest.fixture(scope="module")
def apache(provider: Served, certificate: Certificate) -> Iterator[Program]:
    if not (MODULES / "mod_auth_openidc.so").exists() or not APACHE.exists():
        not_run("Apache's mod_auth_openidc", "apt-get install -y --no-install-recommends libapache2-mod-auth-openidc")
    port = serving.free_port()
    folder = Path(tempfile.mkdtemp(prefix="apache-"))
    try:
        folder.chmod(0o755)  # Apache's children are somebody else
        for name in ("secure", "api", "."):
            page = folder / "pages" / name / "index.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text('user=<!--#echo var="REMOTE_USER" --> name=<!--#echo var="OIDC_CLAIM_name" -->')
        shutil.copy(certificate.certificate, folder / "ca.pem")
        (folder / "mintmark.conf").write_text(configured(port, provider.url, folder / "ca.pem"))
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in NAMES)
        told = {"folder": folder, "port": port, "modules": modules}
        (folder / "apache.conf").write_text(SURROUNDINGS.format(**told))
        command: list[str | Path] = [APACHE, "-f", folder / "apache.conf", "-DFOREGROUND"]
        with program(command, f"http://127.0.0.1:{port}", folder, os.environ) as found:
            yield found
    finally:
        shutil.rmtree(folder)


def test_a_page_behind_it_is_told_who_signed_in(apache, visitor):
    page = visitor.go(f"{apache.url}/secure/index.html")

    assert f"user={visitor.name}@example.org name={visitor.name.replace('-', ' ').title()}" == page.text
    assert ["sign-in", "consent"] == visitor.asked


def test_it_keeps_claims_and_tokens_and_refreshes_them(apache, provider, visitor):
    visitor.go(f"{apache.url}/secure/index.html")
    kept = visitor.go(f"{apache.url}/secure/callback?info=json").json()
    refreshed = visitor.go(f"{apache.url}/secure/callback?info=json&access_token_refresh_interval=0").json()

    assert provider.url == kept["id_token"]["iss"]
    assert kept["id_token"]["sub"] == kept["userinfo"]["sub"]
    assert kept["refresh_token"] != refreshed["refresh_token"]
    assert kept["access_token"] != refreshed["access_token"]


def test_a_person_who_declines_does_not_come_in(apache, visitor):
    """It takes the `iss` of the refusal (RFC 9207) for a sign-in that a third party begins, and shows its own error."""
    visitor.decision = "deny"
    page = visitor.go(f"{apache.url}/secure/index.html")

    assert "target_link_uri" in page.text
    assert "user=" not in page.text


def test_an_api_behind_it_lets_in_what_introspection_calls_active(apache, provider, visitor):
    """It asks as the client that speaks for the API."""
    with httpx2.Client(base_url=provider.url, verify=False) as http:
        form = {"grant_type": "client_credentials", "scope": "api:read"}
        token = http.post("/token", data=form, auth=("openid-client", SECRET)).json()["access_token"]
        form["scope"] = "api:write"
        narrow = http.post("/token", data=form, auth=("openid-client", SECRET)).json()["access_token"]
    told = {
        name: httpx2.get(f"{apache.url}/api/index.html", headers={"Authorization": f"Bearer {sent}"})
        for name, sent in {"good": token, "narrow": narrow, "forged": token[:-4] + "AAAA"}.items()
    }

    assert "user=openid-client" in told["good"].text
    assert {"good": 200, "narrow": 401, "forged": 401} == {name: answer.status_code for name, answer in told.items()}


def test_signing_out_ends_its_tokens_and_the_session(apache, provider, visitor):
    """It revokes, then sends the browser to the end of the session."""
    visitor.go(f"{apache.url}/secure/index.html")
    left = visitor.go(f"{apache.url}/secure/callback?logout={quote(f'{apache.url}/', safe='')}")
    again = visitor.http.get(f"{apache.url}/secure/index.html")
    visitor.go(f"{apache.url}/secure/index.html")

    assert f"{apache.url}/" == str(left.url)
    assert any(address.startswith(f"{provider.url}/end_session?") for address in visitor.seen)
    assert 302 == again.status_code
    assert ["sign-in", "consent", "sign-in"] == visitor.asked
