import asyncio
import json
import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from mintmark.protocol import ids
from mintmark.protocol.names import normalise_username
from mintmark.store import clients, configuration, people, resources
from mintmark.store.connect import connect
from mintmark.store.executor import Read
from mintmark.store.schema import audit

SECRET = "a secret of more than thirty-two characters"
BCRYPT = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
WANTED = {
    "resources": [
        {
            "resource": "https://api.example",
            "name": "Example API",
            "scopes": ["api:read", "api:write"],
            "resource_servers": ["example-api"],
            "policy": {"access_token_lifetime": "10m", "access_token_format": "jwt"},
        }
    ],
    "clients": [
        {"client_id": "example-api", "client_secret": SECRET, "grant_types": []},
        {
            "client_id": "shop",
            "client_secret": SECRET,
            "client_name": "Shop",
            "redirect_uris": ["https://shop.example/cb"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_basic",
            "scope": "openid profile offline_access api:read",
            "policy": {"refresh_token_idle": "30d", "require_pkce": False},
        },
    ],
    "users": [
        {
            "username": "alice",
            "password": "a password of hers",
            "email": "alice@example.org",
            "email_verified": True,
            "name": "Alice Example",
            "groups": ["staff"],
            "claims": {"department": "R&D"},
        }
    ],
    "policy": {"session_idle": "8h"},
}
EVENTS = Read(select(audit.c.event, audit.c.detail, audit.c.actor).order_by(audit.c.id))


@pytest.fixture
def file(tmp_path):
    def write(document):
        path = tmp_path / "apply.json"
        path.write_text(json.dumps(document))
        return path

    return write


@pytest.fixture
def applied(typed, file):
    answer = typed("apply", file(WANTED))
    assert 0 == answer.code, answer.err
    return typed


@pytest.fixture
def stored(database):
    """Whatever the coroutine finds in the store."""

    def ask(work):
        async def run():
            store = await connect(database.url)
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(run())

    return ask


def person(stored, name="alice"):
    return stored(lambda store: people.find_signing_in(store, normalise_username(name)))


def client(stored, client_id="shop"):
    return stored(lambda store: clients.find(store, client_id))


def test_the_server_becomes_what_the_file_says(applied, stored):
    shop, alice = client(stored), person(stored)

    assert ("authorization_code", "refresh_token") == shop.grant_types
    assert {"refresh_token_idle": "30d", "require_pkce": False} == shop.policy.document()
    assert ["apply"] == [secret.name for secret in shop.secrets]
    assert ("staff",) == alice.holder.groups
    assert {"name": "Alice Example"} == json.loads(alice.holder.claims)
    assert {"department": "R&D"} == json.loads(alice.holder.custom_claims)
    assert alice.password_hash.startswith("$argon2id$")
    assert ["https://api.example"] == [one.id for one in stored(resources.all)]
    assert {"session_idle": "8h"} == stored(resources.policies)[("server", "")].document()


def test_twice_in_a_row_changes_nothing(applied, file, stored):
    before = stored(configuration.find)
    again = applied("apply", file(WANTED), "--json")

    assert {"applied": True, "items": [], "drift": []} == again.json
    assert before == stored(configuration.find)
    assert 0 == applied("apply", file(WANTED), "--plan").code


def test_a_plan_shows_what_would_be_and_changes_nothing(typed, file, stored):
    answer = typed("apply", file(WANTED), "--plan", "--json")

    assert 3 == answer.code
    assert ["resource", "client", "client", "policy", "user"] == [one["kind"] for one in answer.json["items"]]
    assert {"member": "client_secret", "before": None, "after": "***"} in answer.json["items"][1]["members"]
    assert SECRET not in answer.out
    assert "a password of hers" not in answer.out
    assert [] == stored(resources.all)
    assert "+ client shop" in typed("apply", file(WANTED), "--plan").out


def test_a_running_server_is_told_once(typed, file, stored):
    typed("apply", file({"policy": {"max_sessions": 3}}))  # makes the secrets too
    before, _ = stored(configuration.find)
    typed("apply", file(WANTED))

    assert before + 1 == stored(configuration.find)[0]


def test_every_change_is_in_the_audit_trail_without_its_value(applied, stored):
    rows = stored(lambda store: store.fetch(EVENTS))
    details = [json.loads(detail) for event, detail, _ in rows if event == "configured"]
    told = {detail["subject"]: detail for detail in details}

    assert {"https://api.example", "example-api", "shop", "alice", "server"} == told.keys()
    assert "client_secret" in told["shop"]["members"]
    assert SECRET not in str(rows)
    assert rows[0][2].startswith("command line")


def test_an_absent_member_is_left_alone_and_null_is_the_default(applied, file, stored):
    answer = applied(
        "apply",
        file(
            {
                "clients": [{"client_id": "shop", "client_name": None, "policy": {"require_pkce": None}}],
                "users": [{"username": "ALICE", "groups": None, "claims": {"floor": 3}}],
                "policy": {"session_idle": None},
            }
        ),
        "--json",
    )
    shop, alice = client(stored), person(stored)

    assert 0 == answer.code, answer.err
    assert "shop" == shop.name
    assert ("https://shop.example/cb",) == shop.redirect_uris
    assert {"refresh_token_idle": "30d"} == shop.policy.document()
    assert 1 == len(shop.secrets)
    assert "ALICE" == alice.holder.username
    assert () == alice.holder.groups
    assert {"department": "R&D", "floor": 3} == json.loads(alice.holder.custom_claims)
    assert alice.holder.email_verified
    assert {} == stored(resources.policies)[("server", "")].document()


def test_another_address_is_not_verified_by_what_was_said_of_the_old_one(applied, file, stored):
    applied("apply", file({"users": [{"username": "alice", "email": "new@example.org"}]}))

    assert not person(stored).holder.email_verified


def test_a_changed_secret_replaces_that_one_only(applied, file, stored, database):
    async def by_hand(store):
        now = datetime.now(UTC)
        id = ids.uuid7(now, os.urandom(10))
        await store.commit(clients.add_secret(id, "shop", "by hand", b"digest", 40, now, None))

    stored(by_hand)
    before = {secret.name: secret.digest for secret in client(stored).secrets}
    answer = applied("apply", file({"clients": [{"client_id": "shop", "client_secret": SECRET + "2"}]}))
    after = {secret.name: secret.digest for secret in client(stored).secrets}

    assert 0 == answer.code, answer.err
    assert before["by hand"] == after["by hand"]
    assert before["apply"] != after["apply"]


def test_a_secret_that_is_null_goes(applied, file, stored):
    applied("apply", file({"clients": [{"client_id": "shop", "client_secret": None}]}))

    assert () == client(stored).secrets
    assert (
        "nothing to change\n" == applied("apply", file({"clients": [{"client_id": "shop", "client_secret": None}]})).out
    )


def test_a_password_counts_when_the_person_is_made_and_again_only_by_order(applied, file, stored):
    before = person(stored).password_hash
    other = {"username": "alice", "password": "another password"}
    applied("apply", file({"users": [other]}))
    kept = person(stored).password_hash
    applied("apply", file({"users": [{**other, "reset_password": True}]}))
    after = person(stored).password_hash
    again = applied("apply", file({"users": [{**other, "reset_password": True}]}))

    assert before == kept != after
    assert "nothing to change\n" == again.out


def test_a_hash_of_another_system_is_taken_over(applied, file, stored):
    bob = {"username": "bob", "password_hash": BCRYPT}
    applied("apply", file({"users": [bob]}))

    assert BCRYPT == person(stored, "bob").password_hash
    assert "nothing to change\n" == applied("apply", file({"users": [{**bob, "reset_password": True}]})).out


def test_a_disabled_person_has_lost_everything_for_good(applied, file, stored):
    alice = person(stored).holder.id
    applied("apply", file({"users": [{"username": "alice", "disabled": True}]}))
    disabled = person(stored).holder
    applied("apply", file({"users": [{"username": "alice", "disabled": False}]}))
    enabled = person(stored).holder

    assert alice == disabled.id
    assert disabled.disabled_at is not None
    assert enabled.disabled_at is None
    assert 0 < disabled.ended_before == enabled.ended_before


def test_a_person_may_be_made_disabled(typed, file, stored):
    assert 0 == typed("apply", file({"users": [{"username": "eve", "disabled": True}]})).code
    assert person(stored, "eve").holder.disabled_at is not None
    assert "nothing to change\n" == typed("apply", file({"users": [{"username": "eve", "disabled": True}]})).out


def test_nothing_is_applied_unless_all_of_it_can_be(typed, file, stored):
    answer = typed("apply", file({**WANTED, "users": [{"username": "a@b.example"}]}))

    assert 1 == answer.code
    assert "apply.json, line 1, column " in answer.err
    assert ": users[0].username looks like an e-mail address" in answer.err
    assert "" == answer.out
    assert [] == stored(resources.all)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it does not come to the database
@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (
            {"resources": [{"resource": "https://API.example/"}]},
            "resources[0].resource is https://api.example in another",
        ),
        ({"resources": [{"resource": "https://b.example"}] * 2}, "resources[1].resource stands twice"),
        (
            {"resources": [{"resource": "https://b.example", "resource_servers": ["example-ap"]}]},
            "resources[0].resource_servers[0] 'example-ap' is no client; did you mean 'example-api'?",
        ),
        (
            {"resources": [{"resource": "https://api.example", "scopes": ["api:write"]}]},
            "client 'shop' would be left with api:read",
        ),
        ({"clients": [{"client_id": "shop"}] * 2}, "clients[1].client_id stands twice"),
        ({"clients": [{"client_id": 5}]}, "clients[0].client_id must be"),
        (
            {"clients": [{"client_id": "shop", "client_secrt": "x"}]},
            "clients[0].client_secrt is no member of a client; did you mean 'client_secret'?",
        ),
        (
            {"clients": [{"client_id": "shop", "client_secret": "é"}]},
            "clients[0].client_secret must be printable ASCII",
        ),
        ({"clients": [{"client_id": "shop", "client_secret": ""}]}, "clients[0].client_secret must be 1 to"),
        ({"clients": [{"client_id": "shop", "policy": []}]}, "clients[0].policy must be an object"),
        (
            {"clients": [{"client_id": "shop", "policy": {"require_dpop": True}}]},
            "clients[0].policy.require_dpop is not offered",
        ),
        (
            {"clients": [{"client_id": "shop", "token_endpoint_auth_method": "none"}]},
            "clients[0].policy.require_pkce cannot be false for a public client",
        ),
        (
            {
                "clients": [
                    {
                        "client_id": "spa",
                        "redirect_uris": ["https://a.example"],
                        "token_endpoint_auth_method": "none",
                        "client_secret": "x",
                    }
                ]
            },
            "clients[0].client_secret is not for a client whose token_endpoint_auth_method is none",
        ),
        (
            {"clients": [{"client_id": "shop", "scope": "api:raed"}]},
            "clients[0].scope 'api:raed' belongs to no resource",
        ),
        (
            {"users": [{"username": "bob", "email": "Alice@example.org", "email_verified": True}]},
            "users[0].email belongs to 'alice' already",
        ),
        ({"users": [{"username": "bob"}, {"username": "BOB"}]}, "users[1].username stands at users[0] already"),
        ({"users": [{"usernam": "bob"}]}, "users[0].usernam is no member of a person; did you mean 'username'?"),
        (
            {"users": [{"username": "bob", "password": "x", "password_hash": BCRYPT}]},
            "users[0].password_hash cannot stand beside",
        ),
        ({"users": [{"username": "bob", "password_hash": "5f4dcc3b"}]}, "users[0].password_hash must be a salted"),
        ({"users": [{"username": "bob", "password": ""}]}, "users[0].password must not be empty"),
        ({"users": [{"username": "bob", "password": 5}]}, "users[0].password must be text"),
        ({"users": [{"username": "bob", "reset_password": True}]}, "users[0].reset_password needs a password"),
        ({"users": [{"username": "bob", "reset_password": 1}]}, "users[0].reset_password must be true"),
        ({"users": [{"username": "bob", "disabled": "no"}]}, "users[0].disabled must be true"),
        ({"policy": {"rotate": "keep"}}, "policy.rotate is no member of a policy; did you mean 'rotation'?"),
    ],
)
def test_a_mistake_is_told_by_its_path(applied, file, wanted, sentence):
    answer = applied("apply", file(wanted))

    assert 1 == answer.code
    assert sentence in answer.err


