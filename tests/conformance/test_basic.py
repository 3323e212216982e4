"""The modules of the Basic OP and Form Post OP plans, and those of them that the Dynamic OP plan runs again.

Each test is named after its module. Where a module waits, its server's clock is set forward instead.
"""

import base64
import hashlib
import json
from urllib.parse import quote, urlencode

from joserfc import jws, jwt
from joserfc.jws import JWSRegistry

from tests.conformance import checks
from tests.conformance.plans import module

NO_NONE = "none is not in request_object_signing_alg_values_supported"


@module("oidcc-server")
def test_oidcc_server(run, rp, browser):
    """The happy path: everything that each of the others checks as well."""
    flow = rp.start().flow(browser)

    assert {"code", "state", "iss"} <= set(flow.answer)
    assert 1 == browser.signed_in


@module("oidcc-server-client-secret-post")
def test_oidcc_server_client_secret_post(run, rp, browser):
    assert "client_secret_post" in rp.metadata["token_endpoint_auth_methods_supported"]

    rp.start().flow(browser)


@module("oidcc-response-type-missing")
def test_oidcc_response_type_missing(run, rp, browser):
    rp.start().error(browser, "unsupported_response_type", "invalid_request", response_type=None)


@module("oidcc-idtoken-signature")
def test_oidcc_idtoken_signature(run, rp, browser):
    """RS256 where nothing else was registered, by a key that `kid` names."""
    flow = rp.start().flow(browser)

    header = jws.extract_compact(flow.tokens["id_token"].encode()).headers()
    assert "RS256" == header["alg"]
    assert header["kid"] in [key["kid"] for key in rp.published["keys"]]


@module("oidcc-idtoken-unsigned")
def test_oidcc_idtoken_unsigned(run, rp, browser):
    """`none` is not advertised, so the suite leaves it out; and a client that wants it all the same is refused."""
    assert "none" not in rp.metadata["id_token_signing_alg_values_supported"]

    refused = checks.json_of(rp.register(id_token_signed_response_alg="none"), 400)
    assert "invalid_client_metadata" == refused["error"]
    run.skipped("none is not in id_token_signing_alg_values_supported")


@module("oidcc-userinfo-get")
def test_oidcc_userinfo_get(run, rp, browser):
    flow = rp.start().flow(browser)

    rp.userinfo(flow.tokens, flow.claims["sub"], "get")


@module("oidcc-userinfo-post-header")
def test_oidcc_userinfo_post_header(run, rp, browser):
    flow = rp.start().flow(browser)

    rp.userinfo(flow.tokens, flow.claims["sub"], "post-header")


@module("oidcc-userinfo-post-body")
def test_oidcc_userinfo_post_body(run, rp, browser):
    """Optional (RFC 6750 §2.2); the suite warns where it is refused."""
    flow = rp.start().flow(browser)

    checks.warn(200 == rp.ask_userinfo(flow.tokens, "post-body").status_code, "a token in the body is refused")
    rp.userinfo(flow.tokens, flow.claims["sub"], "post-body")


@module("oidcc-ensure-request-without-nonce-succeeds-for-code-flow")
def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(run, rp, browser):
    flow = rp.start().flow(browser, nonce=None)

    assert "nonce" not in flow.claims


def claims_come_by(rp, browser, scope):
    """By UserInfo, and not in the ID token: there is an access token (OIDC Core §5.4)."""
    assert set(scope.split()) <= set(rp.metadata["scopes_supported"])
    flow = rp.start().flow(browser, scope=scope)

    checks.claims_of(flow.userinfo, scope)
    assert not set(checks.TYPES) & set(flow.claims)
    assert set(flow.tokens.get("scope", scope).split()) == set(scope.split())


@module("oidcc-scope-profile")
def test_oidcc_scope_profile(run, rp, browser):
    claims_come_by(rp, browser, "openid profile")


@module("oidcc-scope-email")
def test_oidcc_scope_email(run, rp, browser):
    claims_come_by(rp, browser, "openid email")


@module("oidcc-scope-address")
def test_oidcc_scope_address(run, rp, browser):
    claims_come_by(rp, browser, "openid address")


@module("oidcc-scope-phone")
def test_oidcc_scope_phone(run, rp, browser):
    claims_come_by(rp, browser, "openid phone")


@module("oidcc-scope-all")
def test_oidcc_scope_all(run, rp, browser):
    claims_come_by(rp, browser, "openid profile email address phone")


@module("oidcc-alternate-happy-flow")
def test_oidcc_alternate_happy_flow(run, rp, browser):
    """The order of parameters, and of scopes, says nothing (RFC 6749 §3.3)."""
    rp.start()
    parameters = reversed(rp.request(scope="email openid").items())
    address = f"{rp.metadata['authorization_endpoint']}?{urlencode(list(parameters), quote_via=quote)}"
    flow = rp.go_on(rp.came_back(browser, browser.go(address)))

    checks.claims_of(flow.userinfo, "openid email")


