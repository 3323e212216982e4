"""What is asked at the end-session endpoint, and what follows (OIDC RP-Initiated Logout §2, §3)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import logout
from mintmark.protocol.errors import InvalidRequest, UntrustedRequest
from mintmark.protocol.logout import Ask, End, Hint, LogoutRequest
from tests.protocol.making import ISSUER, NOW, client, params

BYE = "https://shop.example/bye"
SHOP = client(post_logout_redirect_uris=[BYE, "http://127.0.0.1/bye"])
SIDS = st.sampled_from(["s1", "s2"])


def read(asking=SHOP, hint=None, **sent):
    return logout.read(params(**sent), asking, hint)


@pytest.mark.parametrize(
    ("claims", "hint"),
    [
        (None, None),
        ({"aud": ["shop"], "sid": "s1"}, None),
        ({"sid": "s1"}, None),
        ({"aud": "shop", "sid": "s1"}, Hint("shop", "s1")),
        ({"aud": "shop", "sid": 7}, Hint("shop", None)),
        ({"aud": "shop"}, Hint("shop", None)),
    ],
)
def test_a_hint_is_for_one_client_and_perhaps_a_session(claims, hint):
    assert hint == logout.hint_of(claims)


def test_client_id_must_be_the_hints_client():
    hint = Hint("shop", "s1")

    assert "shop" == logout.client_id_of(params(), hint) == logout.client_id_of(params(client_id="shop"), hint)
    assert "other" == logout.client_id_of(params(client_id="other"), None)
    assert logout.client_id_of(params(), None) is None
    with pytest.raises(InvalidRequest):
        logout.client_id_of(params(client_id="other"), hint)


@pytest.mark.parametrize("sent", [BYE, "http://127.0.0.1/bye", "http://127.0.0.1:4711/bye"])
def test_the_way_back_is_a_registered_address_and_a_loopback_port_is_free(sent):
    assert sent == logout.onward(read(post_logout_redirect_uri=sent))


@pytest.mark.parametrize(
    "sent",
    [
        BYE + "?x=1",
        BYE + "/",
        BYE + "#x",
        "https://shop.example",
        "https://SHOP.example/bye",
        "https://shop.example@evil.example/bye",
        "https://shop.example/bye/../bye",
        "http://localhost:4711/bye",
        "//shop.example/bye",
        "javascript:alert(1)",
        "https://shop.example/cb",  # where sign-ins end is no place where sign-outs end
    ],
)
def test_no_other_address_is_gone_to(sent):
    with pytest.raises(UntrustedRequest) as refused:
        read(post_logout_redirect_uri=sent)

    assert "post_logout_redirect_uri" == refused.value.check


@given(st.text(max_size=40), st.booleans())
def test_an_address_that_nobody_registered_never_leads_anywhere(sent, known):
    try:
        found = read(client() if known else None, post_logout_redirect_uri=sent)
    except (UntrustedRequest, InvalidRequest):
        return
    assert logout.onward(found) is None


def test_state_goes_back_as_it_came():
    assert BYE == logout.onward(read(post_logout_redirect_uri=BYE))
    assert BYE + "?state=a%26b%20%C3%A9" == logout.onward(read(post_logout_redirect_uri=BYE, state="a&b é"))
    assert logout.onward(read(state="x")) is None


def test_hints_for_people_and_languages_are_never_an_error():
    found = read(logout_hint="\N{SNOWMAN}", ui_locales="xx-nonsense -- 7")

    assert LogoutRequest(SHOP, None, None, None, ("xx-nonsense", "--", "7")) == found


def test_a_hint_of_a_client_that_is_gone_says_nothing():
    assert read(None, Hint("shop", "s1"), post_logout_redirect_uri=BYE).hint is None


@given(st.none() | st.builds(Hint, st.just("shop"), st.none() | SIDS), st.none() | SIDS)
def test_nothing_is_ended_but_the_hints_own_session_and_where_another_is_signed_in_the_person_is_asked(hint, here):
    step = logout.next_step(LogoutRequest(SHOP, hint, None, None), here)

    hinted = None if hint is None else hint.session_id
    if hinted is not None and here in (None, hinted):
        assert End(hinted) == step
    else:
        assert Ask() == step


def test_a_client_hears_by_the_addresses_that_it_registered():
    silent = client()
    back = client(backchannel_logout_uri="https://shop.example/back")
    front = client(frontchannel_logout_uri="https://shop.example/front?a=1")
    plain = client(frontchannel_logout_uri="https://shop.example/front")

    assert [False, True, True] == [logout.hears(one) for one in (silent, back, front)]
    assert [None, "https://shop.example/back", None] == [logout.back_channel(one) for one in (silent, back, front)]
    assert logout.front_channel(back, ISSUER, "s1") is None
    told = "iss=https%3A%2F%2Fid.example&sid=s1"
    assert f"https://shop.example/front?a=1&{told}" == logout.front_channel(front, ISSUER, "s1")
    assert f"https://shop.example/front?{told}" == logout.front_channel(plain, ISSUER, "s1")


def test_a_logout_token_says_who_and_which_session_and_has_no_nonce():
    claims = logout.token_claims(issuer=ISSUER, client_id="shop", subject="p", session_id="s1", jti="j", now=NOW)

    assert {"iss", "sub", "aud", "iat", "exp", "jti", "sid", "events"} == set(claims)
    assert {"http://schemas.openid.net/event/backchannel-logout": {}} == claims["events"]
    assert (NOW.timestamp(), (NOW + timedelta(minutes=2)).timestamp()) == (claims["iat"], claims["exp"])
