"""The configuration of the docs, in a real Caddy, is fine; with one fault in it the look from outside names it."""

from contextlib import contextmanager

import pytest

from mintmark.testing import running
from tests.outside import proxying
from tests.outside.proxying import DOCS, ISSUER, changed, names, seen

ASKING = "127.0.0.7"  # Caddy comes to the server from 127.0.0.1

UPSTREAM = "\t# No `encode`"
PRIVATE = "+\theader /token {\n\t\tCache-Control private\n\t\tdefer\n\t}"
FAULTS = {
    "pages are compressed": ([(UPSTREAM, "+\tencode {\n\t\tgzip\n\t\tminimum_length 1\n\t}")], "compression"),
    "HSTS is dropped": ([(UPSTREAM, "+\theader -Strict-Transport-Security")], "hsts"),
    "CORS twice": ([(UPSTREAM, "+\theader /token +Access-Control-Allow-Origin *")], "cors"),
    "the cookie's path": ([("header_up -Forwarded", "header_down Set-Cookie Path=/ Path=/app")], "cookie"),
    "Authorization is dropped": ([("header_up -Forwarded", "header_up -Authorization")], "authorization-stripped"),
    "a forged address": ([("header_up -Forwarded", "header_up X-Forwarded-For {http.request.header.X-Forwarded-For}")],
                         "forged-address"),
    "small bodies": ([("max_size 64KB", "max_size 1KB")], "body-limit"),
    "a POST is redirected": ([(UPSTREAM, "+\tredir /token /token/ permanent")], "post-redirect"),
    "the cache header is changed": ([(UPSTREAM, PRIVATE)], "no-store"),
    "the admin API is open": ([("\trespond @inside_only 404", "")], "admin"),
    "a path is added": ([(UPSTREAM, "+\trewrite * /more{uri}")], "metadata"),
}  # fmt: skip
UNWISE = {"admin"}


@pytest.fixture(scope="module")
def caddy():
    return proxying.program("caddy", "caddy")


@pytest.fixture(scope="module")
def server():
    with running(issuer=ISSUER, trusted_proxies="127.0.0.1/32") as found:
        yield found


@pytest.fixture
def proxied(caddy, tmp_path, authority):
    @contextmanager
    def run(server, *edits):
        at = proxying.ports()
        chain, key = authority.leaf()
        text = changed(
            (DOCS / "Caddyfile").read_text(),
            ("reverse_proxy 127.0.0.1:8000", f"reverse_proxy {server.address.removeprefix('http://')}"),
            ("id.example.org {", f"id.example.org {{\n\tbind 127.0.0.1\n\ttls {chain} {key}"),
        )
        options = f"{{\n\tadmin off\n\thttp_port {at.http}\n\thttps_port {at.https}\n}}\n"
        (tmp_path / "Caddyfile").write_text(options + changed(text, *edits))
        command = [caddy, "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
        with proxying.listening(command, tmp_path, at):
            yield at

    return run


def test_the_configuration_of_the_docs_is_good(proxied, server, authority):
    with proxied(server) as at:
        found = seen(server, at, authority, source=ASKING)

    assert ([], []) == names(found)
    assert [] == found.unseen


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_named(proxied, server, authority, fault):
    edits, name = FAULTS[fault]
    with proxied(server, *edits) as at:
        wrong, unwise = names(seen(server, at, authority, source=ASKING))

    assert [name] == (unwise if name in UNWISE else wrong)
    assert [] == (wrong if name in UNWISE else unwise)


def test_a_proxy_that_nobody_trusts_is_named(proxied, authority):
    with running(issuer=ISSUER) as server, proxied(server) as at:
        wrong, _ = names(seen(server, at, authority, source=ASKING))

    assert ["untrusted-proxy"] == wrong


def test_who_asks_from_the_proxys_own_machine_is_believed_as_the_proxy_is(proxied, server, authority):
    with proxied(server) as at:
        assert ([], []) == names(seen(server, at, authority, source="127.0.0.1"))
