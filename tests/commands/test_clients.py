"""`mintmark clients`, typed."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from mintmark.protocol.catalogue import Resource
from mintmark.protocol.policy import Policy
from mintmark.store import resources
from mintmark.store.executor import Read
from mintmark.store.schema import audit, client_secrets, clients
from tests.commands.line import *  # noqa: F403

SHOP = """clients add shop 'redirect_uris=["https://shop.example/cb"]' client_name=Shop scope='openid offline_access'"""
SECRETS = Read(select(client_secrets.c.name, client_secrets.c.length, client_secrets.c.ended_at))
FACTS = Read(select(audit.c.event, audit.c.client_id, audit.c.detail).order_by(audit.c.id))
WATERMARK = Read(select(clients.c.ended_before))


def test_a_client_added_can_be_shown_and_listed(both_lines):
    line = both_lines
    made = line.ok(SHOP)
    shown = line.ok("clients show shop")

    assert ("shop", "Shop", ["https://shop.example/cb"]) == (
        made["client_id"], made["client_name"], made["redirect_uris"],
    )  # fmt: skip
    assert made == {name: value for name, value in shown.items() if name not in ("secrets", "effective")}
    assert [made] == line.ok("clients list")["items"]


def test_lists_may_be_plain_text(line):
    made = line.ok(
        "clients add shop redirect_uris=https://a.example/cb,https://b.example/cb "
        "grant_types=authorization_code,refresh_token"
    )

    assert ["https://a.example/cb", "https://b.example/cb"] == made["redirect_uris"]
    assert ["authorization_code", "refresh_token"] == made["grant_types"]


def test_set_changes_what_it_names_and_nothing_else(line):
    line(SHOP)
    changed = line.ok("clients set shop client_name=Store policy.access_token_lifetime=300 policy.max_active_tokens=3")
    again = line.ok("clients set shop policy.max_active_tokens=null default_max_age=60")

    assert {"access_token_lifetime": "5m", "max_active_tokens": 3} == changed["policy"]
    assert ("Store", "openid offline_access") == (changed["client_name"], changed["scope"])
    assert ({"access_token_lifetime": "5m"}, 60) == (again["policy"], again["default_max_age"])


def test_null_resets_the_whole_policy(line):
    line(SHOP, "policy.require_pkce=false")

    assert {} == line.ok("clients set shop policy=null")["policy"]


def test_show_says_which_limit_holds_and_why(line):
    line(SHOP, "policy.access_token_lifetime=5m")
    asyncio.run(state_a_server_policy(line.database))
    rows = line.ok("clients show shop")["effective"]
    by_member = {row["member"]: row for row in rows}

    assert {"resource", "member", "value", "from", "why", "overrode"} == rows[0].keys()
    assert ("3m", "server", "https://id.example") == tuple(
        by_member["access_token_lifetime"][name] for name in ("value", "from", "resource")
    )
    assert "shortest" in by_member["access_token_lifetime"]["why"]
    assert [{"from": "client", "name": "shop", "value": "5m"}] == by_member["access_token_lifetime"]["overrode"]
    assert ("30d", "default") == (by_member["refresh_token_idle"]["value"], by_member["refresh_token_idle"]["from"])


async def state_a_server_policy(database):
    store = await database.connect()
    policy = Policy.read({"access_token_lifetime": "3m"}, at="server")
    await store.commit(resources.add_policy("server", "", policy, datetime.now(UTC)))
    await store.close()


def test_a_table_of_limits_is_for_people(line):
    line(SHOP)
    done = line("clients show shop")

    assert "access_token_lifetime" in done.out
    assert "nobody stated it" in done.out


def test_a_secret_is_made_and_shown_once(line):
    line(SHOP)
    made = line.ok("clients secret-add shop --name blue --expires 30d")
    other = line.ok("clients secret-add shop")
    shown = line("clients show shop --json")

    assert ["client_id", "name", "client_secret", "expires_at"] == list(made)
    assert ("shop", "blue", 43) == (made["client_id"], made["name"], len(made["client_secret"]))
    assert made["expires_at"].endswith("Z")
    assert (None, "secret-1") == (other["expires_at"], other["name"])
    assert made["client_secret"] not in shown.out
    assert [("blue", True), ("secret-1", False)] == [
        (secret["name"], secret["expires_at"] is not None) for secret in shown.json["secrets"]
    ]


def test_a_secret_ends_when_no_node_takes_it_any_more(line):
    line(SHOP)
    line("clients secret-add shop --name blue")
    line("clients secret-add shop --name green")
    ended = line.ok("clients secret-end shop blue")

    assert ("shop", "blue", ["green"]) == (ended["client_id"], ended["name"], ended["left"])
    assert ["lease"] == line.waited
    assert 4 == line("clients secret-end shop blue").code
    assert "blue" == line.ok("clients secret-add shop --name blue")["name"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("--name blue", 1),
        ("--name 'a b'", 1),
        ("--expires 2020-01-01", 1),
        ("--expires soon", 2),
        ("--expires 0s", 2),
    ],
)
def test_a_secret_that_cannot_be_is_refused(line, more, code):
    line(SHOP)
    line("clients secret-add shop --name blue")

    assert code == line(f"clients secret-add shop {more}").code
    assert 1 == len(line.fetch(SECRETS))


def test_a_public_client_gets_no_secret(line):
    line(SHOP, "token_endpoint_auth_method=none")

    assert 1 == line("clients secret-add shop").code


def test_disabling_answers_when_no_node_serves_it_any_more(line):
    line(SHOP)

    assert line.ok("clients disable shop")["disabled"]
    assert ["lease"] == line.waited
    assert line.ok("clients disable shop")["disabled"]


def test_enabling_revives_nothing(line):
    line(SHOP)
    line("clients disable shop")
    [[disabled]] = line.fetch(WATERMARK)
    enabled = line.ok("clients enable shop")

    assert not enabled["disabled"]
    assert disabled <= line.fetch(WATERMARK)[0][0]


def test_a_deleted_client_is_gone_and_speaks_for_nothing(both_lines):
    line = both_lines
    line(SHOP)
    line("clients secret-add shop")
    asyncio.run(own_a_resource(line.database))
    deleted = line.ok("clients delete shop")

    assert {"client_id": "shop", "deleted": True} == deleted
    assert ["lease"] == line.waited
    assert 4 == line("clients delete shop").code
    assert [] == line.fetch(SECRETS)
    assert () == asyncio.run(speakers(line.database))
    assert "shop" == line.ok(SHOP)["client_id"]


async def own_a_resource(database):
    store = await database.connect()
    resource = Resource("https://api.example", "", {}, ("shop",), Policy())
    await store.commit(resources.add(resource, datetime.now(UTC)))
    await store.close()


async def speakers(database):
    store = await database.connect()
    [found] = await resources.all(store)
    await store.close()
    return found.resource_servers


@pytest.mark.parametrize("verb", ["show", "set", "disable", "enable", "delete", "secret-add"])
def test_what_is_not_there_is_not_found(line, verb):
    done = line(f"clients {verb} nothing")

    assert (4, "") == (done.code, done.out)
    assert "nothing" in done.err


@pytest.mark.parametrize(
    ("typed", "code", "told"),
    [
        ("clients add shop redirect_urls=https://a.example", 1, "redirect_uris"),
        ("clients add shop redirect_uris=http://a.example/cb", 1, "redirect_uris"),
        ("clients add shop grant_types= client_secret=abc", 1, "secret-add"),
        ("clients add shop grant_types= policy.access_token_lifetime=0", 1, "access_token_lifetime"),
        ("clients add shop grant_types= policy.session_idle=5m", 1, "session_idle"),
        ("clients add shop grant_types= scope=api:raed", 1, "api:raed"),
        ("clients add shop grant_types", 2, "member=value"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_made(line, typed, code, told):
    done = line(typed)

    assert code == done.code
    assert told in done.err
    assert [] == line.ok("clients list")["items"]


def test_a_client_is_not_added_twice(line):
    line(SHOP)

    assert 1 == line(SHOP).code


def test_every_change_is_in_the_audit_trail_without_a_secret(line):
    line(SHOP)
    secret = line.ok("clients secret-add shop --name blue")["client_secret"]
    for typed in ("set shop client_name=Store", "secret-end shop blue", "disable shop", "enable shop", "delete shop"):
        assert 0 == line(f"clients {typed}").code
    facts = line.fetch(FACTS)

    assert 8 == len(facts)  # delete disables first
    assert {("configured", "shop")} == {fact[:2] for fact in facts}
    assert not any(secret in fact[2] for fact in facts)
