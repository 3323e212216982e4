"""The modules of the RP-Initiated, Back-Channel and Front-Channel Logout plans.

Wherever the suite ends with a request that must find nobody signed in, so do these.
"""

import base64
import json
import secrets
from urllib.parse import quote, urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.conformance import checks
from tests.conformance.plans import module
from tests.conformance.test_config import verify

EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Leaving:
    """A person who signed in, and the address that the relying party sends them to."""

    def __init__(self, rp, browser):
        self.rp, self.browser = rp, browser
        self.landing = rp.folder.url("post_logout_redirect")
        self.state = secrets.token_urlsafe(96)  # the suite's is 128 characters long

    def starts(self, **members):
        self.rp.start(post_logout_redirect_uris=[self.landing], **members)
        self.flow = self.rp.flow(self.browser)
        return self

    def leaves(self, **changed):
        return self.browser.through(self.browser.go(self.address(**changed)))

    def address(self, **changed):
        """With what the suite sends; None leaves a parameter out."""
        sent = {
            "id_token_hint": self.flow.tokens["id_token"],
            "post_logout_redirect_uri": self.landing,
            "state": self.state,
            **changed,
        }
        query = urlencode({name: value for name, value in sent.items() if value is not None}, quote_via=quote)
        return f"{self.rp.metadata['end_session_endpoint']}?{query}"

    def landed(self):
        """What came to the post-logout redirect URI, once."""
        heard = self.rp.folder.heard("post_logout_redirect")
        assert 1 == len(heard)
        assert "GET" == heard[0].method
        return heard[0].one()

    def nobody_is_signed_in(self):
        self.rp.error(self.browser, *checks.ERRORS_THAT_NEED_A_PERSON, prompt="none")

    def somebody_is_signed_in(self):
        self.rp.flow(self.browser, prompt="none")

    def never_landed(self, page):
        """An error page, or one that asks (RP-Initiated Logout §3); nothing has ended before the person says so."""
        assert [] == self.rp.folder.heard("post_logout_redirect")
        assert page.url.startswith(f"{self.rp.op.issuer}/")
        if page.find("error") is not None:
            assert 400 <= page.status < 500
        else:
            assert 200 == page.status
            assert page.find("sign-out") is not None
        self.somebody_is_signed_in()
        return page

    def confirms(self, page):
        """Where the server asks, the suite's browser presses the button."""
        form = next(
            (form for form in page.read.forms if any("sign-out" == one.attributes.get("id") for one in form.buttons)),
            None,
        )
        return page if form is None else self.browser.through(self.browser.submit(page, form, "sign-out"))

    def sees_the_end(self, page):
        page = self.confirms(page)
        assert 200 == page.status
        assert page.find("signed-out") is not None
        assert [] == self.rp.folder.heard("post_logout_redirect")
        self.nobody_is_signed_in()


@pytest.fixture
def leaving(rp, browser):
    return Leaving(rp, browser)


@module("oidcc-rp-initiated-logout-discovery-endpoint-verification")
def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(run, rp):
    assert verify(rp)["end_session_endpoint"].startswith("https://")


@module("oidcc-rp-initiated-logout")
def test_oidcc_rp_initiated_logout(run, leaving):
    leaving.starts().leaves()

    assert {"state": leaving.state} == leaving.landed()
    leaving.nobody_is_signed_in()


@module("oidcc-rp-initiated-logout-no-state")
def test_oidcc_rp_initiated_logout_no_state(run, leaving):
    leaving.starts().leaves(state=None)

    assert {} == leaving.landed()
    leaving.nobody_is_signed_in()


@module("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri")
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(run, leaving):
    page = leaving.starts().leaves(post_logout_redirect_uri=f"{leaving.landing}/foo-bar")

    leaving.never_landed(page)
    assert [] == leaving.rp.folder.heard("post_logout_redirect/foo-bar")


@module("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri")
def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(run, leaving):
    leaving.never_landed(leaving.starts().leaves(post_logout_redirect_uri=f"{leaving.landing}?foo=bar"))


@module("oidcc-rp-initiated-logout-modified-id-token-hint")
def test_oidcc_rp_initiated_logout_modified_id_token_hint(run, leaving):
    """Its claims are right; its header says `none`, and it is not signed."""
    claims = leaving.starts().flow.tokens["id_token"].split(".")[1]
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()

    leaving.never_landed(leaving.leaves(id_token_hint=f"{header}.{claims}."))


