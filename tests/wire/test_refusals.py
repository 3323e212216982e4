import html
import json
import re
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.languages import Languages
from mintmark.pages.render import Pages
from mintmark.protocol import errors
from mintmark.protocol.authorization_request import RESPONSE_MODES, RefusedWithRedirect
from mintmark.protocol.return_address import ReturnAddress
from mintmark.wire import refusals
from mintmark.wire.response_modes import MODES

ISSUER = "https://id.example"
TRACE = "3f9c0a71d2e4"
ADDRESS = ReturnAddress("https://shop.example/cb?tenant=1")
MEMBERS = [("a", "1")]
FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
SERVER: Any = SimpleNamespace(issuer=ISSUER, pages=Pages("Acme", "", None, None), languages=Languages())
REFUSALS = [
    (errors.InvalidRequest("no"), 400, "invalid_request"),
    (errors.TooLarge("no"), 413, "invalid_request"),
    (errors.InvalidClient("no"), 401, "invalid_client"),
    (errors.InvalidGrant("no"), 400, "invalid_grant"),
    (errors.InvalidTarget("no"), 400, "invalid_target"),
    (errors.UnknownClient("no"), 400, "invalid_client"),
    (errors.ForgedForm("no"), 403, "access_denied"),
    (errors.TooManyAttempts("no", 7), 429, "slow_down"),
    (errors.Overloaded("no"), 503, "temporarily_unavailable"),
    (errors.Refusal("no"), 400, "invalid_request"),
]


def headers(answer):
    return dict(answer.headers)


@pytest.mark.parametrize(("error", "status", "code"), REFUSALS)
def test_a_refusal_becomes_json(error, status, code):
    answer = refusals.as_json(error, TRACE)

    assert status == answer.status
    assert {"error": code, "error_description": "no", "trace_id": TRACE} == json.loads(answer.body)
    assert TRACE.encode() == headers(answer)[b"x-trace-id"]
    assert b"no-store" == headers(answer)[b"cache-control"]
    assert code == refusals.code(error)


def test_who_comes_too_often_or_too_soon_hears_when_to_come_back():
    assert b"7" == headers(refusals.as_json(errors.TooManyAttempts("no", 7), TRACE))[b"retry-after"]
    assert b"1" == headers(refusals.as_json(errors.Overloaded("no"), TRACE))[b"retry-after"]
    assert b"retry-after" not in headers(refusals.as_json(errors.InvalidGrant("no"), TRACE))


def test_only_who_may_try_basic_is_challenged():
    challenged = refusals.as_json(errors.InvalidClient("no", challenge=True), TRACE)

    assert headers(challenged)[b"www-authenticate"].startswith(b"Basic realm=")
    assert b"www-authenticate" not in headers(refusals.as_json(errors.InvalidClient("no"), TRACE))
    assert b"www-authenticate" not in headers(refusals.as_json(errors.InvalidGrant("no", expected="challenge"), TRACE))


@given(st.text(st.characters()))
def test_every_description_holds_only_what_the_specification_allows(text):
    told = refusals.description(errors.InvalidRequest(text))

    assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*", told)
    assert len(text) == len(told)


STATES = st.none() | st.text(st.characters(codec="utf-8"))


@given(st.sampled_from(["query", "fragment"]), STATES, st.text(st.characters()))
def test_every_refusal_that_goes_back_carries_state_and_issuer_to_the_registered_address(mode, state, description):
    refused = RefusedWithRedirect(errors.AccessDenied(description), ADDRESS, state, mode)
    answer = refusals.as_redirect(refused, SERVER, TRACE)
    location = headers(answer)[b"location"].decode()
    parts = urlsplit(location)
    told = parse_qsl(parts.fragment if mode == "fragment" else parts.query, keep_blank_values=True)

    assert 303 == answer.status
    assert location.startswith(ADDRESS.uri)
    assert not set(location) & set("\r\n\0 ")
    assert "access_denied" == dict(told)["error"]
    assert ISSUER == dict(told)["iss"]
    assert state == dict(told).get("state")
    assert dict(told)["error_description"].endswith(f" (trace {TRACE})")
    assert TRACE.encode() == headers(answer)[b"x-trace-id"]
    assert [name for name, _ in told if name != "tenant"] == [
        "error", "error_description", *(["state"] if state is not None else []), "iss"
    ]  # fmt: skip


def test_every_response_mode_has_its_way_back():
    assert list(RESPONSE_MODES) == list(MODES)
    assert b"https://shop.example/cb?tenant=1&a=1" == headers(MODES["query"](SERVER, ADDRESS, MEMBERS, ()))[b"location"]
    assert (
        b"https://shop.example/cb?tenant=1#a=1" == headers(MODES["fragment"](SERVER, ADDRESS, MEMBERS, ()))[b"location"]
    )


@given(STATES, st.text(st.characters()))
def test_every_refusal_that_is_posted_back_stands_in_a_form_that_goes_there_and_nowhere_else(state, description):
    refused = RefusedWithRedirect(errors.AccessDenied(description), ADDRESS, state, "form_post")
    answer = refusals.as_redirect(refused, SERVER, TRACE)
    page = answer.body.decode()
    fields = {name: html.unescape(value) for name, value in FIELD.findall(page)}
    policy = headers(answer)[b"content-security-policy"].decode()

    assert (200, "access_denied") == (answer.status, answer.error)
    assert [ADDRESS.uri] == [html.unescape(action) for action in re.findall('<form [^>]*action="([^"]*)"', page)]
    assert ("access_denied", ISSUER, state) == (fields["error"], fields["iss"], fields.get("state"))
    assert "form-action https://shop.example;" in policy
    assert b"no-store" == headers(answer)[b"cache-control"]
    assert TRACE.encode() == headers(answer)[b"x-trace-id"]


def test_a_bad_token_is_told_why():
    answer = refusals.as_bearer(errors.InvalidToken('it is "over"'), TRACE)

    assert 401 == answer.status
    assert (
        b'Bearer realm="mintmark", error="invalid_token", error_description="it is \'over\'"'
        == headers(answer)[b"www-authenticate"]
    )
    assert ("invalid_token", TRACE) == tuple(json.loads(answer.body)[name] for name in ("error", "trace_id"))


def test_a_token_that_may_too_little_is_told_what_it_needs():
    answer = refusals.as_bearer(errors.InsufficientScope("no", "openid"), TRACE)

    assert 403 == answer.status
    assert headers(answer)[b"www-authenticate"].endswith(b', scope="openid"')


@pytest.mark.parametrize(
    "answer",
    [
        refusals.as_bearer(errors.NoCredentials("no"), TRACE),
        refusals.as_bearer(errors.InvalidToken("no"), TRACE, named=False),
    ],
)
def test_who_sent_nothing_hears_no_error(answer):
    assert 401 == answer.status
    assert b'Bearer realm="mintmark"' == headers(answer)[b"www-authenticate"]
    assert b"{}" == answer.body
    assert TRACE.encode() == headers(answer)[b"x-trace-id"]
