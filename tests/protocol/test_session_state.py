"""`session_state` and the origin in it (OIDC Session Management §2, RFC 6454 §6.1)."""

import hashlib

import pytest

from mintmark.protocol import session_state


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://app.example/cb?x=1", "https://app.example"),
        ("https://APP.example:443/cb", "https://app.example"),
        ("https://app.example:8443/cb", "https://app.example:8443"),
        ("http://127.0.0.1:80/cb", "http://127.0.0.1"),
        ("http://[::1]:3000/cb", "http://[::1]:3000"),
        ("com.example.app:/cb", None),
        ("https:///cb", None),
        ("https://a b/cb", None),
        ("https://app.example:x/cb", None),
    ],
)
def test_the_origin_is_what_a_browser_says_of_the_page(uri, origin):
    assert origin == session_state.origin(uri)


def test_the_state_is_a_digest_of_client_origin_and_browser_with_its_salt():
    digest = hashlib.sha256(b"shop https://app.example 0123 ab").hexdigest()

    assert f"{digest}.ab" == session_state.state("shop", "https://app.example", "0123", "ab")
