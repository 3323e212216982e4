"""Plan, prune and drift, typed, on both databases."""

import asyncio
import json
import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from mintmark.store import applied as memory
from mintmark.store import authorizations, clients, configuration, people, resources
from mintmark.store.executor import Read
from mintmark.store.schema import audit
from tests.commands.applying import *  # noqa: F403
from tests.commands.applying import API, SECRET, SHOP, WANTED

OPERATOR = {
    "client_id": "operator",
    "client_secret": SECRET,
    "grant_types": ["client_credentials"],
    "scope": "admin:read",
}
DETAILS = Read(select(audit.c.event, audit.c.detail, audit.c.person_id).order_by(audit.c.id))


def test_a_plan_tells_member_by_member_with_secrets_hidden(applied, write):
    changed = {"clients": [{**SHOP, "client_secret": SECRET + "2", "redirect_uris": ["https://shop.example/other"]}]}
    answer = applied("apply", write(changed), "--plan")

    assert 3 == answer.code
    assert [
        "~ client shop",
        '  redirect_uris: ["https://shop.example/cb"] -> ["https://shop.example/other"]',
        '  client_secret: "***" -> "***"',
    ] == answer.out.splitlines()
    assert 0 == applied("apply", write(WANTED), "--plan").code


def test_what_was_changed_by_hand_is_told_and_then_put_right(applied, write):
    assert "nothing was changed by hand\n" == applied("drift").out
    applied("clients", "set", "shop", "client_name=Store", "default_max_age=60")
    drift = applied("drift", "--json")
    lines = applied("apply", write(WANTED), "--plan").out.splitlines()

    assert 3 == drift.code
    [item] = drift.json["items"]
    assert ("client", "shop", "update") == (item["kind"], item["name"], item["change"])
    assert [("client_name", "Shop", "Store"), ("default_max_age", None, 60)] == [
        (one["member"], one["before"], one["after"]) for one in item["members"]
    ]
    assert "~ client shop" == lines[0]
    assert lines[1].startswith('  client_name: "Store" -> "Shop"  ! changed by hand since 20')
    assert lines[2].startswith("  ! default_max_age: 60: changed by hand since 20")
    assert lines[2].endswith("and the file leaves it so")
    assert 0 == applied("apply", write(WANTED)).code
    assert 0 == applied("drift").code


def test_what_the_file_does_not_state_drifts_too_and_is_taken_over_by_the_next_apply(applied, write, stored):
    applied("clients", "set", "shop", "default_max_age=60")
    version = stored(configuration.find)
    plan = applied("apply", write(WANTED), "--plan", "--json")
    applied("apply", write(WANTED))

    assert (0, [], ["default_max_age"]) == (
        plan.code, plan.json["items"], [one["member"] for one in plan.json["drift"][0]["members"]],
    )  # fmt: skip
    assert 0 == applied("drift").code
    assert version == stored(configuration.find)


def test_deleted_disabled_and_replaced_by_hand_is_drift(applied, write):
    applied("clients", "delete", "till")
    applied("clients", "disable", "shop")
    applied("clients", "secret-end", "shop", "apply")
    applied("policies", "set", "group", "staff", "access_token_lifetime=1h")
    applied("policies", "set", "server", "session_idle=null")
    told = {(one["kind"], one["name"]): one for one in applied("drift", "--json").json["items"]}
    plan = applied("apply", write(WANTED), "--plan").out

    assert {("client", "till"), ("client", "shop"), ("group", "staff"), ("policy", "server")} == told.keys()
    assert "delete" == told["client", "till"]["change"]
    assert {"disabled": (False, True), "client_secret": ("***", None)} == {
        one["member"]: (one["before"], one["after"]) for one in told["client", "shop"]["members"]
    }
    assert "+ client till  ! deleted by hand since 20" in plan
    assert SECRET not in plan


def test_drift_of_a_file_is_drift_of_what_it_names(applied, write):
    applied("clients", "set", "shop", "client_name=Store")
    other = write({"clients": [{"client_id": "till"}], "policy": {}}, "other.json")

    assert 0 == applied("drift", other).code
    assert 3 == applied("drift", write(WANTED)).code


