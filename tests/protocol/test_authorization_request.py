from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import authorization_request, claims_request
from mintmark.protocol.authorization_request import LONGEST, RefusedWithRedirect, kept
from mintmark.protocol.errors import InvalidRequest, UntrustedRequest
from mintmark.protocol.params import Params
from tests.protocol.making import (
    ADMIN,
    API,
    ASKED,
    CALLBACK,
    CATALOGUE,
    CHALLENGE,
    FILES,
    ISSUER,
    PLAIN,
    asked,
    client,
    params,
)


def read(sent, asker=None, *, require_pkce=True, sign_up=False):
    return authorization_request.read(sent, asker or client(), CATALOGUE, require_pkce=require_pkce, sign_up=sign_up)


def refused(sent, asker=None, **options):
    """The refusal that goes back to the client."""
    with pytest.raises(RefusedWithRedirect) as refusal:
        read(sent, asker, **options)
    assert CALLBACK == refusal.value.return_address.uri
    return refusal.value


def code(sent, asker=None, **options):
    return refused(sent, asker, **options).error.code


def test_a_request_in_order_is_read():
    found = read(asked(nonce="n" * 400, login_hint="alice", id_token_hint="e.y.J", response_mode="fragment"))

    assert "shop" == found.client_id
    assert CALLBACK == found.return_address.uri
    assert "fragment" == found.response_mode
    assert ASKED["state"] == found.state
    assert ("openid",) == found.scope
    assert () == found.resources
    assert (ISSUER,) == found.audience
    assert "n" * 400 == found.nonce
    assert CHALLENGE == found.code_challenge
    assert frozenset() == found.prompt
    assert None is found.max_age
    assert "alice" == found.login_hint
    assert claims_request.NOTHING == found.claims
    assert () == found.acr_values
    assert "e.y.J" == found.id_token_hint
    assert not found.offline


def test_an_empty_value_is_an_absent_one():
    empty = dict.fromkeys(
        [
            "state",
            "nonce",
            "prompt",
            "max_age",
            "response_mode",
            "login_hint",
            "id_token_hint",
            "request",
            "request_uri",
        ],
        "",
    )
    found = read(asked(**empty, resource=""))

    assert read(asked(state=None)) == found


@pytest.mark.parametrize(
    "odd",
    [
        {"ui_locales": "xx-\u0661 %%"},
        {"claims_locales": "-"},
        {"display": "hologram"},
        {"login_hint": "<script>"},
        {"acr_values": "urn:nothing \u2603"},
        {"unknown": "parameter"},
    ],
)
def test_nonsense_that_does_not_matter_is_no_error(odd):
    assert ("openid",) == read(asked(**odd)).scope


def test_single_claims_are_asked_for_as_far_as_the_client_may_have_them():
    sent = asked(claims='{"userinfo": {"email": null, "phone_number": null}, "id_token": {"acr": null}}')
    found = read(sent, client(scope="openid email"))

    assert {"email"} == set(found.claims.userinfo)
    assert {"acr"} == set(found.claims.id_token)
    assert ("openid", "email") == found.to_allow
    assert ("openid",) == found.scope


def test_who_does_not_ask_for_openid_asks_for_no_claims_either():
    found = read(asked(scope="api:read", claims='{"userinfo": {"email": null}}'), client(scope="openid email api:read"))

    assert claims_request.NOTHING == found.claims
    assert ("api:read",) == found.to_allow


@pytest.mark.parametrize(
    ("sent", "wished"),
    [
        ({"acr_values": "b  a b"}, ("b", "a")),
        ({"acr_values": "b", "claims": '{"id_token": {"acr": {"value": "c"}}}'}, ("b",)),
        ({"claims": '{"id_token": {"acr": {"values": ["c", 1]}}}'}, ("c",)),
        ({}, ("of-the-client",)),
    ],
)
def test_the_wish_of_a_request_comes_before_the_clients_own(sent, wished):
    assert wished == read(asked(**sent), client(default_acr_values=["of-the-client"])).acr_values


# ---- whom may we answer?


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "https://shop.example/cb/",
        "https://evil.example/cb",
        [CALLBACK, CALLBACK],
        [CALLBACK, "https://evil.example"],
        "\U0001f600",
    ],
)
@pytest.mark.parametrize(
    "else_wrong",
    [
        {},
        {"response_type": None},
        {"prompt": "none"},
        {"scope": "nobody:knows"},
        {"state": ["a", "b"]},
        {"request": "x"},
    ],
)
def test_whatever_else_is_wrong_an_address_that_is_not_registered_is_a_page(address, else_wrong):
    with pytest.raises(UntrustedRequest):
        read(asked(redirect_uri=address, **else_wrong))