@module("oidcc-display-page")
def test_oidcc_display_page(run, rp, browser):
    rp.start().flow(browser, display="page")

    assert 1 == browser.signed_in


@module("oidcc-display-popup")
def test_oidcc_display_popup(run, rp, browser):
    rp.start().flow(browser, display="popup")

    assert 1 == browser.signed_in


@module("oidcc-prompt-login")
def test_oidcc_prompt_login(run, rp, browser):
    first = rp.start().flow(browser)
    second = rp.flow(browser, prompt="login")

    assert 2 == browser.signed_in
    assert first.claims["sub"] == second.claims["sub"]
    assert "auth_time" not in second.claims or second.claims["auth_time"] >= first.claims.get("auth_time", 0)


@module("oidcc-prompt-none-not-logged-in")
def test_oidcc_prompt_none_not_logged_in(run, rp, browser):
    rp.start().error(browser, *checks.ERRORS_THAT_NEED_A_PERSON, prompt="none")

    assert 0 == browser.signed_in


@module("oidcc-prompt-none-logged-in")
def test_oidcc_prompt_none_logged_in(run, rp, browser):
    first = rp.start().flow(browser)
    before = browser.signed_in, browser.allowed
    second = rp.flow(browser, prompt="none")

    assert before == (browser.signed_in, browser.allowed)
    assert first.claims["sub"] == second.claims["sub"]
    assert first.claims.get("auth_time") == second.claims.get("auth_time")


@module("oidcc-max-age-1", later=True)
def test_oidcc_max_age_1(run, rp, browser):
    first = rp.start().flow(browser)
    rp.op.later("2s")
    second = rp.flow(browser, max_age="1")

    assert 2 == browser.signed_in
    assert first.claims["sub"] == second.claims["sub"]
    assert second.claims["auth_time"] > first.claims.get("auth_time", 0)
    assert rp.op.now().timestamp() - second.claims["auth_time"] < 60


@module("oidcc-max-age-10000")
def test_oidcc_max_age_10000(run, rp, browser):
    first = rp.start().flow(browser)
    second = rp.flow(browser, max_age="10000")

    assert 1 == browser.signed_in
    assert first.claims["sub"] == second.claims["sub"]
    assert first.claims.get("auth_time", second.claims["auth_time"]) == second.claims["auth_time"]


@module("oidcc-ensure-request-with-unknown-parameter-succeeds")
def test_oidcc_ensure_request_with_unknown_parameter_succeeds(run, rp, browser):
    rp.start().flow(browser, extra="foobar")


@module("oidcc-id-token-hint")
def test_oidcc_id_token_hint(run, rp, browser):
    first = rp.start().flow(browser)
    second = rp.flow(browser, prompt="none", id_token_hint=first.tokens["id_token"])

    assert 1 == browser.signed_in
    assert first.claims["sub"] == second.claims["sub"]
    assert first.claims.get("auth_time") == second.claims.get("auth_time")


@module("oidcc-login-hint")
def test_oidcc_login_hint(run, rp, browser):
    rp.start().flow(browser, login_hint="bob@example.com")


@module("oidcc-ui-locales")
def test_oidcc_ui_locales(run, rp, browser):
    rp.start().flow(browser, ui_locales="se")


@module("oidcc-claims-locales")
def test_oidcc_claims_locales(run, rp, browser):
    rp.start().flow(browser, claims_locales="se")


@module("oidcc-ensure-request-with-acr-values-succeeds")
def test_oidcc_ensure_request_with_acr_values_succeeds(run, rp, browser):
    wanted = rp.metadata["acr_values_supported"]
    flow = rp.start().flow(browser, acr_values=" ".join(wanted))

    checks.warn(flow.claims.get("acr") in wanted, "acr is missing from the ID token (OIDC Core §3.1.2.1)")


@module("oidcc-codereuse")
def test_oidcc_codereuse(run, rp, browser):
    flow = rp.start().flow(browser)

    checks.token_error(rp.ask_for_code(flow.answer["code"]), "invalid_grant")


@module("oidcc-codereuse-30seconds", later=True)
def test_oidcc_codereuse_30seconds(run, rp, browser):
    """And what came of the code is dead (RFC 6749 §4.1.2)."""
    flow = rp.start().flow(browser)
    rp.op.later("30s")

    checks.token_error(rp.ask_for_code(flow.answer["code"]), "invalid_grant")
    answer = rp.ask_userinfo(flow.tokens)
    checks.warn(answer.status_code in (400, 401), "the access token outlives the reuse of its code")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@module("oidcc-ensure-registered-redirect-uri")
def test_oidcc_ensure_registered_redirect_uri(run, rp, browser):
    rp.start()
    page = rp.page_of_error(browser, redirect_uri=rp.folder.url("callback") + "/foo-bar")

    assert [] == rp.folder.heard("callback/foo-bar")
    assert "redirect" in page.text.lower() or "return address" in page.text


