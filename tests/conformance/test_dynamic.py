"""The modules of the Dynamic OP plan that the Basic OP plan has not, and the Third-Party-Initiated Login plan.

All of its clients prove themselves by private_key_jwt, as the plan has it.
"""

import json
import time
from urllib.parse import quote, urlencode

from tests.conformance import checks
from tests.conformance.plans import module
from tests.conformance.test_basic import NO_NONE, signed, unsigned

JWT = "application/oauth-authz-req+jwt"
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


@module("oidcc-idtoken-rs256")
def test_oidcc_idtoken_rs256(run, rp, browser):
    rp.start(id_token_signed_response_alg="RS256").flow(browser, alg="RS256")


@module("oidcc-userinfo-rs256")
def test_oidcc_userinfo_rs256(run, rp, browser):
    """Signed UserInfo: a JWT with `iss` and `aud`, and no nonce (OIDC Core §5.3.2)."""
    assert "RS256" in rp.metadata["userinfo_signing_alg_values_supported"]
    answer = rp.start(userinfo_signed_response_alg="RS256").authorize(browser, scope="openid profile")
    tokens = rp.redeem(answer)
    told = rp.ask_userinfo(tokens)

    assert 200 == told.status_code
    assert "application/jwt" == told.headers["content-type"].partition(";")[0].strip()
    found = checks.signed(told.text, rp.published, "RS256")
    checks.warn(rp.op.issuer == found.get("iss"), "iss should be there")
    checks.warn(found.get("aud") in (rp.client["client_id"], [rp.client["client_id"]]), "aud should be there")
    assert "nonce" not in found
    assert rp.claims(tokens)["sub"] == found["sub"]
    checks.standard_claims(found)
    checks.claims_of(found, "openid profile")


@module("oidcc-ensure-redirect-uri-in-authorization-request")
def test_oidcc_ensure_redirect_uri_in_authorization_request(run, rp, browser):
    """Two are registered, and none is sent."""
    rp.start(redirect_uris=[rp.folder.url("callback"), rp.folder.url("callback") + "?dummy1=lorem"])

    rp.page_of_error(browser, redirect_uri=None)


@module("oidcc-redirect-uri-query-OK")
def test_oidcc_redirect_uri_query_ok(run, rp, browser):
    """The registered query comes back beside the answer (RFC 6749 §3.1.2)."""
    rp.start(redirect_uris=[rp.folder.url("callback") + "?dummy1=lorem&dummy2=ipsum"])
    flow = rp.flow(browser)

    assert ("lorem", "ipsum") == (flow.answer["dummy1"], flow.answer["dummy2"])


@module("oidcc-redirect-uri-query-mismatch")
def test_oidcc_redirect_uri_query_mismatch(run, rp, browser):
    rp.start(redirect_uris=[rp.folder.url("callback") + "?dummy1=lorem"])

    rp.page_of_error(browser, redirect_uri=rp.folder.url("callback") + "?dummy1=ipsum")


@module("oidcc-redirect-uri-query-added")
def test_oidcc_redirect_uri_query_added(run, rp, browser):
    rp.start()

    rp.page_of_error(browser, redirect_uri=rp.folder.url("callback") + "?dummy1=lorem&dummy2=ipsum")


@module("oidcc-redirect-uri-regfrag")
def test_oidcc_redirect_uri_regfrag(run, rp, browser):
    refused = checks.json_of(rp.register(redirect_uris=[rp.folder.url("callback") + "#foobar"]), 400)

    assert "invalid_redirect_uri" == refused["error"]


@module("oidcc-registration-logo-uri")
def test_oidcc_registration_logo_uri(run, rp, browser):
    """Where a person signs in, the client's logo is seen: it comes from us, or from where the page may load it."""
    rp.start(logo_uri=rp.folder.put("logo.svg", PICTURE, "image/svg+xml"))
    page = browser.go(rp.address())

    pictures = [picture.attributes["src"] for picture in page.all("img")]
    assert page.form("sign-in") is not None
    checks.warn(pictures, "the sign-in page shows no logo")
    assert all(page.allows("img-src", picture) for picture in pictures)


@module("oidcc-registration-policy-uri")
def test_oidcc_registration_policy_uri(run, rp, browser):
    links_to(rp, browser, "policy_uri")


@module("oidcc-registration-tos-uri")
def test_oidcc_registration_tos_uri(run, rp, browser):
    links_to(rp, browser, "tos_uri")


def links_to(rp, browser, member):
    address = rp.folder.url(f"{member}.html")
    page = browser.go(rp.start(**{member: address}).address())

    assert page.form("sign-in") is not None
    assert address in [link.attributes.get("href") for link in page.all("a")]


@module("oidcc-registration-jwks-uri")
def test_oidcc_registration_jwks_uri(run, rp, browser):
    address = rp.folder.put("jwks", key_set(rp.key))
    rp.start(jwks=None, jwks_uri=address).flow(browser)

    assert rp.folder.heard("jwks")


def key_set(key):
    return json.dumps({"keys": [key.as_dict(private=False, use="sig", alg="RS256")]}).encode()


