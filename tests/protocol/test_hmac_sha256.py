"""The keyed digest is the library's, whatever key and message."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import hmac_sha256


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_it_says_what_the_library_says(key, message):
    assert hmac.digest(key, message, "sha256") == hmac_sha256.digest(key, message)


def test_a_key_is_shortened_where_it_is_longer_than_a_block():
    for length in (64, 65):
        assert hmac.digest(bytes(length), b"m", "sha256") == hmac_sha256.digest(bytes(length), b"m")
