import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import client as clients
from mintmark.protocol import registration
from mintmark.protocol.client_members import MEMBERS
from mintmark.protocol.client_metadata import Offered
from mintmark.protocol.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidRequest
from mintmark.protocol.policy import Policy
from mintmark.protocol.registration import CHOICES, DEFAULTS, Registered
from tests.protocol.making import CALLBACK, CATALOGUE

WEB = {"redirect_uris": [CALLBACK]}
OFFERED = Offered(
    ("authorization_code", "refresh_token", "client_credentials", "password"),
    ("none", "client_secret_basic", "client_secret_post", "private_key_jwt"),
)
SCOPE = ("openid", "email", "unowned")
KEYS = {"jwks_uri": "https://shop.example/keys"}


def read(sent=(), *, offered=OFFERED, **members):
    return registration.read(
        "shop", {**WEB, **dict(sent), **members}, catalogue=CATALOGUE, offered=offered, default_scope=SCOPE
    )


def refusal(**members):
    with pytest.raises(InvalidClientMetadata) as caught:
        read(**members)
    return caught.value.description


def test_who_says_little_gets_the_defaults_of_the_specifications():
    assert {**DEFAULTS, **WEB, "scope": "openid email"} == read()
    assert read() == read(client_name="", logo_uri=None, scope="  ")


def test_the_default_of_content_encryption_is_told():
    found = read(KEYS, id_token_encrypted_response_alg="ECDH-ES")

    assert "A128CBC-HS256" == found["id_token_encrypted_response_enc"]


@pytest.mark.parametrize("choice", CHOICES)
def test_of_what_a_client_can_do_the_first_that_we_have_is_done(choice):
    name = CHOICES[choice]
    ours = OFFERED.auth_methods if name == "token_endpoint_auth_method" else MEMBERS[name].choices
    alg = {name.removesuffix("enc") + "alg": "ECDH-ES"} if name.endswith("_enc") else {}
    found = read(KEYS, **alg, **{choice: ["unheard", 5, {}, ours[1], ours[0]]})

    assert ours[1] == found[name]
    assert choice not in found


def test_what_a_client_says_singly_comes_first():
    found = read(id_token_signed_response_alg="PS256", id_token_signing_alg_values_supported=["ES256"])

    assert "PS256" == found["id_token_signed_response_alg"]


def test_a_single_value_that_we_lack_gives_way_to_the_list():
    found = read(id_token_signed_response_alg="HS256", id_token_signing_alg_values_supported=["ES256"])

    assert "ES256" == found["id_token_signed_response_alg"]


def test_no_id_token_is_unsigned_because_a_client_could_read_it():
    unsigned = Offered(OFFERED.grant_types, OFFERED.auth_methods, unsigned=True)
    listed = {"id_token_signing_alg_values_supported": ["none", "ES256"]}

    assert "ES256" == read(listed)["id_token_signed_response_alg"]
    assert "none" == read(listed, offered=unsigned)["id_token_signed_response_alg"]


