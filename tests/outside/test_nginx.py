"""The configuration of the docs, in a real nginx, is fine; with one fault in it the look from outside names it."""

import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.outside import proxying
from tests.outside.proxying import DOCS, PROXY, changed, names, seen

UNWISE = {
    "admin",
    "metrics",
    "hsts-twice",
    "hsts-short",
    "http-dead-end",
    "certificate-soon",
    "http-1.0",
    "path-rewritten",
}
STORE = (
    "proxy_cache kept; proxy_cache_valid any 1m; proxy_ignore_headers Cache-Control Set-Cookie Expires Vary;"
    " proxy_cache_methods GET HEAD POST;"
)
TO = '+map $http_x_forwarded_host $to { "" id.example.org; default $http_x_forwarded_host; }'
METRICS = '+location = /metrics { return 200 "# TYPE up gauge\\n"; }'
PASS = "proxy_pass http://mintmark; # no path"


def line(text):
    """One more line for the whole site."""
    return ('proxy_set_header Forwarded "";', f"+{text}")


def at(path, text):
    """One more location."""
    return ("location / {", f"+location = {path} {{ {text} proxy_pass http://mintmark; }}")


def answering(path, status, body):
    """A location that nginx answers itself, with the headers of Mintmark's public documents."""
    headers = 'default_type application/json; add_header Cache-Control "public, max-age=60, no-store" always;'
    headers += " add_header Access-Control-Allow-Origin * always;"
    return ("location / {", f"+location = {path} {{ {headers} return {status} '{body}'; }}")


# What is wrong, what is named, and the edits to the configuration that make it so.
FAULTS = {
    "http serves too": ("http", ("return 308 https://id.example.org$request_uri;", "location / { " + PASS + "\n}")),
    "http leads elsewhere": ("http-redirect", ("308 https://id.example.org$", "301 https://www.example.org$")),
    "http is nothing": ("http-dead-end", ("return 308 https://id.example.org$request_uri;", "return 404;")),
    "HSTS is short": (
        "hsts-short",
        line("proxy_hide_header Strict-Transport-Security; add_header Strict-Transport-Security max-age=60 always;"),
    ),
    "the metadata is elsewhere": (
        "metadata-redirect",
        ("location / {", "+location /.well-known/ { return 301 https://www.example.org$request_uri; }"),
    ),
    "no keys": ("jwks", answering("/.well-known/jwks.json", 404, "{}")),
    "a key without a name": ("jwks-kid", answering("/.well-known/jwks.json", 200, '{"keys":[{"kty":"EC"}]}')),
    "a private key": ("jwks-private", answering("/.well-known/jwks.json", 200, '{"keys":[{"kid":"a","d":"x"}]}')),
    "no sign-in page": ("login", answering("/login", 200, "welcome")),
    "another /authorize": ("authorize", answering("/authorize", 200, "welcome")),
    "another /token": ("token", answering("/token", 405, "no")),
    "another /userinfo": ("userinfo", answering("/userinfo", 200, "{}")),
    "an answer that has lain": ("cached", at("/token", "add_header Age 5 always;")),
    "a query that is made nice": (
        "query-rewritten",
        ("location / {", "+location /health/ { proxy_pass http://mintmark$uri?a=/&b=+; }"),
    ),
    "HSTS is hidden": ("hsts", line("proxy_hide_header Strict-Transport-Security;")),
    "HSTS comes twice": ("hsts-twice", line("add_header Strict-Transport-Security max-age=63072000 always;")),
    "the cookie's path": ("cookie", line("proxy_cookie_path / /app;")),
    "the cookie's flags": ("cookie", line("proxy_cookie_flags ~ nosecure nohttponly;")),
    "the cookie is dropped": ("cookie", line("proxy_hide_header Set-Cookie;")),
    "CORS twice": ("cors", at("/token", "add_header Access-Control-Allow-Origin * always;")),
    "CORS hidden": ("cors", line("proxy_hide_header Access-Control-Allow-Origin;")),
    "CORS on pages": ("cors-pages", at("/login", "add_header Access-Control-Allow-Origin *;")),
    "a cache of /token": ("cached", at("/token", STORE)),
    "a cache of /authorize": ("cached", at("/authorize", STORE)),
    "a cache of pages": ("cached", at("/login", STORE)),
    "no-store is hidden": ("no-store", at("/token", "proxy_hide_header Cache-Control;")),
    "the keys expire": ("jwks-cache", at("/.well-known/jwks.json", "expires 10d;")),
    "a forged address": ("forged-address", ("proxy_set_header X-Forwarded-For $remote_addr;", "")),
    "nobody trusts the proxy": ("untrusted-proxy", (f"proxy_bind {PROXY};", "proxy_bind 127.0.0.3;")),
    "the proxy names nobody": ("no-forwarded-for", ("X-Forwarded-For $remote_addr", 'X-Forwarded-For ""')),
    "a forged host": (
        "forged-host",
        ("proxy_redirect off;", "proxy_redirect https://id.example.org/ https://$to/;"),
        ("upstream mintmark", TO),
    ),
    "redirects are rewritten": (
        "redirect-rewritten",
        ("proxy_redirect off;", "proxy_redirect https://id.example.org/ http://inside/;"),
    ),
    "small bodies": ("body-limit", ("client_max_body_size 64k;", "client_max_body_size 1k;")),
    "short addresses": ("url-limit", ("large_client_header_buffers 4 16k;", "large_client_header_buffers 4 2k;")),
    "paths are made nice": ("path-rewritten", (PASS, "proxy_pass http://mintmark/; #")),
    "a path is added": ("metadata", (PASS, "proxy_pass http://mintmark/more/; #")),
    "Authorization is dropped": ("authorization-stripped", line('proxy_set_header Authorization "";')),
    "the challenge is dropped": ("challenge", line("proxy_hide_header WWW-Authenticate;")),
    "a POST is redirected": ("post-redirect", ("location / {", "+rewrite ^/token$ /token/ permanent;")),
    "HTTP/1.0": ("http-1.0", ("proxy_http_version 1.1;", "proxy_http_version 1.0;")),
    "pages are compressed": ("compression", ("gzip off;", "gzip on; gzip_proxied any; gzip_min_length 0;")),
    "the admin API is open": ("admin", ("deny all;", "allow all;")),
    "the metrics are open": ("metrics", ("location / {", METRICS), ("admin/|metrics$", "admin/")),
    "bodies are rewritten": (
        "rewritten",
        line("sub_filter_types application/json; sub_filter id.example.org/token inside/token;"),
    ),
    "pages lose their guards": ("page-headers", line("proxy_hide_header Content-Security-Policy;")),
    "old TLS": (
        "tls-version",
        ("ssl_protocols TLSv1.2 TLSv1.3;", "ssl_protocols TLSv1.1 TLSv1.2;"),
        ("ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;", "ssl_ciphers ALL:@SECLEVEL=0;"),
    ),
}


