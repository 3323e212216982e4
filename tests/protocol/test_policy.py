from dataclasses import fields
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network

import pytest

from mintmark.protocol import policy
from mintmark.protocol.policy import Policy, PolicyRefused

EVERYWHERE = {
    "access_token_lifetime": "10m",
    "access_token_format": "opaque",
    "access_token_alg": "PS256",
    "one_use": True,
    "ends_with_session": False,
    "not_after": "18:00 Europe/Berlin",
    "refresh_token_idle": "30d",
    "refresh_token_lifetime": "90d",
    "allowed_networks": ["10.0.0.0/8", "2001:db8::/32"],
    "require_factors": ["second_factor", "passkey"],
}
NOT_AT_RESOURCES = {
    "id_token_lifetime": "10m",
    "code_lifetime": "1m",
    "rotation": "keep",
    "max_active_tokens": 5,
    "require_pkce": False,
    "require_consent": False,
}
OF_CLIENTS = {"require_issuer_audience": False}
OF_PEOPLE = {"session_idle": "8h", "session_lifetime": "1d", "max_sessions": 3}


def refused(document, *, at="server", **more):
    with pytest.raises(PolicyRefused) as caught:
        Policy.read(document, at=at, **more)
    return caught.value


@pytest.mark.parametrize(
    ("at", "document"),
    [
        ("server", EVERYWHERE | NOT_AT_RESOURCES | OF_CLIENTS | OF_PEOPLE),
        ("group", EVERYWHERE | NOT_AT_RESOURCES | OF_PEOPLE),
        ("client", EVERYWHERE | NOT_AT_RESOURCES | OF_CLIENTS),
        ("resource", EVERYWHERE),
    ],
)
def test_what_a_place_may_state_is_read_and_written_back_as_it_was(at, document):
    assert document == Policy.read(document, at=at).document()


def test_every_member_of_a_policy_has_its_form():
    assert {field.name for field in fields(Policy)} == set(policy.MEMBERS)
    assert set(policy.MEMBERS) == set(EVERYWHERE | NOT_AT_RESOURCES | OF_CLIENTS | OF_PEOPLE)


@pytest.mark.parametrize("at", ["group", "resource"])
def test_how_a_client_proves_itself_is_no_matter_of_people_or_resources(at):
    assert "require_issuer_audience" == refused(OF_CLIENTS, at=at).path


@pytest.mark.parametrize("member", list(OF_PEOPLE))
@pytest.mark.parametrize("at", ["client", "resource"])
def test_the_limits_of_sessions_stand_at_server_and_group_only(member, at):
    refusal = refused({member: OF_PEOPLE[member]}, at=at)

    assert member == refusal.path
    assert f"cannot be stated for a {at}, only for a server or a group" == refusal.message


@pytest.mark.parametrize("member", list(NOT_AT_RESOURCES))
def test_what_is_settled_apart_from_a_resource_is_refused_there(member):
    refusal = refused({member: NOT_AT_RESOURCES[member]}, at="resource")

    assert f"{member} cannot be stated for a resource, only for a server or a client or a group" == str(refusal)


def test_values_become_what_code_reckons_with():
    read = Policy.read({"access_token_lifetime": 600, "not_after": "2026-12-31", **OF_PEOPLE}, at="server")

    assert timedelta(minutes=10) == read.access_token_lifetime
    assert read.not_after is not None
    assert datetime(2027, 1, 1, tzinfo=UTC) == read.not_after.instant(datetime(2026, 1, 1, tzinfo=UTC))
    assert 3 == read.max_sessions
    assert read.one_use is None


def test_spans_are_echoed_in_their_shortest_form():
    assert {"code_lifetime": "1m", "session_idle": "1h30m"} == Policy.read(
        {"code_lifetime": 60, "session_idle": "90m"}, at="server"
    ).document()


def test_null_is_not_stated():
    assert Policy() == Policy.read({"one_use": None, "require_dpop": None}, at="server")
    assert {} == Policy().document()


def test_networks_are_read_once_each_and_an_empty_list_is_kept_apart_from_none():
    twice = Policy.read({"allowed_networks": ["10.0.0.0/8", "::ffff:10.0.0.0/104"]}, at="client")

    assert (IPv4Network("10.0.0.0/8"),) == twice.allowed_networks
    assert {"allowed_networks": []} == Policy.read({"allowed_networks": []}, at="client").document()


def test_an_unknown_member_is_refused_with_the_nearest():
    refusal = refused({"acces_token_lifetime": None})

    assert "acces_token_lifetime" == refusal.path
    assert "is no member of a policy; did you mean 'access_token_lifetime'?" == refusal.message


@pytest.mark.parametrize("member", ["require_pushed", "require_dpop"])
@pytest.mark.parametrize("value", [True, False, ["totp"]])
def test_what_no_door_keeps_is_not_offered_yet(member, value):
    assert "is not offered yet" in refused({member: value}).message


@pytest.mark.parametrize("document", [None, [], "10m", 5])
def test_a_policy_is_an_object(document):
    assert "must be an object of policy members" == str(refused(document))


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("access_token_lifetime", "0s", "longer than zero"),
        ("access_token_lifetime", True, "must be a duration"),
        ("refresh_token_idle", "11y", "must be a duration"),
        ("one_use", 1, "must be true or false"),
        ("one_use", "true", "must be true or false"),
        ("max_sessions", 0, "whole number from 1"),
        ("max_sessions", -1, "whole number from 1"),
        ("max_sessions", True, "whole number from 1"),
        ("max_sessions", 2.0, "whole number from 1"),
        ("max_active_tokens", 10**30, "whole number from 1"),
        ("access_token_format", "JWT", "must be one of opaque, jwt"),
        ("access_token_format", ["jwt"], "must be one of opaque, jwt"),
        ("access_token_alg", "none", "must be one of ES256"),
        ("access_token_alg", "HS256", "must be one of ES256"),
        ("rotation", "never", "must be one of rotate, keep"),
        ("not_after", "24:00", "must be a time of day"),
        ("allowed_networks", "10.0.0.0/8", "must be a list"),
        ("require_factors", "totp", "must be a list of some of second_factor, phishing_resistant"),
        ("require_factors", ["totp", "ring"], "must be a list of some of"),
        ("allowed_networks", ["10.0.0.1/8"], "10.0.0.0/8 is meant"),
        ("allowed_networks", [10], "must be networks such as"),
        ("allowed_networks", ["10.0.0.0/8"] * 1001, "at most 1000"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path_and_what_is_right(member, value, message):
    refusal = refused({member: value})

    assert member == refusal.path
    assert message in refusal.message


def test_a_public_client_cannot_do_without_pkce():
    assert "require_pkce" == refused({"require_pkce": False}, at="client", public=True).path
    assert Policy.read({"require_pkce": True}, at="client", public=True).require_pkce
    assert Policy.read({"require_pkce": False}, at="client").require_pkce is False


def test_a_public_client_keeps_its_refresh_token_only_where_it_is_bound_to_a_key():
    assert "rotation" == refused({"rotation": "keep"}, at="client", public=True).path
    assert "keep" == Policy.read({"rotation": "keep"}, at="client", public=True, sender_constrained=True).rotation
    assert "keep" == Policy.read({"rotation": "keep"}, at="client").rotation
