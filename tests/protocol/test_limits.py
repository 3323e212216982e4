from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network

import pytest

from mintmark.protocol import limits
from mintmark.protocol.limits import Contradiction, Limits
from tests.protocol.stating import NOW, WEB, at


def of(*stated, **circumstances):
    return limits.effective(stated, **WEB | circumstances)


# ---- defaults


def test_where_nobody_states_anything_the_defaults_hold():
    assert (
        Limits(
            access_token_lifetime=timedelta(minutes=10),
            id_token_lifetime=timedelta(minutes=10),
            code_lifetime=timedelta(seconds=60),
            access_token_format="jwt",
            access_token_alg="ES256",
            one_use=False,
            ends_with_session=True,
            not_after=None,
            refresh_token_idle=timedelta(days=30),
            refresh_token_lifetime=timedelta(days=90),
            rotation="rotate",
            session_idle=timedelta(hours=8),
            session_lifetime=timedelta(hours=24),
            max_sessions=None,
            max_active_tokens=None,
            require_pkce=True,
            require_consent=True,
            require_issuer_audience=True,
            allowed_networks=None,
            require_factors=(),
        )
        == of()
    )


def test_a_default_takes_no_part_where_a_value_is_stated():
    loose = of(at("client", "shop", access_token_lifetime="5h", require_pkce=False, require_consent=False))

    assert timedelta(hours=5) == loose.access_token_lifetime
    assert not loose.require_pkce
    assert not loose.require_consent


def test_tokens_end_with_the_session_unless_offline_access_or_an_administrator_says_otherwise():
    assert of().ends_with_session
    assert not of(offline=True).ends_with_session
    assert of(at("resource", "https://api", ends_with_session=True), offline=True).ends_with_session
    assert not of(at("server", ends_with_session=False)).ends_with_session


def test_a_client_with_credentials_that_registered_itself_may_do_without_pkce_unless_stated():
    assert not of(self_registered=True).require_pkce
    assert of(at("server", require_pkce=True), self_registered=True).require_pkce
    assert of(self_registered=True, confidential=False).require_pkce


# ---- the strictest


@pytest.mark.parametrize(
    ("member", "lax", "strict"),
    [
        ("access_token_lifetime", "20m", "15m"),
        ("id_token_lifetime", "20m", "15m"),
        ("code_lifetime", "2m", "90s"),
        ("refresh_token_idle", "60d", "40d"),
        ("refresh_token_lifetime", "2w", "1w"),
        ("session_idle", "9h", "1h"),
        ("session_lifetime", "3d", "2d"),
        ("max_sessions", 3, 2),
        ("max_active_tokens", 9, 8),
        ("one_use", False, True),
        ("ends_with_session", False, True),
        ("require_pkce", False, True),
        ("require_consent", False, True),
        ("not_after", "2026-12-31", "18:00"),
        ("not_after", "18:00", "18:00 Europe/Berlin"),
        ("not_after", "18:00", "2026-02-01"),
    ],
)
def test_the_strictest_of_the_stated_values_applies_whoever_states_it(member, lax, strict):
    alone = getattr(of(at("group", "staff", **{member: strict})), member)

    assert alone == getattr(of(at("server", **{member: lax}), at("group", "staff", **{member: strict})), member)
    assert alone == getattr(of(at("server", **{member: strict}), at("group", "staff", **{member: lax})), member)
    assert alone != getattr(of(at("server", **{member: lax})), member)


def test_networks_that_share_nothing_refuse_every_address():
    nobody = of(
        at("server", allowed_networks=["10.0.0.0/8"]), at("client", "shop", allowed_networks=["192.168.0.0/16"])
    )

    assert () == nobody.allowed_networks
    assert not nobody.allow("10.0.0.1")


def test_networks_are_cut_down_to_what_all_of_them_hold():
    some = of(
        at("server", allowed_networks=["10.0.0.0/8", "2001:db8::/32"]),
        at("client", "shop", allowed_networks=["10.1.0.0/16", "172.16.0.0/12"]),
    )

    assert (IPv4Network("10.1.0.0/16"),) == some.allowed_networks
    assert some.allow("10.1.2.3")
    assert some.allow("::ffff:10.1.2.3")
    assert not some.allow("10.2.0.1")
    assert not some.allow("2001:db8::1")
    assert of().allow("2001:db8::1")


# ---- by closeness


@pytest.mark.parametrize(
    ("member", "one", "other"), [("access_token_format", "jwt", "opaque"), ("access_token_alg", "RS256", "ES256")]
)
def test_format_and_algorithm_are_the_resources_then_the_clients_then_the_servers(member, one, other):
    server, group = at("server", **{member: other}), at("group", "staff", **{member: other})
    client, resource = at("client", "shop", **{member: one}), at("resource", "https://api", **{member: other})

    assert other == getattr(of(server, client, resource), member)
    assert one == getattr(of(server, group, client), member)
    assert other == getattr(of(server), member)


def test_rotation_is_the_clients_then_the_groups_then_the_servers():
    assert "keep" == of(at("client", "bank", rotation="keep"), at("server", rotation="rotate")).rotation
    assert "keep" == of(at("group", "staff", rotation="keep"), at("server", rotation="rotate")).rotation
    assert "rotate" == of(at("group", "a", rotation="keep"), at("group", "b", rotation="rotate")).rotation


@pytest.mark.parametrize(
    ("member", "one", "other"), [("access_token_format", "jwt", "opaque"), ("access_token_alg", "RS256", "ES256")]
)
def test_resources_that_contradict_each_other_have_no_common_token(member, one, other):
    with pytest.raises(Contradiction) as refusal:
        of(at("resource", "https://a", **{member: one}), at("resource", "https://b", **{member: other}))

    assert "invalid_target" == refusal.value.code
    assert member in refusal.value.description


def test_resources_agree_where_only_one_of_them_states_something():
    assert (
        "opaque"
        == of(
            at("resource", "https://a", access_token_format="opaque"), at("resource", "https://b")
        ).access_token_format
    )


def test_one_use_forces_opaque_whoever_wants_a_jwt():
    assert (
        "opaque"
        == of(
            at("client", "shop", one_use=True), at("resource", "https://api", access_token_format="jwt")
        ).access_token_format
    )


# ---- clients without credentials


def test_a_public_client_needs_pkce_and_rotates_whatever_is_stated_for_all():
    server = at("server", require_pkce=False, rotation="keep")

    assert not of(server).require_pkce
    assert "keep" == of(server).rotation
    assert of(server, confidential=False).require_pkce
    assert "rotate" == of(server, confidential=False).rotation
    assert "keep" == of(server, confidential=False, sender_constrained=True).rotation
    assert "rotate" == of(confidential=False).rotation


# ---- the end of everything


def test_past_its_not_after_all_is_over():
    ended, running = of(at("server", not_after="2026-03-01T12:00:00Z")), of(at("server", not_after="12:00"))

    assert ended.over(NOW)
    assert not ended.over(NOW - timedelta(seconds=1))
    assert datetime(2026, 3, 2, 12, tzinfo=UTC) == running.not_after
    assert not running.over(NOW)
    assert not of().over(NOW)


def test_who_registered_itself_is_asked_about_unless_an_operator_says_so_of_it_alone():
    everywhere, here = at("server", require_consent=False), at("client", "shop", require_consent=False)

    assert of(everywhere, at("group", "staff", require_consent=False), self_registered=True).require_consent
    assert not of(everywhere, here, self_registered=True).require_consent
    assert of(at("server", require_consent=True), here, self_registered=True).require_consent
