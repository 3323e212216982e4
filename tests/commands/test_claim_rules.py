"""Claim rules in the apply file: plan, prune, drift and export."""

import json

import jsonschema_rs
import pytest

from mintmark.commands import apply_schema
from tests.commands.applying import *  # noqa: F403
from tests.commands.applying import WANTED

RULE = {"name": "roles", "claim": "app_roles", "expression": "user.groups", "scopes": ["openid"], "clients": ["shop"]}
RULES = {"claim_rules": [RULE]}


def test_a_rule_is_applied_once_and_exported_as_it_stands(applied, write):
    plan = applied("apply", write(RULES), "--plan")
    done = applied("apply", write(RULES))
    again = applied("apply", write(RULES), "--plan")
    exported = applied("export").json["claim_rules"]

    assert 3 == plan.code
    assert ["+ claim_rule roles", '  name: "roles"', '  claim: "app_roles"'] == plan.out.splitlines()[:3]
    assert (0, 0) == (done.code, again.code), done.err
    assert [{**RULE, "places": ["id_token", "userinfo"]}] == exported
    assert 0 == applied("apply", write({"claim_rules": exported}), "--plan").code


def test_an_absent_member_is_left_alone_and_null_is_the_default(applied, write):
    applied("apply", write(RULES))
    applied("apply", write({"claim_rules": [{"name": "roles", "claim": "renamed", "scopes": None}]}))
    [exported] = applied("export").json["claim_rules"]

    assert ("renamed", "user.groups", ["shop"]) == tuple(exported[name] for name in ("claim", "expression", "clients"))
    assert "scopes" not in exported


def test_prune_deletes_the_rules_that_the_section_does_not_name(applied, write):
    applied("apply", write(RULES))
    kept = applied("apply", write({"clients": WANTED["clients"]}), "--prune", "--plan")
    plan = applied("apply", write({"claim_rules": []}), "--prune", "--plan")
    done = applied("apply", write({"claim_rules": []}), "--prune")

    assert "claim_rule" not in kept.out
    assert ["- claim_rule roles"] == plan.out.splitlines()
    assert 0 == done.code
    assert "claim_rules" not in applied("export").json
    assert 0 == applied("drift").code


def test_two_rules_may_change_places_in_one_file(applied, write):
    applied("apply", write(RULES))
    done = applied("apply", write({"claim_rules": [RULE | {"name": "new"}]}), "--prune")

    assert ["- claim_rule roles", "+ claim_rule new"] == [
        line for line in done.out.splitlines() if not line.startswith(" ")
    ]


def test_what_was_changed_by_hand_is_drift(applied, write):
    applied("apply", write(RULES), "--json")
    changed = write({"claim_rules": [RULE | {"claim": "by_hand"}]})
    assert 0 == applied("drift").code
    told = applied("apply", changed, "--plan")

    assert 'claim: "app_roles" -> "by_hand"' in told.out
    assert 0 == applied("drift", write(RULES)).code


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"name": None}, "claim_rules[0].name must be"),
        ({"claim": "iss"}, "claim_rules[0].claim iss is a name that protocols own"),
        ({"expression": "user.grups"}, "undeclared reference to 'user.grups'; did you mean 'user.groups'?"),
        ({"clients": ["shopp"]}, "claim_rules[0].clients[0] 'shopp' is no client"),
        ({"scopes": ["nope"]}, "claim_rules[0].scopes[0] 'nope' is no scope"),
        ({"colour": 1}, "claim_rules[0].colour is no member of a claim rule"),
    ],
)
def test_what_is_wrong_is_told_with_its_path_and_nothing_is_applied(applied, write, members, sentence):
    done = applied(
        "apply", write({"claim_rules": [RULE | members], "resources": [{"resource": "https://new.example"}]})
    )

    assert 1 == done.code
    assert sentence in done.err
    assert "https://new.example" not in json.dumps(applied("export").json)


def test_a_rule_may_name_what_the_same_file_makes(applied, write):
    done = applied(
        "apply",
        write(
            {
                "claim_rules": [
                    RULE | {"clients": ["fresh"], "scopes": ["new:read"], "resources": ["https://n.example"]}
                ],
                "clients": [{"client_id": "fresh", "grant_types": []}],
                "resources": [{"resource": "https://n.example", "scopes": ["new:read"]}],
            }
        ),
    )

    assert 0 == done.code, done.err


def test_a_rule_that_stands_twice_is_refused(applied, write):
    assert "claim_rules[1].name stands twice" in applied("apply", write({"claim_rules": [RULE, RULE]})).err


def test_editors_know_the_members_of_a_rule():
    schema = jsonschema_rs.validator_for(apply_schema.document())

    assert schema.is_valid({"claim_rules": [RULE]})
    assert not schema.is_valid({"claim_rules": [RULE | {"places": ["elsewhere"]}]})
    assert not schema.is_valid({"claim_rules": [{"claim": "x"}]})


def test_a_preview_tells_each_claim_and_the_rule_that_gave_it(applied, write):
    applied("apply", write(RULES | {"users": [{"username": "alice", "groups": ["staff"]}]}))
    told = applied("clients", "preview-token", "shop", "--user", "alice", "--scope", "openid")
    found = applied("clients", "preview-token", "shop", "--user", "alice", "--scope", "openid", "--json").json

    assert 0 == told.code, told.err
    assert [line for line in told.out.splitlines() if "(rule roles)" in line]
    assert {"app_roles": "roles"} == found["id_token"]["rules"]
    assert "app_roles" not in found["access_token"]["claims"]


def test_a_preview_of_nobody_or_of_a_scope_that_there_is_not_is_refused(applied, write):
    applied("apply", write({"users": [{"username": "alice"}]}))
    codes = [
        applied("clients", "preview-token", *words).code
        for words in (["shop", "--user", "nobody"], ["nobody", "--user", "alice"], ["shop"])
    ]
    refused = applied("clients", "preview-token", "shop", "--user", "alice", "--scope", "nope")

    assert [4, 4, 2] == codes
    assert (1, "mintmark: invalid_scope") == (refused.code, refused.err[:23])
