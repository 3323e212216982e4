import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mintmark.settings import Settings
from tests.settings.loading import load, refusals


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example",
        "https://id.example/p",
        "https://id.example:8443/a/b-c_d.e~f",
        "https://xn--bcher-kva.example",
        "https://10.0.0.1",
        "https://[2001:db8::1]:8443",
        "http://localhost:8000",
        "http://localhost",
        "http://127.0.0.1:8000/p",
        "http://127.1.2.3",
        "http://[::1]:8000",
    ],
)
def test_an_issuer_is_https_or_on_loopback(issuer):
    assert issuer == load(issuer=issuer).issuer


@pytest.mark.parametrize(
    ("issuer", "fault"),
    [
        ("id.example", "begins with https://"),
        ("HTTPS://id.example", "begins with https://"),
        ("ftp://id.example", "begins with https://"),
        ("http://id.example", "localhost and loopback addresses only"),
        ("http://localhost.example", "localhost and loopback addresses only"),
        ("http://10.0.0.1", "localhost and loopback addresses only"),
        ("http://127.1", "localhost and loopback addresses only"),
        ("https://id.example/", "no trailing slash"),
        ("https://id.example/p/", "no trailing slash"),
        ("https://", "no trailing slash"),
        ("https://id.example?x", "no query and no fragment"),
        ("https://id.example#", "no query and no fragment"),
        ("https://user@id.example", "no user name and no password"),
        ("https://ID.example", "lower case"),
        ("https://id.example:443", "only if it is not the scheme's own"),
        ("http://localhost:80", "only if it is not the scheme's own"),
        ("https://id.example:", "only if it is not the scheme's own"),
        ("https://id.example:0", "only if it is not the scheme's own"),
        ("https://id.example:99999", "its host or its port is none"),
        ("https://id.example:x", "its host or its port is none"),
        ("https://[::1", "its host or its port is none"),
        ("https://[::1%25eth0]", "name or an address"),
        ("https://::1", "its host or its port is none"),
        ("https:///p", "name or an address"),
        ("https://id..example", "name or an address"),
        ("https://id.example.", "name or an address"),
        ("https://id.example//p", "single slashes"),
        ("https://id.example/../p", "single slashes"),
        ("https://id.example/%70", "single slashes"),
        ("https://id.example/p q", "belongs in no URL"),
        ("https://id.example\\p", "belongs in no URL"),
        ("https://bücher.example", "belongs in no URL"),
        ("https://id.example\n", "belongs in no URL"),
    ],
)
def test_an_issuer_that_could_be_written_otherwise_is_refused(issuer, fault):
    (refusal,) = refusals(issuer=issuer)

    assert refusal.startswith("MINTMARK_ISSUER must be such as https://id.example.org")
    assert fault in refusal


@given(st.text(max_size=40) | st.from_regex(r"https?://[\[\]a-z:@0-9./%]{0,20}", fullmatch=True))
def test_whatever_stands_for_an_issuer_is_taken_as_it_is_or_refused(text):
    try:
        made = Settings(issuer=text)
    except ValidationError:
        return
    assert text == made.issuer == made.origin + made.issuer_path


def test_what_hangs_on_the_issuer_is_read_off_it():
    deep, root = load(issuer="https://id.example:8443/p/q"), load(issuer="http://localhost:8000")

    assert ("https://id.example:8443", "/p/q", True) == (deep.origin, deep.issuer_path, deep.is_https)
    assert ("http://localhost:8000", "", False) == (root.origin, root.issuer_path, root.is_https)


def test_the_cookie_is_host_bound_on_https_and_told_apart_by_issuer_on_http():
    assert "__Host-mintmark" == load(issuer="https://id.example/p").cookie_name
    digest = hashlib.sha256(b"http://localhost:8000").hexdigest()
    assert f"mintmark-{digest[:8]}" == load(issuer="http://localhost:8000").cookie_name
