import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mintmark.protocol import code
from mintmark.protocol.code import Code
from mintmark.protocol.errors import InvalidGrant
from tests.protocol.making import CALLBACK, NOW, params

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "pkce.json").read_text())["rfc7636"]
VERIFIER = VECTOR["code_verifier"]


def kept(**members):
    plain: dict[str, Any] = {
        "digest": b"",
        "authorization_id": "a",
        "client_id": "shop",
        "redirect_uri": CALLBACK,
        "code_challenge": VECTOR["code_challenge"],
        "nonce": None,
        "created_at": NOW,
        "expires_at": NOW + timedelta(seconds=60),
        "spent_at": None,
    }
    return Code(**plain | members)


def check(found=None, client_id="shop", now=NOW, **sent):
    code.check(found or kept(), params(sent), client_id, now)


def test_the_right_request_redeems_it_with_or_without_its_address():
    check(code_verifier=VERIFIER, redirect_uri=CALLBACK)
    check(code_verifier=VERIFIER)
    check(code_verifier=VERIFIER, redirect_uri="")
    check(kept(code_challenge=None), redirect_uri=CALLBACK)


def test_without_pkce_the_address_is_needed():
    with pytest.raises(InvalidGrant, match="only with PKCE"):
        check(kept(code_challenge=None))


@pytest.mark.parametrize("address", [CALLBACK + "/", CALLBACK.upper(), "https://evil.example", "http://localhost:1/cb"])
def test_an_address_that_is_sent_is_the_one_of_the_request(address):
    with pytest.raises(InvalidGrant, match="redirect_uri"):
        check(code_verifier=VERIFIER, redirect_uri=address)


def test_of_a_loopback_address_the_port_is_not_free_any_more():
    found = kept(redirect_uri="http://localhost:4000/cb")
    check(found, code_verifier=VERIFIER, redirect_uri="http://localhost:4000/cb")

    with pytest.raises(InvalidGrant, match="redirect_uri"):
        check(found, code_verifier=VERIFIER, redirect_uri="http://localhost:4001/cb")


def test_another_client_does_not_redeem_it_though_it_holds_everything_else():
    with pytest.raises(InvalidGrant, match="not issued to this client"):
        check(client_id="thief", code_verifier=VERIFIER, redirect_uri=CALLBACK)


@pytest.mark.parametrize("verifier", [None, "", "a" * 43, VECTOR["code_challenge"]])
def test_a_verifier_that_is_missing_or_wrong_does_not_redeem_it(verifier):
    with pytest.raises(InvalidGrant, match="code_verifier"):
        check(code_verifier=verifier, redirect_uri=CALLBACK)


def test_a_verifier_that_answers_no_challenge_does_not_redeem_it():
    with pytest.raises(InvalidGrant, match="no code_challenge"):
        check(kept(code_challenge=None), code_verifier=VERIFIER, redirect_uri=CALLBACK)


def test_it_expires_at_its_instant():
    check(now=NOW + timedelta(seconds=59), code_verifier=VERIFIER)

    with pytest.raises(InvalidGrant, match="expired"):
        check(now=NOW + timedelta(seconds=60), code_verifier=VERIFIER)


def test_a_spent_code_is_known_as_such_even_when_it_has_expired():
    """Whoever replays it later than it lived is a thief none the less: the grant ends what came of it."""
    check(kept(spent_at=NOW), now=NOW + timedelta(days=1), code_verifier=VERIFIER)