@pytest.fixture(scope="module")
def nginx():
    return proxying.program("nginx", "nginx-light")


@pytest.fixture
def proxied(nginx, tmp_path, authority):
    """The configuration of the docs, with the ports and files of the test, until the block ends."""

    @contextmanager
    def run(server, *edits, leaf="good"):
        at = proxying.ports()
        chain, key = authority.leaf(leaf)
        text = changed(
            (DOCS / "nginx.conf").read_text(),
            ("server 127.0.0.1:8000;", f"server {server.address.removeprefix('http://')};"),
            ("listen 80;", f"listen 127.0.0.1:{at.http};"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{at.https} ssl http2;"),
            ("/etc/ssl/id.example.org/fullchain.pem", str(chain)),
            ("/etc/ssl/id.example.org/privkey.pem", str(key)),
            ("proxy_http_version 1.1;", f"+proxy_bind {PROXY};"),
        )
        (tmp_path / "site.conf").write_text(changed(text, *edits))
        paths = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.getuid() == 0 else ""
        (tmp_path / "nginx.conf").write_text(
            f"{user} daemon off; pid {tmp_path}/pid; error_log stderr warn; worker_processes 1; events {{}}\n"
            f"http {{ access_log off; {paths} proxy_cache_path {tmp_path}/kept keys_zone=kept:1m;\n"
            f"include {tmp_path}/site.conf; }}\n"
        )
        command = [nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", "stderr"]
        with proxying.listening(command, tmp_path, at):
            yield at

    return run


def test_the_configuration_of_the_docs_is_good(proxied, server, authority):
    with proxied(server) as ports:
        found = seen(server, ports, authority)

    assert ([], []) == names(found)
    assert [] == found.unseen


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_named(proxied, server, authority, fault):
    name, *edits = FAULTS[fault]
    with proxied(server, *edits) as ports:
        found = seen(server, ports, authority)

    wrong, unwise = names(found)
    assert [name] == (unwise if name in UNWISE else wrong)
    assert [] == (wrong if name in UNWISE else unwise)
    assert all(one.fault.endswith(".") and one.mending.endswith(".") for one in (*found.wrong, *found.unwise))


@pytest.mark.parametrize("kind", ["expired", "name", "unknown", "chain", "soon"])
def test_a_certificate_that_is_none_is_named(proxied, server, authority, kind):
    with proxied(server, leaf=kind) as ports:
        wrong, unwise = names(seen(server, ports, authority))

    assert [f"certificate-{kind}"] == wrong + unwise


def test_a_clock_that_is_off_is_named(proxied, server, authority):
    with proxied(server) as ports:
        found = seen(server, ports, authority, now=datetime.now(UTC) + timedelta(seconds=20))

    assert (["clock"], []) == names(found)


def test_another_address_than_the_issuers_is_named(proxied, server, authority):
    edits = [("server_name id.example.org;", "server_name id.example.org www.example.org;")]
    with proxied(server, *edits) as ports:
        found = seen(server, ports, authority, issuer="https://www.example.org")

    assert "issuer" in names(found)[0]
    assert "run this where" in found.unseen[0]


def test_a_server_that_is_not_there_is_named(proxied, server, authority):
    address = server.address.removeprefix("http://")
    with proxied(server, (f"server {address};", "server 127.0.0.1:9;")) as ports:
        assert (["upstream"], []) == names(seen(server, ports, authority))


def test_a_proxy_that_is_not_there_is_named(server, authority):
    assert (["unreachable"], []) == names(seen(server, proxying.ports(), authority))


PATHS = {
    "good": ("", ("location / {", "+location /id/admin/ { return 404; }")),
    "the prefix is taken away": (
        "path-stripped",
        ("location / {", "location /id/ {"),
        (PASS, "proxy_pass http://mintmark/; #"),
    ),
    "the root is not passed on": (
        "metadata-inserted",
        ("location / {", "location /id/ {"),
        ("^/(admin/", "^/(id/admin/"),
    ),
}


@pytest.mark.parametrize("way", PATHS)
def test_an_issuer_with_a_path(proxied, server_with_path, authority, way):
    name, *edits = PATHS[way]
    with proxied(server_with_path, *edits) as ports:
        wrong, _ = names(seen(server_with_path, ports, authority))

    assert ([name] if name else []) == wrong[-1:], "the last of them is the cause"