def test_a_client_that_loses_the_scope_too_is_no_mistake(applied, file, stored):
    wanted = {
        "resources": [{"resource": "https://api.example", "scopes": {"api:write": "Write"}}],
        "clients": [{"client_id": "shop", "scope": "openid api:write"}],
    }

    assert 0 == applied("apply", file(wanted)).code
    assert ("openid", "api:write") == client(stored).scope


def test_whoever_changed_the_configuration_meanwhile_is_not_overwritten(applied, file, stored, monkeypatch):
    from mintmark.commands import writing

    write, tries = writing.write, []

    async def slow(opened, plan, version, hashing, file):
        tries.append(version)
        if len(tries) == 1:
            await opened.store.commit([configuration.changed()])
        await write(opened, plan, version, hashing, file)

    monkeypatch.setattr(writing, "write", slow)
    answer = applied("apply", file({"policy": {"max_sessions": 5}}))

    assert 0 == answer.code, answer.err
    assert 2 == len(tries)
    assert 5 == stored(resources.policies)[("server", "")].max_sessions


def test_a_file_that_is_not_there_is_refused(typed, tmp_path):
    answer = typed("apply", tmp_path / "nothing.json")

    assert 1 == answer.code
    assert "cannot be read: No such file" in answer.err


def test_a_file_that_is_no_text_is_refused(typed, tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff")

    assert "is not UTF-8 text" in typed("apply", tmp_path / "a.json").err


def test_a_value_in_a_file_lies_beside_the_apply_file(typed, tmp_path, stored, clean):
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "name.txt").write_text("Carol\n")
    (folder / "apply.json").write_text('{"users": [{"username": {"env": "WHO"}, "name": {"file": "name.txt"}}]}')
    clean.setenv("WHO", "carol")

    assert 0 == typed("apply", folder / "apply.json").code
    assert {"name": "Carol"} == json.loads(person(stored, "carol").holder.claims)


def test_no_file_is_a_mistake_of_usage(typed):
    assert 2 == typed("apply").code
    assert 2 == typed("aply").code


def test_a_database_that_does_not_answer_is_told_apart(typed, file, clean):
    clean.setenv("MINTMARK_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    answer = typed("apply", file({}))

    assert 5 == answer.code
    assert "the database cannot be reached" in answer.err
