from datetime import timedelta

import pytest

from mintmark.protocol import software_statement
from mintmark.protocol.errors import InvalidSoftwareStatement
from tests.protocol.making import ISSUER, NOW

SECONDS = int(NOW.timestamp())


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": SECONDS + 1},
        {"exp": SECONDS - 9.5, "nbf": SECONDS + 10},
        {"aud": ISSUER},
        {"aud": ["https://other.example", ISSUER]},
    ],
)
def test_a_statement_for_now_and_us_is_good(claims):
    software_statement.check_time(claims, NOW, audience=ISSUER)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": SECONDS - 10},
        {"nbf": SECONDS + 11},
        {"aud": "https://other.example"},
        {"aud": []},
        {"aud": {}},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": 1e20},
        {"nbf": -1e20},
    ],
)
def test_any_other_is_refused(claims):
    with pytest.raises(InvalidSoftwareStatement):
        software_statement.check_time(claims, NOW + timedelta(0), audience=ISSUER)


def test_what_it_says_of_the_software_counts_more_than_what_the_client_says():
    sent = {"client_name": "Mine", "scope": "openid", "software_statement": "a.b.c"}
    claims = {"iss": "x", "exp": 1, "client_name": "Theirs", "software_id": "4", "client_id": "chosen"}

    assert {**sent, "client_name": "Theirs", "software_id": "4"} == software_statement.overrides(sent, claims)