@module("oidcc-rp-initiated-logout-bad-id-token-hint")
def test_oidcc_rp_initiated_logout_bad_id_token_hint(run, leaving, other_suite_key: RSAKey):
    """Its claims are right; somebody else signed it."""
    claims = {**leaving.starts().flow.claims}
    hint = jwt.encode({"alg": "RS256", "kid": other_suite_key.kid}, claims, other_suite_key, algorithms=["RS256"])

    leaving.never_landed(leaving.leaves(id_token_hint=hint))


@module("oidcc-rp-initiated-logout-no-id-token-hint")
def test_oidcc_rp_initiated_logout_no_id_token_hint(run, leaving):
    leaving.never_landed(leaving.starts().leaves(id_token_hint=None))


@module("oidcc-rp-initiated-logout-no-params")
def test_oidcc_rp_initiated_logout_no_params(run, leaving):
    leaving.sees_the_end(leaving.starts().leaves(id_token_hint=None, post_logout_redirect_uri=None, state=None))


@module("oidcc-rp-initiated-logout-no-post-logout-redirect-uri")
def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(run, leaving):
    leaving.sees_the_end(leaving.starts().leaves(post_logout_redirect_uri=None))


@module("oidcc-rp-initiated-logout-only-state")
def test_oidcc_rp_initiated_logout_only_state(run, leaving):
    leaving.sees_the_end(leaving.starts().leaves(id_token_hint=None, post_logout_redirect_uri=None))


@module("oidcc-backchannel-logout-discovery-endpoint-verification")
def test_oidcc_backchannel_logout_discovery_endpoint_verification(run, rp):
    found = verify(rp)

    assert found["backchannel_logout_supported"] is True
    checks.warn(found.get("backchannel_logout_session_supported") is True, "sid should be in logout tokens")


@module("oidcc-backchannel-rp-initiated-logout")
def test_oidcc_backchannel_rp_initiated_logout(run, leaving):
    rp = leaving.rp
    leaving.starts(
        backchannel_logout_uri=rp.folder.url("backchannel_logout"), backchannel_logout_session_required=True
    ).leaves()
    came = rp.folder.wait("backchannel_logout")

    assert "POST" == came.method
    assert came.content_type.startswith("application/x-www-form-urlencoded")
    assert came.tls in ("TLSv1.2", "TLSv1.3")
    assert {"logout_token"} == set(came.form)
    assert {} == came.query
    logout_token(rp, came.one("form")["logout_token"], leaving.flow.claims)
    assert {"state": leaving.state} == leaving.landed()
    leaving.nobody_is_signed_in()


def logout_token(rp, token, claims):
    """Back-Channel Logout §2.4."""
    found = checks.signed(token, rp.published, "RS256")
    now = rp.op.now().timestamp()
    assert rp.op.issuer == found["iss"]
    assert found["aud"] in (rp.client["client_id"], [rp.client["client_id"]])
    assert abs(found["iat"] - now) < 300
    assert found["exp"] > now
    assert found["jti"]
    assert {EVENT: {}} == found["events"]
    assert "nonce" not in found
    assert claims["sub"] == found.get("sub", claims["sub"])
    assert claims["sid"] == found["sid"], "backchannel_logout_session_required"


@module("oidcc-frontchannel-logout-discovery-endpoint-verification")
def test_oidcc_frontchannel_logout_discovery_endpoint_verification(run, rp):
    found = verify(rp)

    assert found["frontchannel_logout_supported"] is True
    checks.warn(found.get("frontchannel_logout_session_supported") is True, "iss and sid should be sent")


@module("oidcc-frontchannel-rp-initiated-logout")
def test_oidcc_frontchannel_rp_initiated_logout(run, leaving):
    """The receiver is loaded in a frame that the page's policy allows, and then the person goes on."""
    rp = leaving.rp
    leaving.starts(
        frontchannel_logout_uri=rp.folder.url("frontchannel_logout"), frontchannel_logout_session_required=True
    ).leaves()
    heard = rp.folder.heard("frontchannel_logout")

    assert 1 == len(heard)
    assert {"iss": rp.op.issuer, "sid": leaving.flow.claims["sid"]} == heard[0].one()
    assert {"state": leaving.state} == leaving.landed()
    leaving.nobody_is_signed_in()