VALUES = st.sampled_from(
    [
        "",
        "none",
        "code",
        "token",
        "openid",
        "plain",
        "S256",
        CHALLENGE,
        "query",
        "fragment",
        "form_post",
        "0",
        "-1",
        API,
        ADMIN,
        CALLBACK,
    ]
) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
ADDRESSES = st.sampled_from(
    [CALLBACK, "https://evil.example/cb", CALLBACK + "/", "http://localhost/cb", "http://localhost:5/cb"]
)
NAMES = [
    *ASKED,
    "prompt",
    "max_age",
    "nonce",
    "resource",
    "response_mode",
    "request",
    "request_uri",
    "registration",
    "x",
]


@given(
    st.dictionaries(st.sampled_from(NAMES), VALUES | st.lists(VALUES, max_size=2)),
    ADDRESSES | st.lists(ADDRESSES),
    st.lists(ADDRESSES),
    st.booleans(),
)
def test_every_request_is_read_or_becomes_a_page_or_goes_back_to_a_registered_address(
    members, address, registered, pkce
):
    asker = client(redirect_uris=registered)
    sent = params(ASKED | members, redirect_uri=address)
    try:
        found = read(sent, asker, require_pkce=pkce)
    except UntrustedRequest:
        return
    except RefusedWithRedirect as refusal:
        goes_to = refusal.return_address.uri
    else:
        goes_to = found.return_address.uri
        assert found.scope
        assert set(found.scope) <= set(asker.may_use)
        assert found.audience
        assert not pkce or found.code_challenge
        assert "none" not in found.prompt or frozenset({"none"}) == found.prompt

    assert goes_to == address or [goes_to] == address
    loopback = "localhost" == urlsplit(goes_to).hostname
    assert goes_to in registered or (loopback and any("localhost" == urlsplit(one).hostname for one in registered))


