"""`mintmark policies`, the section groups of an apply file, and what `clients show` makes of both."""

import pytest

from tests.commands.applying import *  # noqa: F403

POLICY = {"access_token_lifetime": "5m", "max_sessions": 2}


def test_policies_are_set_shown_and_listed(typed):
    group = typed("policies", "set", "group", "the staff", "access_token_lifetime=300", "max_sessions=2", "--json")
    server = typed("policies", "set", "server", "allowed_networks=10.0.0.0/8,::1")
    again = typed("policies", "set", "group", "the staff", "max_sessions=2")

    assert {"for": "group", "name": "the staff", "policy": POLICY} == group.json
    assert "changed the server: allowed_networks\n" == server.out
    assert "nothing to change\n" == again.out
    assert group.json == typed("policies", "show", "group", "the staff", "--json").json
    assert "max_sessions           2\n" in typed("policies", "show", "group", "the staff").out
    assert [
        {"for": "server", "name": None, "policy": {"allowed_networks": ["10.0.0.0/8", "::1/128"]}},
        group.json,
    ] == typed("policies", "list", "--json").json["items"]


def test_a_group_of_which_nothing_is_stated_any_more_is_gone(typed):
    typed("policies", "set", "group", "staff", "max_sessions=2")
    changed = typed("policies", "set", "group", "staff", "max_sessions=null")

    assert "changed the group staff: max_sessions\n" == changed.out
    assert 4 == typed("policies", "show", "group", "staff").code
    assert {"items": []} == typed("policies", "list", "--json").json
    assert {} == typed("policies", "show", "server", "--json").json["policy"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ("show group", 2, "the first word must be"),
        ("show client shop", 2, "the first word must be"),
        ("show server now", 2, "'now' is one word too many"),
        ("set group staff", 2, "name at least one MEMBER=VALUE"),
        ("set server max_sessions", 2, "is not of the form member=value"),
        ("set group staff max_session=1", 1, "max_session is no member of a policy; did you mean 'max_sessions'?"),
        ("set group staff max_sessions=0", 1, "max_sessions must be a whole number from 1"),
        ("show group staff", 4, "nothing is stated for a group 'staff'"),
    ],
)
def test_what_makes_no_policy_is_refused(typed, words, code, sentence):
    answer = typed("policies", *words.split())

    assert code == answer.code
    assert sentence in " ".join(answer.err.replace("│", "").split())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ([], 'groups must be an object of group names, such as {"staff": {"policy": {}}}'),
        ({"staff": 5}, "groups.staff must be an object"),
        ({"staff": {"polcy": {}}}, "groups.staff.polcy is no member of a group; did you mean 'policy'?"),
        ({"staff": {"policy": []}}, "groups.staff.policy must be an object of policy members"),
        ({"staff": {"policy": {"max_sessons": 1}}}, "groups.staff.policy.max_sessons is no member of a policy; did"),
        ({"": {}}, "groups. must be text of 1 to 1000 characters"),
    ],
)  # fmt: skip
def test_a_mistake_in_groups_is_told_by_path_and_line(typed, write, groups, sentence):
    answer = typed("apply", write({"groups": groups}))

    assert 1 == answer.code
    assert "apply.json, line 1, column " in answer.err
    assert f": {sentence}" in answer.err


def test_null_takes_back_what_was_stated_for_a_group(applied, write):
    applied("apply", write({"groups": {"staff": {"policy": {"access_token_lifetime": None}}, "others": None}}))

    assert [{"for": "server", "name": None, "policy": {"session_idle": "8h"}}] == applied(
        "policies", "list", "--json"
    ).json["items"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_clients_show_tells_what_a_limit_overrode(applied):
    applied("policies", "set", "server", "access_token_lifetime=1h")
    rows = applied("clients", "show", "shop", "--group", "staff", "--json").json["effective"]
    row = next(
        one for one in rows if ("https://api.example", "access_token_lifetime") == (one["resource"], one["member"])
    )

    assert ("5m", "group") == (row["value"], row["from"])
    assert [{"from": "server", "name": "", "value": "1h"}] == row["overrode"]
    assert "server=1h" in applied("clients", "show", "shop", "--group", "staff").out
    assert "5m" not in applied("clients", "show", "shop").out