@module("oidcc-ensure-post-request-succeeds")
def test_oidcc_ensure_post_request_succeeds(run, rp, browser):
    rp.start()
    page = browser.post(rp.metadata["authorization_endpoint"], rp.request())

    rp.go_on(rp.came_back(browser, page))


@module("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported")
def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(run, rp, browser):
    """Left out by the suite, as `none` is not advertised; sent all the same, it is refused and nobody is signed in."""
    assert "none" not in rp.metadata["request_object_signing_alg_values_supported"]
    address = rp.folder.url("request.jwt")
    rp.start(request_uris=[address])
    rp.folder.put("request.jwt", unsigned(rp.request()).encode(), "application/oauth-authz-req+jwt")
    refused = rp.error(
        browser, "request_uri_not_supported", "invalid_request_uri", "invalid_request_object",
        request_uri=address,
    )  # fmt: skip

    assert refused
    assert 0 == browser.signed_in
    run.skipped(NO_NONE)


@module("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported")
def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(run, rp, browser):
    assert "none" not in rp.metadata["request_object_signing_alg_values_supported"]
    rp.start()
    rp.error(browser, "request_not_supported", "invalid_request_object", request=unsigned(rp.request()))

    assert 0 == browser.signed_in
    run.skipped(NO_NONE)


def unsigned(parameters):
    """A JWT without a signature (RFC 7519 §6)."""
    header, claims = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "none"}, parameters)
    )
    return f"{header}.{claims}."


def signed(rp, parameters):
    """As the suite signs it: with the issuer as audience, and the client as issuer (OIDC Core §6.1)."""
    claims = {**parameters, "iss": rp.client["client_id"], "aud": rp.op.issuer}
    registry = JWSRegistry(algorithms=["RS256"])
    return jwt.encode({"alg": "RS256", "kid": rp.key.kid}, claims, rp.key, registry=registry)


@module("oidcc-claims-essential")
def test_oidcc_claims_essential(run, rp, browser):
    assert rp.metadata["claims_parameter_supported"]
    wanted = json.dumps({"userinfo": {"name": {"essential": True}}})
    flow = rp.start().flow(browser, claims=wanted)

    checks.warn("name" in flow.userinfo, "name was asked for as essential, and did not come")
    assert {"name"} == set(flow.userinfo) & set(checks.TYPES)


@module("oidcc-ensure-request-object-with-redirect-uri")
def test_oidcc_ensure_request_object_with_redirect_uri(run, rp, browser):
    """What stands in the object counts, and not what stands beside it.

    The suite has only an unsigned object for this, and leaves it out where `none` is not advertised; here it is signed.
    """
    assert "none" not in rp.metadata["request_object_signing_alg_values_supported"]
    rp.start()
    inside = signed(rp, rp.request())
    page = browser.go(rp.address(**{**rp.sent, "redirect_uri": rp.folder.url("wrong"), "request": inside}))
    rp.go_on(rp.came_back(browser, page))

    assert [] == rp.folder.heard("wrong")
    run.skipped(f"{NO_NONE}; signed by RS256 it holds")


@module("oidcc-refresh-token")
def test_oidcc_refresh_token(run, rp, party, browser):
    """Two clients: each refreshes, and neither by the other's token."""
    first, second = (one.start(grant_types=["authorization_code", "refresh_token"]) for one in (rp, party()))
    scope = "openid offline_access" if "offline_access" in first.metadata["scopes_supported"] else "openid"
    checks.warn("refresh_token" in first.metadata["grant_types_supported"], "refresh_token is not advertised")
    refreshed(first, first.flow(browser, scope=scope, prompt="consent"), scope=scope)
    tokens = refreshed(second, second.flow(browser, scope=scope, prompt="consent"))

    checks.token_error(first.ask_to_refresh(tokens["refresh_token"]), "invalid_grant", "invalid_client")


def refreshed(rp, flow, **more):
    """The new tokens, which are about the same sign-in (OIDC Core §12.2)."""
    tokens = checks.token_answer(rp.ask_to_refresh(flow.tokens["refresh_token"], **more))
    claims = rp.claims(tokens, nonce=None)
    for name in ("iss", "sub", "aud", "auth_time", "azp"):
        assert flow.claims.get(name) == claims.get(name), f"{name} changed"
    assert flow.tokens["access_token"] != tokens["access_token"]
    rp.userinfo(tokens, claims["sub"])
    return tokens


@module("oidcc-ensure-request-with-valid-pkce-succeeds")
def test_oidcc_ensure_request_with_valid_pkce_succeeds(run, rp, browser):
    checks.warn("S256" in rp.metadata["code_challenge_methods_supported"], "S256 is not advertised")
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    answer = rp.start().authorize(browser, code_challenge=challenge, code_challenge_method="S256")

    checks.token_error(rp.ask_for_code(answer["code"], code_verifier="w" * 64), "invalid_grant")
    rp.go_on(answer, code_verifier=verifier)