# ---- refusals that go back


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "Code"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unauthorized_client"),
        ({"response_type": "none code"}, "unsupported_response_type"),
        ({"response_mode": "form_post.jwt"}, "invalid_request"),
        ({"response_mode": "query.jwt"}, "invalid_request"),
        ({"response_mode": ["query", "query"]}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": 'openid "x"'}, "invalid_scope"),
        ({"scope": " "}, "invalid_scope"),
        ({"scope": "nobody:knows"}, "invalid_scope"),
        ({"scope": "email"}, "invalid_scope"),
        ({"scope": "a" * 4097}, "invalid_scope"),
        ({"scope": ["openid", "openid"]}, "invalid_request"),
        ({"scope": "shared"}, "invalid_target"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"resource": API + "#"}, "invalid_target"),
        ({"resource": [API, "/"]}, "invalid_target"),
        ({"resource": ADMIN}, "invalid_target"),
        ({"request": "e.y.J"}, "request_not_supported"),
        ({"request_uri": "urn:x"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"prompt": "None"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "\u0661"}, "invalid_request"),
        ({"max_age": "1" * 5000}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"nonce": ["a", "b"]}, "invalid_request"),
        ({"unknown": ["a", "a"]}, "invalid_request"),
        ({"nonce": "n" * LONGEST}, "invalid_request"),
        ({"nonce": "\u2603" * (LONGEST // 3)}, "invalid_request"),
    ],
)
def test_what_is_wrong_is_said_to_the_client_with_its_state(members, error):
    refusal = refused(asked(**members))

    assert error == refusal.error.code
    assert ASKED["state"] == refusal.state
    assert "query" == refusal.mode
    assert str(refusal) == refusal.error.description


def test_a_refusal_goes_back_the_way_that_was_asked_for():
    assert "fragment" == refused(asked(response_mode="fragment", response_type="token")).mode


@pytest.mark.parametrize("state", [["a", "a"], ["a", "b"], ["", "a"]])
def test_of_two_states_none_is_sent_back(state):
    refusal = refused(asked(state=state))

    assert "invalid_request" == refusal.error.code
    assert None is refusal.state


@pytest.mark.parametrize("types", [["none"], ["code", "none"]])
def test_of_the_type_none_no_challenge_is_required_and_no_code_is_wanted(types):
    found = read(
        asked(response_type="none", code_challenge=None, code_challenge_method=None), client(response_types=types)
    )

    assert "none" == found.response_type
    assert not found.wants_code
    assert read(asked()).wants_code


@pytest.mark.parametrize("members", [{"grant_types": ["client_credentials"]}, {"response_types": []}])
def test_a_client_that_is_not_registered_for_the_code_flow_hears_so(members):
    assert "unauthorized_client" == code(asked(), client(**members))


def test_a_client_may_do_without_pkce_where_its_policy_says_so():
    assert None is read(asked(code_challenge=None, code_challenge_method=None), require_pkce=False).code_challenge
    assert CHALLENGE == read(asked(), require_pkce=False).code_challenge
    assert "invalid_request" == code(asked(code_challenge_method="plain"), require_pkce=False)


# ---- scope


def test_unknown_scopes_are_dropped_and_order_is_kept():
    assert ("profile", "openid") == read(asked(scope="profile nobody:knows  openid email profile")).scope


def test_without_scope_a_default_applies():
    bare = client(scope=None)

    assert ("openid", "profile", "email", "address", "phone", "groups") == read(asked(scope=None), bare).scope
    assert ("api:read", "api:write", "shared") == read(asked(scope=None, resource=API)).scope
    assert ("openid",) == read(asked(scope="", resource=PLAIN)).scope


def test_a_resource_is_named_as_it_was_configured():
    found = read(asked(scope="openid api:read files:read", resource=["HTTPS://API.example/", FILES]))

    assert (API, FILES) == found.resources == found.audience
    assert ("openid", "api:read", "files:read") == found.scope


def test_offline_access_is_for_clients_that_can_refresh():
    assert read(asked(scope="openid offline_access")).offline
    without = client(grant_types=["authorization_code"])
    assert ("openid",) == read(asked(scope="openid offline_access"), without).scope
    assert "invalid_scope" == code(asked(scope="offline_access"), without)


# ---- prompt and max_age


def test_prompt_is_a_set_of_words():
    assert frozenset({"login", "consent"}) == read(asked(prompt="login consent login")).prompt
    assert frozenset({"none"}) == read(asked(prompt="none")).prompt
    assert frozenset({"select_account"}) == read(asked(prompt="select_account")).prompt


def test_create_is_a_prompt_only_where_people_can_sign_up():
    assert frozenset({"create"}) == read(asked(prompt="create"), sign_up=True).prompt
    with pytest.raises(RefusedWithRedirect) as caught:
        read(asked(prompt="create none"), sign_up=True)
    assert "invalid_request" == caught.value.error.code


@pytest.mark.parametrize(("sent", "age"), [("0", 0), ("00060", 60), ("999999999", 999_999_999)])
def test_max_age_is_seconds(sent, age):
    assert timedelta(seconds=age) == read(asked(max_age=sent)).max_age


def test_a_client_may_have_a_max_age_of_its_own():
    strict = client(default_max_age=60)

    assert timedelta(seconds=60) == read(asked(), strict).max_age
    assert timedelta(seconds=5) == read(asked(max_age="5"), strict).max_age
    assert timedelta(seconds=999_999_999) == read(asked(), client(default_max_age=10**30)).max_age


# ---- what is kept


def test_what_is_kept_is_read_again_to_the_same_request():
    sent = asked(resource=[API, FILES], scope="openid api:read", empty="")
    again = Params({name: list(values) for name, values in kept(sent).items()})

    assert read(sent) == read(again)
    assert list(sent) == list(again)
    assert [API, FILES] == kept(sent)["resource"]


def test_the_address_is_found_before_anything_else_is_looked_at():
    assert CALLBACK == authorization_request.return_address(params(redirect_uri=CALLBACK), client()).uri
    with pytest.raises(UntrustedRequest, match="more than once"):
        authorization_request.return_address(params(redirect_uri=[CALLBACK, CALLBACK]), client())


def test_the_longest_request_is_measured_in_bytes():
    used = sum(len(name) + len(value) for name, value in asked(nonce="x")) - 1

    assert "n" * (LONGEST - used) == read(asked(nonce="n" * (LONGEST - used))).nonce
    with pytest.raises(RefusedWithRedirect) as refusal:
        read(asked(nonce="n" * (LONGEST - used + 1)))
    assert isinstance(refusal.value.error, InvalidRequest)


# ---- a refusal of what could not be read whole


@pytest.mark.parametrize(
    ("members", "mode", "state"),
    [
        ({}, "query", ASKED["state"]),
        ({"response_mode": "form_post", "state": None}, "form_post", None),
        ({"response_mode": "nonsense", "state": ["a", "b"]}, "query", None),
        ({"response_mode": ["fragment", "query"]}, "fragment", ASKED["state"]),
    ],
)
def test_it_goes_back_by_the_address_that_was_sent_in_the_open(members, mode, state):
    found = authorization_request.back(InvalidRequest("no"), asked(**members), client())

    assert isinstance(found, RefusedWithRedirect)
    assert (CALLBACK, mode, state) == (found.return_address.uri, found.mode, found.state)


@pytest.mark.parametrize("address", [None, ""])
def test_without_such_an_address_it_goes_nowhere(address):
    error = InvalidRequest("no")

    assert error is authorization_request.back(error, asked(redirect_uri=address), client())


def test_an_address_that_is_not_registered_is_a_page_all_the_same():
    with pytest.raises(UntrustedRequest):
        authorization_request.back(InvalidRequest("no"), asked(redirect_uri="https://evil.example"), client())
