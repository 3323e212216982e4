"""`mintmark export`: what it writes makes an empty server the same."""

import asyncio
import json
import os

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mintmark.commands import apply, apply_schema, apply_source, export, opening
from mintmark.commands.forms import FORMS, writers
from mintmark.settings import Settings
from tests.commands.applying import *  # noqa: F403
from tests.commands.applying import SECRET, WANTED

USERS = [
    {
        "username": "alice",
        "email": "alice@example.org",
        "email_verified": True,
        "groups": ["staff"],
        "claims": {"department": "R&D", "lookalike": {"env": "HOME"}, "deeper": [{"literal": {"file": "x"}}]},
        "password_hash": "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    },
    {"username": "bob", "disabled": True},
]


def test_an_export_holds_references_and_no_secret(applied):
    done = applied("export")

    assert {"env": "SHOP_CLIENT_SECRET"} == done.json["clients"][0]["client_secret"]
    assert WANTED["groups"] == done.json["groups"]
    assert SECRET not in done.out
    assert "users" not in done.json
    assert "set TILL_CLIENT_SECRET before it is applied" in done.err


def test_people_and_their_hashes_are_exported_only_where_that_is_asked_for(applied, write):
    literal = {"lookalike": {"literal": {"env": "HOME"}}, "deeper": [{"literal": {"literal": {"file": "x"}}}]}
    alice = {**USERS[0], "claims": {"department": "R&D", **literal}}
    made = applied("apply", write({"users": [alice, USERS[1]]}))
    users = applied("export", "--users").json["users"]
    hashes = applied("export", "--users", "--password-hashes").json["users"]

    assert 0 == made.code, made.err
    assert ["alice", "bob"] == [one["username"] for one in users]
    assert alice["claims"] == users[0]["claims"]
    assert "password_hash" not in users[0]
    assert alice["password_hash"] == hashes[0]["password_hash"]
    assert users[1]["disabled"]
    assert 2 == applied("export", "--password-hashes").code


@pytest.mark.parametrize("form", FORMS)
def test_an_export_applied_to_itself_changes_nothing(applied, write, clean, form):
    clean.setenv("SHOP_CLIENT_SECRET", SECRET)
    clean.setenv("TILL_CLIENT_SECRET", SECRET)
    answer = applied("apply", write(applied("export", "--format", form).out, f"again.{form}"), "--prune")

    assert (0, "nothing to change\n") == (answer.code, answer.out), answer.err


def test_an_export_without_its_variables_is_refused_by_line(applied, write):
    answer = applied("apply", write(applied("export", "--format", "yaml").out, "again.yaml"))

    assert "clients[0].client_secret names the environment variable SHOP_CLIENT_SECRET, which is not set" in answer.err
    assert "again.yaml, line " in answer.err


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_toml_has_no_word_for_null(applied, write):
    applied("apply", write({"users": [{"username": "alice", "claims": {"a": [None]}}]}))
    answer = applied("export", "--users", "--format", "toml")

    assert 1 == answer.code
    assert "users[0].claims.a[0] is null, which TOML has no word for: export it as yaml or json" in answer.err


def test_two_clients_of_nearly_one_name_have_two_variables():
    taken: set[str] = set()

    assert ["A_B_CLIENT_SECRET", "A_B_2_CLIENT_SECRET", "CLIENT_1_CLIENT_SECRET", "CLIENT_CLIENT_SECRET"] == [
        export._variable(id, taken) for id in ("a.b", "a-b", "1", "!")
    ]


NAMES = st.text("abcdefghij.-_ 019", min_size=1, max_size=10).map(str.strip).filter(bool)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=10)
SPANS = st.sampled_from(["30s", "5m", "1h30m", "8h", "2w"])
ANYWHERE = {"access_token_lifetime": SPANS, "one_use": st.booleans(),
            "access_token_format": st.sampled_from(["jwt", "opaque"]),
            "not_after": st.sampled_from(["18:00", "18:00 Europe/Berlin", "2999-12-31"]),
            "allowed_networks": st.lists(st.sampled_from(["10.0.0.0/8", "::1/128"]), unique=True)}  # fmt: skip
PERSONAL = {"session_idle": SPANS, "max_sessions": st.integers(1, 99)}


def policies(**more):
    return st.fixed_dictionaries({}, optional={**ANYWHERE, **more})