@module("oidcc-registration-sector-uri")
def test_oidcc_registration_sector_uri(run, rp, browser):
    assert "pairwise" in rp.metadata["subject_types_supported"]
    addresses = json.dumps([rp.folder.url("callback")]).encode()
    sector = rp.folder.put("redirect_uris.json", addresses)
    rp.start(subject_type="pairwise", sector_identifier_uri=sector)

    assert rp.folder.heard("redirect_uris.json")
    rp.flow(browser)  # the suite stops at the registration


@module("oidcc-registration-sector-bad")
def test_oidcc_registration_sector_bad(run, rp, browser):
    sector = rp.folder.put("redirect_uris.json", json.dumps([rp.folder.url("another")]).encode())
    refused = checks.json_of(rp.register(subject_type="pairwise", sector_identifier_uri=sector), 400)

    checks.warn("invalid_client_metadata" == refused["error"], f"the error is {refused['error']}")


@module("oidcc-server-rotate-keys")
def test_oidcc_server_rotate_keys(run, rp):
    """While the module waits, an operator rotates the keys; the server follows within a second."""
    before = {key["kid"] for key in rp.published["keys"]}
    rp.op.served.command("keys", "rotate")
    after = until(lambda: {key["kid"] for key in rp.fetch_keys()["keys"]} - before and rp.fetch_keys())

    kids = {key["kid"] for key in after["keys"]}
    checks.warn(before <= kids, "an old key is gone, though what it signed lives (OIDC Core §10.1.1)")
    assert kids - before


def until(look):
    """What it finds, within some seconds: another process was told."""
    end = time.monotonic() + 10
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


@module("oidcc-refresh-token-rp-key-rotation", later=True)
def test_oidcc_refresh_token_rp_key_rotation(run, rp, browser, other_suite_key):
    """A key with a kid that the server never met is looked up anew."""
    keys = [rp.key]
    rp.folder.put("jwks", lambda: key_set(keys[0]))
    rp.start(jwks=None, jwks_uri=rp.folder.url("jwks"), grant_types=["authorization_code", "refresh_token"])
    flow = rp.flow(browser, scope="openid offline_access", prompt="consent")
    rp.key = keys[0] = other_suite_key
    rp.op.later("60s")
    tokens = checks.token_answer(rp.ask_to_refresh(flow.tokens["refresh_token"]))

    assert flow.claims["sub"] == rp.claims(tokens, nonce=None)["sub"]
    rp.userinfo(tokens, flow.claims["sub"])


@module("oidcc-request-uri-unsigned")
def test_oidcc_request_uri_unsigned(run, rp, browser):
    """Left out by the suite, as `none` is not advertised; sent all the same, it is refused."""
    assert rp.metadata["request_uri_parameter_supported"]
    assert "none" not in rp.metadata["request_object_signing_alg_values_supported"]
    address = rp.folder.url("request.jwt")
    rp.start(request_uris=[address])
    rp.folder.put("request.jwt", unsigned(rp.request()).encode(), JWT)
    rp.error(browser, "request_uri_not_supported", "invalid_request_uri", "invalid_request_object", request_uri=address)
    run.skipped(NO_NONE)


@module("oidcc-request-uri-signed-rs256")
def test_oidcc_request_uri_signed_rs256(run, rp, browser):
    assert rp.metadata["request_uri_parameter_supported"]
    assert "RS256" in rp.metadata["request_object_signing_alg_values_supported"]
    address = rp.folder.url("request.jwt")
    rp.start(request_uris=[address], request_object_signing_alg="RS256")
    inside = rp.request()
    rp.folder.put("request.jwt", signed(rp, inside).encode(), JWT)
    # What a client sends beside it is what OAuth asks for (OIDC Core §6.2).
    query = {name: inside[name] for name in ("client_id", "scope", "response_type")}
    page = browser.go(address_of(rp, {**query, "request_uri": address}))
    rp.sent = inside
    rp.go_on(rp.came_back(browser, page))

    assert rp.folder.heard("request.jwt")


def address_of(rp, query):
    return f"{rp.metadata['authorization_endpoint']}?{urlencode(query, quote_via=quote)}"


@module("oidcc-ensure-client-assertion-with-iss-aud-succeeds")
def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(run, rp, browser):
    """The audience of an assertion is the issuer: it is so in each module here."""
    answer = rp.start().authorize(browser)
    tokens = rp.redeem(answer, client_assertion=rp.assertion(rp.op.issuer))

    rp.claims(tokens)


@module("oidcc-3rd_party-init-login")
def test_oidcc_3rd_party_init_login(run, rp):
    """The address is echoed, and read again where the client looks itself up (RFC 7592 §2.1)."""
    address = rp.folder.url("initiate_login")
    rp.start(initiate_login_uri=address)
    token = rp.client["registration_access_token"]
    told = rp.op.http.get(rp.client["registration_client_uri"], headers={"authorization": f"Bearer {token}"})

    assert address == rp.client["initiate_login_uri"]
    assert address == checks.json_of(told)["initiate_login_uri"]
    checks.not_stored(told)


@module("oidcc-3rd_party-init-login-nohttps")
def test_oidcc_3rd_party_init_login_nohttps(run, rp):
    address = rp.folder.url("initiate_login").replace("https://", "http://")
    refused = checks.json_of(rp.register(initiate_login_uri=address), 400)

    assert "invalid_client_metadata" == refused["error"]