def test_what_needs_keys_or_another_choice_is_not_chosen_without():
    assert not [name for name in read(userinfo_encryption_alg_values_supported=["ECDH-ES"]) if "encrypted" in name]
    assert not [name for name in read(userinfo_encryption_enc_values_supported=["A256GCM"]) if "encrypted" in name]
    assert "userinfo_signed_response_alg" not in read(userinfo_signing_alg_values_supported=["HS256"])
    assert read() == read(userinfo_signing_alg_values_supported="RS256")


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"subject_types_supported": ["secret"]}, "subject_types_supported holds none of public pairwise"),
        ({"token_endpoint_auth_methods_supported": ["x"]}, "token_endpoint_auth_methods_supported holds none of none"),
        ({"grant_types": ["refresh_token"]}, "grant_types must hold authorization_code"),
        ({"grant_types": ["implicit"]}, "grant_types[0] must be authorization_code or"),
        ({"grant_types": ["authorization_code", "password"]}, "grant_types[1] password is given by an operator only"),
        ({"response_types": []}, "response_types must hold code"),
        ({"response_types": ["token"]}, "response_types[0] must be code"),
        ({"scope": "unheard"}, "scope 'unheard' belongs to no resource"),
        ({"frontchannel_logout_uri": "https://shop.example:8443/out"}, "frontchannel_logout_uri must be on the host"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(members, sentence):
    assert refusal(**members).startswith(sentence)


def test_what_other_servers_know_is_passed_over():
    found = read(grant_types=["implicit", "authorization_code"], response_types=["code", "token"], scope="x openid")

    assert (["authorization_code"], ["code"], "openid") == (
        found["grant_types"], found["response_types"], found["scope"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("uris", "type"),
    [
        ([CALLBACK], "web"),
        ([CALLBACK, "http://127.0.0.1/cb"], "native"),
        (["http://localhost:1/cb"], "native"),
        (["com.example.app:/cb"], "native"),
    ],
)
def test_the_type_of_application_is_seen_in_its_addresses(uris, type):
    assert type == read(redirect_uris=uris)["application_type"]


def test_an_app_on_a_device_signs_out_on_whatever_port():
    found = read(redirect_uris=["http://127.0.0.1/cb"], frontchannel_logout_uri="http://127.0.0.1:99/out")

    assert "native" == found["application_type"]


@pytest.mark.parametrize(
    "members",
    [
        {"redirect_uris": None},
        {"redirect_uris": "x"},
        {"redirect_uris": [5]},
        {"redirect_uris": ["http://shop.example/"]},
        {"redirect_uris": ["http://127.0.0.1/"], "application_type": "web"},
    ],
)
def test_addresses_have_a_code_of_their_own(members):
    with pytest.raises(InvalidRedirectUri):
        read(**members)


def test_an_update_names_its_client_and_nothing_of_ours():
    sent = {"client_id": "shop", "client_secret": "x", **WEB}

    assert WEB == registration.check_update("shop", sent)
    for wrong in ({**sent, "client_id": "other"}, WEB, {**sent, "client_id_issued_at": 1}):
        with pytest.raises(InvalidRequest):
            registration.check_update("shop", wrong)


def test_a_sector_holds_every_address():
    registration.check_sector(WEB, [CALLBACK, "https://b.example/"])
    wrong: list[object] = [[], ["https://b.example/"], {}, [CALLBACK, 5], None]
    for listed in wrong:
        with pytest.raises(InvalidClientMetadata):
            registration.check_sector(WEB, listed)


@pytest.mark.parametrize(
    ("method", "needs"),
    [(None, True), ("client_secret_post", True), ("none", False), ("private_key_jwt", False)],
)
def test_a_secret_is_for_whoever_proves_itself_by_one(method, needs):
    assert needs == registration.needs_secret({} if method is None else {"token_endpoint_auth_method": method})


def test_the_answer_holds_a_secret_once():
    told = Registered("shop", datetime(2026, 1, 1, tzinfo=UTC), "mmg_x", "https://id.example/register?client_id=shop")
    without = registration.answer(told, WEB)

    assert not {"client_secret", "client_secret_expires_at"} & without.keys()
    assert None not in without.values()
    assert 1767225600 == without["client_id_issued_at"]


@given(st.dictionaries(st.sampled_from(sorted([*MEMBERS, *CHOICES, "unheard"])), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from(["none", "RS256", "code", "openid", "pairwise", "authorization_code", CALLBACK]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)))  # fmt: skip
def test_whatever_a_stranger_says_is_refused_or_becomes_a_client_without_power(sent):
    try:
        found = read(sent)
    except (InvalidClientMetadata, InvalidRedirectUri):
        return

    client = clients.read("shop", json.loads(clients.written(found)), policy=Policy(), self_registered=True)
    assert {"authorization_code"} <= set(client.grant_types) <= {"authorization_code", "refresh_token"}
    assert not [word for word in client.may_use if word.startswith("admin:")]
    assert None not in found.values()
