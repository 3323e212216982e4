"""Claim rules by the admin API."""

import pytest

from mintmark.protocol.claim_rule_record import MOST
from tests.admin import operating
from tests.issuer import claims

RULE = {"name": "roles", "claim": "app_roles", "expression": "user.groups", "scopes": ["openid"], "clients": ["web"]}
WHOLE = {**RULE, "places": ["id_token", "userinfo"], "resources": []}


async def test_a_rule_is_added_changed_and_deleted_and_tokens_follow(issuer):
    operator = await operating.operator(issuer)
    made = await operator.post("/claim-rules", RULE)
    first = claims((await issuer.tokens(scope="openid"))["id_token"])
    changed = await operator.patch("/claim-rules/roles", {"expression": "'one of ' + user.groups[0]"})
    second = claims((await issuer.tokens(scope="openid"))["id_token"])
    gone = [(await operator.delete("/claim-rules/roles")).status_code for _ in range(2)]
    third = claims((await issuer.tokens(scope="openid"))["id_token"])

    assert (201, "https://id.example/admin/api/claim-rules/roles") == (made.status_code, made.headers["location"])
    assert WHOLE == made.json()
    assert 200 == changed.status_code, changed.text
    assert [204, 204] == gone
    assert (["staff"], "one of staff", None) == tuple(one.get("app_roles") for one in (first, second, third))
    assert 3 == (await issuer.audited()).count("configured")


async def test_rules_are_listed_by_name_in_pages(issuer):
    operator = await operating.operator(issuer)
    for name in ("b", "a", "c"):
        await operator.post("/claim-rules", RULE | {"name": name})
    pages = await operator.walk("/claim-rules", limit=2)

    assert [["a", "b"], ["c"]] == [[one["name"] for one in page] for page in pages]
    assert 404 == (await operator.get("/claim-rules/d")).status_code
    assert 404 == (await operator.delete("/claim-rules/d")).status_code


@pytest.mark.parametrize(
    ("members", "path", "sentence"),
    [
        ({"claim": "sub"}, "claim", "protocols own"),
        ({"claim": "email"}, "claim", "protocols own"),
        ({"expression": "user.nope"}, "expression", "undeclared reference"),
        ({"expression": "user.groups +"}, "expression", "Syntax error"),
        ({"expression": "user.groups.map(a, user.groups.map(b, user.groups.map(c, c)))"}, "expression", "may hold 2"),
        ({"places": ["elsewhere"]}, "places[0]", "must be"),
        ({"clients": ["webb"]}, "clients[0]", "is no client"),
        ({"scopes": ["api:reed"]}, "scopes[0]", "did you mean 'api:read'?"),
        ({"resources": ["https://nowhere.example"]}, "resources[0]", "is no resource"),
        ({"more": 1}, "more", "is no member"),
    ],
)
async def test_what_cannot_be_a_rule_is_refused_and_nothing_is_kept(sqlite_issuer, members, path, sentence):
    operator = await operating.operator(sqlite_issuer)
    answer = await operator.post("/claim-rules", RULE | members)
    [error] = answer.json()["errors"]

    assert 400 == answer.status_code
    assert path == error["member"]
    assert sentence in error["detail"]
    assert [] == await operator.items("/claim-rules")


async def test_two_operators_do_not_undo_one_another(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    tag = (await operator.post("/claim-rules", RULE)).headers["etag"]
    again = await operator.post("/claim-rules", RULE)
    once = await operator.patch("/claim-rules/roles", {"claim": "other"}, tag)
    twice = await operator.patch("/claim-rules/roles", {"claim": "third"}, tag)
    renamed = await operator.patch("/claim-rules/roles", {"name": "new"})
    same = await operator.patch("/claim-rules/roles", {"claim": "other"})

    assert [409, 200, 412, 400, 200] == [one.status_code for one in (again, once, twice, renamed, same)]


async def test_rules_have_an_end(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    for number in range(MOST):
        assert 201 == (await operator.post("/claim-rules", RULE | {"name": f"r{number}"})).status_code

    assert 409 == (await operator.post("/claim-rules", RULE)).status_code