def test_what_a_file_left_is_remembered_without_a_secret(applied, stored):
    kept = stored(memory.all)

    assert ["client shop", "client till", "group staff", "policy server", "resource https://api.example"] == sorted(
        map(" ".join, kept)
    )
    assert SECRET not in str(kept)
    assert "new" != kept["client", "shop"].document["client_secret"]


def test_an_apply_is_one_event_and_people_are_named_in_theirs(applied, write, stored):
    applied("apply", write({"users": [{"username": "alice"}]}, "people.json"))
    rows = stored(lambda store: store.fetch(DETAILS))
    files = [json.loads(detail) for event, detail, _ in rows if event == "file_applied"]
    alice = stored(lambda store: people.find_signing_in(store, "alice"))

    assert [5, 1] == [one["created"] for one in files]
    assert alice.holder.id in [person for event, _, person in rows if event == "configured"]


def test_prune_deletes_what_the_sections_do_not_name(applied, write, stored, no_wait):
    applied("apply", write({"users": [{"username": "alice"}]}))
    wanted = {"clients": [{"client_id": "shop", "scope": "openid"}], "resources": [], "groups": {}}
    file = write(wanted)
    plan = applied("apply", file, "--plan", "--prune")
    no_wait.clear()
    done = applied("apply", file, "--prune")

    assert (3, 0) == (plan.code, done.code), done.err
    assert plan.out == done.out
    assert ["- resource https://api.example", "- client till", "- group staff"] == [
        line for line in done.out.splitlines() if line.startswith("-")
    ]
    assert ["lease"] == no_wait
    assert ["shop"] == [one.id for one in stored(lambda store: clients.page(store, "", 9))]
    assert {("server", "")} == stored(resources.policies).keys()
    assert stored(lambda store: people.find_signing_in(store, "alice")) is not None
    assert {("client", "shop"), ("policy", "server")} == stored(memory.all).keys()
    assert "nothing to change\n" == applied("apply", file, "--prune").out


def test_without_prune_nothing_goes(applied, write, stored):
    applied("apply", write({"clients": [], "resources": [], "groups": {}}))

    assert 2 == len(stored(lambda store: clients.page(store, "", 9)))


def test_a_pruned_client_speaks_for_no_resource_any_more(applied, write, stored):
    applied("apply", write({"resources": [{**API, "resource_servers": ["till", "shop"]}]}))
    done = applied("apply", write({"clients": [{"client_id": "shop"}]}), "--prune")

    assert '  resource_servers: ["till", "shop"] -> ["shop"]' in done.out
    assert [("shop",)] == [one.resource_servers for one in stored(resources.all)]


def test_what_pruning_would_leave_in_the_air_is_refused(applied, write):
    pruned = applied("apply", write({"resources": []}), "--prune")
    speaks = {**API, "resource_servers": ["till"]}
    named = applied("apply", write({"clients": [{"client_id": "shop"}], "resources": [speaks]}), "--prune")

    assert (1, 1) == (pruned.code, named.code)
    assert "client 'shop' would be left with api:read, which no resource owns then" in pruned.err
    assert "resources[0].resource_servers[0] 'till' is no client; did you mean 'shop'?" in named.err


def test_what_was_given_to_a_pruned_client_is_ended(applied, write, stored, database):
    async def give(store):
        from mintmark.protocol.authorization import Authorization

        now = datetime.now(UTC)
        given = Authorization(
            id="0" * 32, person_id="p", client_id="till", session_id=None, scope=("openid",), resources=(),
            ends_with_session=False, authenticated_at=now, acr="", amr=(), created_at=now, expires_at=now,
            ended_at=None,
        )  # fmt: skip
        await store.commit([authorizations.add(given)])

    stored(give)
    applied("apply", write({"clients": [{"client_id": "shop"}]}), "--prune")

    assert [] == stored(lambda store: authorizations.unended_of_client(store, "till", "", 9))


