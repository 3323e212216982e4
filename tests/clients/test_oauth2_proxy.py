"""oauth2-proxy 7 in front of a page: it signs people in, refreshes, and takes ID tokens as bearers."""

import time
from pathlib import Path

import httpx2
import pytest

from tests import serving
from tests.clients.programs import program
from tests.serving import SECRET

PATIENCE = 30
CONFIGURATION = Path(__file__).resolve().parent / "go" / "oauth2-proxy" / "oauth2-proxy.cfg"  # which the docs show


@pytest.fixture(scope="module")
def proxy(provider, certificate, go_program, trusting, tmp_path_factory):
    port = serving.free_port()
    url = f"http://127.0.0.1:{port}"
    text = CONFIGURATION.read_text().replace("https://id.example", provider.url).replace("https://app.example", url)
    folder = tmp_path_factory.mktemp("oauth2-proxy")
    (folder / "oauth2-proxy.cfg").write_text(text.replace("SECRET", SECRET))
    options = {
        "config": str(folder / "oauth2-proxy.cfg"),
        "http-address": f"127.0.0.1:{port}",
        "upstream": "static://200",
        "provider-ca-file": str(certificate.certificate),
        "cookie-secret": "thirty-two bytes that are a key.",
        "cookie-secure": "false",
        "cookie-refresh": "1s",
        "skip-jwt-bearer-tokens": "true",
    }
    command = [go_program("oauth2-proxy"), *(f"--{name}={value}" for name, value in options.items())]
    with program(command, f"{url}/ping", folder, trusting) as found:
        yield found, url


def test_it_lets_a_person_in_who_signed_in(proxy, visitor):
    _, url = proxy
    page = visitor.go(f"{url}/")
    told = visitor.go(f"{url}/oauth2/userinfo").json()

    assert (200, "Authenticated") == (page.status_code, page.text.strip())
    assert f"{visitor.name}@example.org" == told["email"]
    assert ["sign-in", "consent"] == visitor.asked


def test_it_refreshes_after_a_second(proxy, visitor):
    found, url = proxy
    visitor.go(f"{url}/")
    until = time.monotonic() + PATIENCE
    renewed = False
    while not renewed and time.monotonic() < until:
        renewed = "_oauth2_proxy" in visitor.http.get(f"{url}/").headers.get("set-cookie", "")
        time.sleep(0.1)

    assert renewed, found.log
    assert "refreshing session" in found.log.lower()
    assert "unable to refresh" not in found.log.lower()


def test_signing_out_ends_the_session_at_the_server_too(proxy, visitor):
    _, url = proxy
    visitor.go(f"{url}/")
    visitor.go(f"{url}/oauth2/sign_out")
    visitor.go(f"{url}/")

    assert ["sign-in", "consent", "sign-in"] == visitor.asked


def test_a_person_who_declines_stays_out(proxy, visitor):
    _, url = proxy
    visitor.decision = "deny"
    page = visitor.go(f"{url}/")

    assert 403 == page.status_code
    assert 302 == visitor.http.get(f"{url}/").status_code


def test_garbage_is_no_bearer(proxy):
    _, url = proxy

    assert 302 == httpx2.get(f"{url}/", headers={"Authorization": "Bearer a.b.c"}).status_code
