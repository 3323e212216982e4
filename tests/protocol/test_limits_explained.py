import pytest

from mintmark.protocol import limits
from tests.protocol.stating import WEB, at


def why(member, *stated, resources=(), **circumstances):
    lines = limits.explain(stated, resources=resources, **WEB | circumstances)
    return next(line.document() for line in lines if line.member == member)


@pytest.mark.parametrize(
    ("member", "stated", "value", "source", "reason"),
    [
        ("code_lifetime", [], "1m", "default", "nobody stated it"),
        ("not_after", [], None, "default", "nobody stated it"),
        (
            "ends_with_session",
            [],
            True,
            "default",
            "nobody stated it: tokens end with the session without offline_access",
        ),
        ("code_lifetime", [at("client", "shop", code_lifetime=30)], "30s", "client", "stated by the client"),
        ("code_lifetime", [at("group", "staff", code_lifetime=30)], "30s", "group", "stated by the group staff"),
        (
            "access_token_lifetime",
            [at("client", "shop", access_token_lifetime="10m"), at("server", access_token_lifetime="15m")],
            "10m",
            "client",
            "the shortest of server 15m and client 10m",
        ),
        (
            "access_token_lifetime",
            [at("client", "shop", access_token_lifetime="10m"), at("server", access_token_lifetime="10m")],
            "10m",
            "client",
            "the shortest of server 10m and client 10m",
        ),
        (
            "max_sessions",
            [at("server", max_sessions=1), at("group", "a", max_sessions=2), at("group", "b", max_sessions=3)],
            1,
            "server",
            "the smallest of server 1, group b 3 and group a 2",
        ),
        (
            "require_consent",
            [at("server", require_consent=True), at("client", "shop", require_consent=False)],
            True,
            "server",
            "the strictest of server true and client false",
        ),
        (
            "not_after",
            [at("server", not_after="18:00"), at("client", "shop", not_after="2026-12-31")],
            "18:00",
            "server",
            "the earliest of server 18:00 and client 2026-12-31",
        ),
        (
            "allowed_networks",
            [at("server", allowed_networks=["10.1.0.0/16"]), at("client", "s", allowed_networks=["10.0.0.0/8", "::1"])],
            ["10.1.0.0/16"],
            "server",
            "what is in each of server [10.1.0.0/16] and client [10.0.0.0/8, ::1/128]",
        ),
        (
            "allowed_networks",
            [at("server", allowed_networks=["10.0.0.0/8"]), at("client", "shop", allowed_networks=["::1"])],
            [],
            "client",
            "what is in each of server [10.0.0.0/8] and client [::1/128]",
        ),
        (
            "require_factors",
            [at("server", require_factors=["second_factor"]), at("client", "shop", require_factors=["totp"])],
            ["second_factor", "totp"],
            "client",
            "what any of server [second_factor] and client [totp] demands",
        ),
        (
            "rotation",
            [at("server", rotation="rotate"), at("client", "bank", rotation="keep")],
            "keep",
            "client",
            "the client's comes first among server rotate and client keep",
        ),
        (
            "access_token_format",
            [at("server", one_use=True), at("client", "shop", access_token_format="jwt")],
            "opaque",
            "server",
            "one_use forces opaque",
        ),
    ],
)
def test_the_explanation_says_what_won_and_why(member, stated, value, source, reason):
    told = why(member, *stated)
    told.pop("overrode")

    assert {"resource": None, "member": member, "value": value, "from": source, "why": reason} == told


@pytest.mark.parametrize(
    ("member", "stated", "overrode"),
    [
        ("code_lifetime", [], []),
        ("code_lifetime", [at("client", "shop", code_lifetime=30), at("server", code_lifetime=30)], []),
        (
            "max_sessions",
            [at("server", max_sessions=2), at("group", "a", max_sessions=1), at("group", "b", max_sessions=3)],
            [("group", "b", 3), ("server", "", 2)],
        ),
        (
            "access_token_format",
            [at("server", one_use=True), at("client", "shop", access_token_format="jwt")],
            [("client", "shop", "jwt")],
        ),
        (
            "allowed_networks",
            [at("server", allowed_networks=["10.0.0.0/8"]), at("client", "shop", allowed_networks=["10.1.0.0/16"])],
            [("server", "", ["10.0.0.0/8"])],
        ),
    ],
)
def test_the_explanation_says_what_was_overridden(member, stated, overrode):
    told = why(member, *stated)["overrode"]

    assert overrode == [(one["from"], one["name"], one["value"]) for one in told]


def test_the_explanation_of_what_holds_for_clients_of_a_kind_names_the_kind():
    server = at("server", require_pkce=False, rotation="keep")

    assert (
        "nobody stated it: the client registered itself and has credentials"
        == why("require_pkce", self_registered=True)["why"]
    )
    assert "a public client always needs PKCE" == why("require_pkce", server, confidential=False)["why"]
    assert "bound to a key" in why("rotation", server, confidential=False)["why"]
    assert "outlive the session with" in why("ends_with_session", offline=True)["why"]


def test_each_resource_is_explained_for_itself_and_the_rest_once():
    stated = [
        at("resource", "https://a", access_token_format="jwt", access_token_lifetime="1m"),
        at("resource", "https://b", access_token_format="opaque"),
        at("server", access_token_lifetime="2m"),
    ]

    lines = limits.explain(stated, resources=["https://a", "https://b"], **WEB)

    named = {(line.resource, line.member): line for line in lines}
    assert len(lines) == len(named)
    assert "jwt" == named["https://a", "access_token_format"].value
    assert "stated by the resource https://b" == named["https://b", "access_token_format"].why
    assert ("1m", "2m") == tuple(named[name, "access_token_lifetime"].value for name in ("https://a", "https://b"))
    assert {None} == {line.resource for line in lines if line.member == "session_idle"}
    assert len([line for line in lines if line.member == "session_idle"]) == 1