def test_people_go_only_where_that_is_asked_for(applied, write, stored):
    applied("apply", write({"users": [{"username": "alice"}, {"username": "bob", "groups": ["staff"]}]}))
    file = write({"users": [{"username": "Alice"}]})
    plan = applied("apply", file, "--plan", "--prune")
    done = applied("apply", file, "--prune-users")

    assert "bob" not in plan.out
    assert "- user bob\n" in done.out
    assert None is stored(lambda store: people.find_signing_in(store, "bob"))
    assert 2 == len(stored(lambda store: clients.page(store, "", 9)))


def test_the_last_way_into_the_admin_api_is_not_pruned(applied, write, stored):
    applied("apply", write({"clients": [OPERATOR], "users": [{"username": "root", "groups": ["admins"]}]}))
    client = applied("apply", write({"clients": [{"client_id": "shop"}]}), "--prune")
    person = applied("apply", write({"users": []}), "--prune-users")
    other = {**OPERATOR, "client_id": "other"}
    replaced = applied("apply", write({"clients": [{"client_id": "shop"}, other]}), "--prune")
    file = write({"clients": [{"client_id": "shop"}], "users": []})
    all_the_same = applied("apply", file, "--prune", "--prune-users", "--yes")

    assert (1, 1, 0, 0) == (client.code, person.code, replaced.code, all_the_same.code)
    assert "pruning would delete 'operator', the last client that may use the admin API; --yes does so" in client.err
    assert "pruning would delete 'root', the last person in the group admins; --yes does so" in person.err
    assert ["shop"] == [one.id for one in stored(lambda store: clients.page(store, "", 9))]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--prune-users"], 1, "--prune-users deletes whom the section users does not name"),
        (["--yes"], 2, "--yes speaks of --prune"),
    ],
)
def test_what_makes_no_sense_is_refused(applied, write, words, code, sentence):
    answer = applied("apply", write({"clients": []}), *words)

    assert code == answer.code
    assert sentence in " ".join(answer.err.replace("│", "").split())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_client_may_be_disabled_and_enabled_by_file(applied, write, stored, no_wait):
    find = lambda store: clients.find(store, "shop")  # noqa: E731
    no_wait.clear()
    off = applied("apply", write({"clients": [{"client_id": "shop", "disabled": True}]}))
    disabled = stored(find)
    again = applied("apply", write({"clients": [{"client_id": "shop", "disabled": True}]}))
    applied("apply", write({"clients": [{"client_id": "shop", "disabled": None}]}))
    wrong = applied("apply", write({"clients": [{"client_id": "shop", "disabled": 1}]}))

    assert "  disabled: false -> true" in off.out
    assert ["lease"] == no_wait
    assert disabled.disabled_at is not None
    assert "nothing to change\n" == again.out
    assert None is stored(find).disabled_at
    assert "clients[0].disabled must be true or false" in wrong.err


def test_two_nodes_follow_within_a_second(applied, write, database):
    """Each reads the version row before its lease of a second runs out, and what it knew before is gone then."""
    from mintmark.keys.sealing import Sealer
    from mintmark.registry import LEASE, Registry
    from mintmark.settings import Settings

    settings = Settings.load(dict(os.environ))

    async def names():
        from mintmark.commands import apply as applying

        stores = [await database.connect() for _ in range(2)]
        clock = [0.0]
        nodes = [
            Registry(store, Sealer(settings.sealing_key_bytes), settings.issuer, lambda: clock[0]) for store in stores
        ]
        before = [getattr(await node.client("shop"), "name", "") for node in nodes]
        from mintmark.commands import apply_source

        stricter = {"staff": {"policy": {"access_token_lifetime": "1m"}}}
        file = write({"clients": [{**SHOP, "client_name": "Store"}], "groups": stricter})
        source = apply_source.read(file, None)
        await applying._apply(settings, source, None, only_plan=False)
        clock[0] += LEASE
        after = [getattr(await node.client("shop"), "name", "") for node in nodes]
        policies = [node.stated(None, (), ("staff",))[0].policy.document() for node in nodes]
        for store in stores:
            await store.close()
        return before, after, policies

    before, after, policies = asyncio.run(names())

    assert (["Shop"] * 2, ["Store"] * 2) == (before, after)
    assert [{"access_token_lifetime": "1m"}] * 2 == policies
