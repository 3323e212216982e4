"""The module of the Config OP plan, which the Dynamic OP plan runs again, and what is expected of every connection."""

import re
import socket
import ssl
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conformance import checks
from tests.conformance.plans import PLANS, module
from tests.conformance.relying_party import DISCOVERY

# OIDC Discovery §3, RFC 8414 §2, and what later specifications added to the registry of RFC 8414 §7.1.
KNOWN = {
    "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint",
    "scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported",
    "acr_values_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
    "id_token_encryption_alg_values_supported", "id_token_encryption_enc_values_supported",
    "userinfo_signing_alg_values_supported", "userinfo_encryption_alg_values_supported",
    "userinfo_encryption_enc_values_supported", "request_object_signing_alg_values_supported",
    "request_object_encryption_alg_values_supported", "request_object_encryption_enc_values_supported",
    "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
    "display_values_supported", "claim_types_supported", "claims_supported", "service_documentation",
    "prompt_values_supported",
    "claims_locales_supported", "ui_locales_supported", "claims_parameter_supported", "request_parameter_supported",
    "request_uri_parameter_supported", "require_request_uri_registration", "op_policy_uri", "op_tos_uri",
    "revocation_endpoint", "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported", "introspection_endpoint",
    "introspection_endpoint_auth_methods_supported", "introspection_endpoint_auth_signing_alg_values_supported",
    "introspection_signing_alg_values_supported", "introspection_encryption_alg_values_supported",
    "introspection_encryption_enc_values_supported", "code_challenge_methods_supported",
    "authorization_response_iss_parameter_supported", "end_session_endpoint", "check_session_iframe",
    "frontchannel_logout_supported", "frontchannel_logout_session_supported", "backchannel_logout_supported",
    "backchannel_logout_session_supported",
}  # fmt: skip
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")  # BCP 47, in the casing that it recommends
IMPLICIT = {
    "grant_types_supported: implicit",
    "response_types_supported: id_token",
    "response_types_supported: id_token token",
}


def verify(rp):
    """Whatever is wrong is told; the rest is asserted."""
    answer = rp.op.http.get(rp.op.issuer + DISCOVERY)
    found = checks.json_of(answer)
    assert found == rp.metadata
    assert urlsplit(rp.op.issuer).scheme == "https"
    assert rp.op.issuer == found["issuer"]
    assert not urlsplit(found["issuer"]).query
    assert not urlsplit(found["issuer"]).fragment
    checks.warn(set(found) <= KNOWN, f"members that no specification knows: {sorted(set(found) - KNOWN)}")
    for name, value in found.items():
        assert value not in ([], ""), f"{name} says nothing"
        if name.endswith(("_supported", "_values")):
            assert isinstance(value, bool | list), name
            assert value is True or value is False or len(set(value)) == len(value), f"{name} says it twice"
        if name.endswith(("_endpoint", "_uri", "_iframe")) and isinstance(value, str):
            assert urlsplit(value).scheme == "https", name
    assert {"public", "pairwise"} >= set(found["subject_types_supported"])
    assert "RS256" in found["id_token_signing_alg_values_supported"]
    assert "code" in found["response_types_supported"]
    assert "authorization_code" in found["grant_types_supported"]
    assert "openid" in found["scopes_supported"]
    assert all(re.fullmatch(r"[!#-\[\]-~]+", scope) for scope in found["scopes_supported"]), "RFC 6749 §3.3"
    assert isinstance(found["code_challenge_methods_supported"], list)
    checks.warn(found.get("claims_supported"), "claims_supported is recommended")
    checks.warn({name for names in checks.BY_SCOPE.values() for name in names} <= set(found["claims_supported"]), "")
    checks.warn(found.get("userinfo_endpoint"), "userinfo_endpoint is recommended")
    objects = found.get("request_object_signing_alg_values_supported", ["RS256"])
    checks.warn("RS256" in objects, "request objects signed by RS256 should be taken")
    for name in ("ui_locales_supported", "claims_locales_supported"):
        checks.warn(all(LOCALE.fullmatch(locale) for locale in found.get(name, [])), name)
    checks.keys(rp.fetch_keys())
    return found


@module("oidcc-discovery-endpoint-verification")
def test_oidcc_discovery_endpoint_verification(run, rp):
    """What the Dynamic OP plan demands beyond it is the implicit grant, which stays out on purpose."""
    found = verify(rp)
    missing = {
        f"{name}: {value}"
        for name, values in (
            ("grant_types_supported", ("authorization_code", "implicit")),
            ("response_types_supported", ("code", "id_token", "id_token token")),
        )
        for value in values
        if value not in found[name]
    }

    assert IMPLICIT == missing
    if "dynamic" == run.plan:
        run.failed_on_purpose("implicit and its response types are not offered")


def test_every_module_of_the_plans_has_a_test():
    sources = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    tested = [name for source in sources for name in re.findall(r'^@module\("([^"]+)"', source, re.MULTILINE)]

    assert {name for names in PLANS.values() for name in names} == set(tested)
    assert len(tested) == len(set(tested))


def test_both_well_known_forms_say_the_same(op):
    first = op.http.get(op.issuer + DISCOVERY)
    second = op.http.get(op.issuer + "/.well-known/oauth-authorization-server")

    assert checks.json_of(first) == checks.json_of(second)
    assert "max-age" in first.headers["cache-control"]


@pytest.mark.parametrize("suites", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"])
def test_a_suite_without_forward_secrecy_or_authenticated_encryption_is_refused(op, suites):
    with pytest.raises(ssl.SSLError):
        shaken(op, suites, ssl.TLSVersion.TLSv1_2)


@pytest.mark.parametrize("suites", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"])
def test_tls_1_2_is_spoken_with_the_suites_that_bcp_195_names(op, suites):
    assert suites == shaken(op, suites, ssl.TLSVersion.TLSv1_2)


def test_tls_1_1_is_refused(op):
    with pytest.raises((ssl.SSLError, OSError)):
        shaken(op, "ALL:@SECLEVEL=0", ssl.TLSVersion.TLSv1_1)


def shaken(op, suites, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers(suites)
    with (
        socket.create_connection(("127.0.0.1", op.served.port), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as made,
    ):
        return (made.cipher() or ("",))[0]


@pytest.mark.parametrize(
    "endpoint", ["token_endpoint", "userinfo_endpoint", "jwks_uri", "revocation_endpoint", "registration_endpoint"]
)
def test_scripts_of_other_sites_may_ask(op, endpoint):
    """CORS, where no cookie counts; never at the authorization endpoint (RFC 9700 §2.6)."""
    metadata = op.http.get(op.issuer + DISCOVERY).json()
    asking = {"origin": "https://app.example", "access-control-request-method": "POST",
              "access-control-request-headers": "authorization"}  # fmt: skip
    answer = op.http.options(metadata[endpoint], headers=asking)

    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] in ("*", "https://app.example")
    assert (
        "access-control-allow-origin" not in op.http.options(metadata["authorization_endpoint"], headers=asking).headers
    )