MEMBERS = WORDS | st.sampled_from(["env", "file", "literal"])
OWN = WORDS.filter(lambda word: not word.isascii())  # a claim that no protocol owns
CLAIMS = st.recursive(
    st.booleans() | st.integers() | WORDS | st.sampled_from(["yes", "1e5", "null", "2026-01-01", "a: b", "- x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(MEMBERS, inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


@st.composite
def configurations(draw):
    scopes = draw(st.lists(st.sampled_from(["a:read", "a:write", "b", "env", "file"]), unique=True, max_size=3))
    described = draw(st.booleans())
    clients = draw(st.lists(NAMES, unique=True, max_size=3))
    return {
        "policy": draw(policies(**PERSONAL)),
        "groups": {name: {"policy": draw(policies(**PERSONAL))} for name in draw(st.lists(WORDS, max_size=2))},
        "resources": [
            {
                "resource": f"https://{number}.example",
                "name": draw(WORDS),
                "scopes": {"literal": {one: draw(WORDS) for one in scopes}} if described and number == 0 else
                [one for one in scopes if number == 0],
                "resource_servers": clients[:1],
                "policy": draw(policies()),
            }
            for number in range(draw(st.integers(0, 2)) if not scopes else 2)
        ],
        "clients": [
            {
                "client_id": id,
                "client_secret": SECRET,
                "grant_types": draw(st.sampled_from([[], ["client_credentials"]])),
                "scope": " ".join(["openid", *scopes]),
                "client_name": draw(WORDS),
                "disabled": draw(st.booleans()),
                "policy": draw(policies(max_active_tokens=st.integers(1, 9))),
            }
            for id in clients
        ],
        "users": [
            {"username": f"{number}", "claims": {"literal": draw(st.dictionaries(OWN, CLAIMS, max_size=2))},
             "groups": draw(st.lists(WORDS, unique=True, max_size=2)), "disabled": draw(st.booleans())}
            for number in range(draw(st.integers(0, 2)))
        ],
    }  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(wanted=configurations(), form=st.sampled_from(list(FORMS)))
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_export_apply_export_is_the_same(wanted, form, fresh, tmp_path, clean, database):
    clean.setenv("MINTMARK_ISSUER", "https://id.example")
    clean.setenv("MINTMARK_SEALING_KEYS", "A" * 43)
    number = len(list(tmp_path.iterdir()))

    async def through(place, text, language):
        path = tmp_path / f"{place}-{number}.db"
        file = tmp_path / f"{place}-{number}.{language}"
        file.write_text(text)
        options = Settings.load({**os.environ, "MINTMARK_DATABASE_URL": fresh.sqlite(path).url})
        await apply._apply(options, apply_source.read(file, None), None, only_plan=False)
        async with opening.opened(options) as opened:
            return await export.document(opened, users=True, hashes=True)

    first = asyncio.run(through("first", json.dumps(wanted), "json"))
    for one in first.get("clients", ()):
        clean.setenv(one["client_secret"]["env"], SECRET)
    second = asyncio.run(through("second", writers.WRITERS[form](first), form))

    assert first == second
    jsonschema_rs.validator_for(apply_schema.document()).validate(first)


# ── the schema

GOOD = [
    {},
    WANTED,
    {"$schema": "apply.schema.json", "clients": [{"client_id": "a", "client_name#de": "Laden", "policy": None}]},
    {"users": [{"username": {"env": "WHO"}, "address": {"country": "DE"}, "claims": {"a": [1]}, "email": None}]},
    {"policy": {"access_token_lifetime": 300, "not_after": "18:00", "require_pkce": None}},
    {"groups": {"staff": None}, "resources": [{"resource": "https://a.example", "scopes": {"a": "Do a"}}]},
]
BAD = [
    [],
    {"client": []},
    {"clients": [{}]},
    {"clients": [{"client_id": "a", "client_secrt": "x"}]},
    {"clients": [{"client_id": "a", "grant_types": ["implicit"]}]},
    {"clients": [{"client_id": "a", "dpop_bound_access_tokens": True}]},
    {"clients": [{"client_id": "a", "policy": {"session_idle": "8h"}}]},
    {"resources": [{"name": "no identifier"}]},
    {"resources": [{"resource": "https://a.example", "policy": {"rotation": "keep"}}]},
    {"groups": {"staff": {"access_token_lifetime": "5m"}}},
    {"policy": {"access_token_lifetime": "5 minutes"}},
    {"policy": {"access_token_lifetime": 0}},
    {"policy": {"require_dpop": True}},
    {"users": [{"username": "a", "updated_at": 5}]},
    {"users": [{"username": {"env": "A", "file": "b"}}]},
    {"users": [{"username": "a", "disabled": "no"}]},
]


@pytest.mark.parametrize("document", GOOD)
def test_the_schema_takes_what_is_right(document):
    validator = jsonschema_rs.validator_for(apply_schema.document())

    assert [] == [error.message for error in validator.iter_errors(document)]


@pytest.mark.parametrize("document", BAD)
def test_the_schema_refuses_what_an_apply_would_refuse(document):
    assert not jsonschema_rs.validator_for(apply_schema.document()).is_valid(document)


def test_the_schema_is_one_and_is_printed(bare):
    jsonschema_rs.meta.validate(apply_schema.document())

    assert apply_schema.document() == bare("apply", "--schema").json
