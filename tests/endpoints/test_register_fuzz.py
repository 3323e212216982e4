"""Whatever is sent to the registration door and its management is answered as the specifications have it, and never by
a fault of ours."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mintmark.protocol.client_members import MEMBERS
from mintmark.protocol.registration import CHOICES, OURS
from tests.issuer import CALLBACK, start
from tests.registering import WEB, manage, registered

NAMES = st.sampled_from(sorted([*MEMBERS, *CHOICES, *OURS, "client_id", "client_secret", "client_name#de", "unheard"]))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from([CALLBACK, "https://a.example/é", "code", "pairwise", "none", "RS256", "RSA", "openid"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["keys", "kty", "n", "e", "crv", "x", "y", "k"]) | st.text(max_size=5), inner)
    ),
    max_leaves=8,
)
BODIES = st.dictionaries(NAMES, VALUES, max_size=8)
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
async def unthrottled(sqlite_database):
    async for one in start(sqlite_database, MINTMARK_THROTTLE_REGISTRATION="off"):
        yield one


@MANY
@given(BODIES.map(lambda body: json.dumps({**WEB, **body}).encode()) | st.binary(max_size=200))
async def test_registering_is_201_or_400(unthrottled, content):
    answer = await unthrottled.http.post("/register", content=content, headers={"content-type": "application/json"})

    assert answer.status_code in (201, 400), answer.text
    assert None not in answer.json().values()
    if answer.status_code == 400:
        assert answer.json()["error"] in {
            "invalid_redirect_uri", "invalid_client_metadata", "invalid_software_statement",
            "unapproved_software_statement",
        }  # fmt: skip


@MANY
@given(BODIES)
async def test_an_update_is_200_or_400_and_a_refused_one_changes_nothing(unthrottled, body):
    told = await registered(unthrottled)
    answer = await manage(unthrottled, told, "PUT", {**WEB, "client_id": told["client_id"], **body})

    assert answer.status_code in (200, 400), answer.text
    newest = {**told, **answer.json()} if answer.status_code == 200 else told
    shown = await manage(unthrottled, newest, "GET")
    assert 200 == shown.status_code
    if answer.status_code == 400:
        assert told["redirect_uris"] == shown.json()["redirect_uris"]


@MANY
@given(
    st.text(st.characters(codec="utf-8"), max_size=50),
    st.text(st.characters(codec="ascii", exclude_characters="\r\n\0"), max_size=50),
)
async def test_whoever_guesses_hears_401_or_400(unthrottled, client_id, token):
    for method in ("GET", "DELETE"):
        answer = await unthrottled.http.request(
            method, "/register", params={"client_id": client_id}, headers={"authorization": f"Bearer {token.strip()}x"}
        )

        assert answer.status_code in (400, 401), answer.text
