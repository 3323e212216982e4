"""How somebody signs in, seen and ended by operators: nothing secret is shown, and none can be set."""

import pytest

from mintmark.store import recovery_codes, totps
from mintmark.store.recovery_codes import Counted
from tests.admin import operating
from tests.issuer import ALICE, start

FACTORS = f"/users/{ALICE}/factors"


async def set_up(issuer):
    """An authenticator app that is confirmed, and recovery codes."""
    store, now = issuer.server.store, issuer.server.clock()
    await store.commit(totps.add("an-app", ALICE, "Phone", b"sealed seed", now))
    [pending] = await totps.of_person(store, ALICE)
    await store.commit([totps.confirm(pending, 1, now)])
    codes = [bytes([number]) * 32 for number in range(10)]
    await store.commit(recovery_codes.replace(ALICE, Counted(0, 0, None), codes, now))


async def test_what_somebody_has_is_listed_without_its_secrets(issuer):
    operator = await operating.operator(issuer)
    await set_up(issuer)
    answer = await operator.get(FACTORS)
    items = answer.json()["items"]

    assert ["password", "totp", "recovery_codes"] == [one["kind"] for one in items]
    assert ("an-app", "Phone") == (items[1]["id"], items[1]["name"])
    assert "10 left" == items[2]["name"]
    assert "seed" not in answer.text
    assert "argon2" not in answer.text
    assert 404 == (await operator.get("/users/nobody/factors")).status_code


async def test_each_is_removed_and_the_removal_is_told(issuer):
    operator = await operating.operator(issuer)
    await set_up(issuer)
    removed = [(await operator.delete(f"{FACTORS}/{id}")).status_code for id in ("an-app", "recovery_codes")]
    again = await operator.delete(f"{FACTORS}/an-app")
    password = await operator.delete(f"{FACTORS}/password")

    assert [204, 204] == removed
    assert [404, 404] == [again.status_code, password.status_code]
    assert ["password"] == [one["kind"] for one in await operator.items(FACTORS)]
    assert 2 == (await issuer.audited()).count("factor_removed")


async def test_a_password_that_must_be_changed_signs_nobody_in_and_its_sessions_are_over(issuer):
    operator = await operating.operator(issuer)
    tokens = await issuer.tokens()
    done = await operator.post(f"/users/{ALICE}/require-reset")
    signed_in = await issuer.sign_in(issuer.browser())
    issuer.later(seconds=2)

    assert 204 == done.status_code
    assert signed_in.status_code != 303
    assert [] == await issuer.sids()
    assert "invalid_grant" == (await issuer.refresh(tokens["refresh_token"])).json()["error"]
    assert (await operator.get(f"/users/{ALICE}")).json()["has_password"] is False


async def test_a_letter_is_promised_only_where_mail_is_sent(sqlite_issuer):
    operator = await operating.operator(sqlite_issuer)
    answer = await operator._send("POST", f"/users/{ALICE}/require-reset", None, {}, mail="true")

    assert 400 == answer.status_code
    assert 303 == (await sqlite_issuer.sign_in(sqlite_issuer.browser())).status_code


async def test_whoever_must_wait_may_try_again_at_once(issuer):
    operator = await operating.operator(issuer)
    for _ in range(12):
        await issuer.sign_in(issuer.browser(), password="wrong")
    waits = await issuer.sign_in(issuer.browser())
    done = await operator.post(f"/users/{ALICE}/throttles/clear")

    assert 429 == waits.status_code
    assert 204 == done.status_code
    assert 303 == (await issuer.sign_in(issuer.browser())).status_code


async def test_failures_that_count_are_seen_factor_by_factor(issuer):
    operator = await operating.operator(issuer)
    before = await operator.items(f"/users/{ALICE}/throttles")
    for _ in range(12):
        await issuer.sign_in(issuer.browser(), password="wrong")
    [seen] = await operator.items(f"/users/{ALICE}/throttles")
    await operator.post(f"/users/{ALICE}/throttles/clear")

    assert [] == before
    assert ("person", "password", False, 10) == tuple(seen[k] for k in ("of", "factor", "known_browser", "failures"))
    assert seen["waits_until"] < seen["forgotten_at"]
    assert [] == await operator.items(f"/users/{ALICE}/throttles")
    assert 404 == (await operator.get("/users/nobody/throttles")).status_code


async def test_what_counts_of_an_address_and_of_everybody_is_seen_and_cleared(database):
    limits = {"MINTMARK_THROTTLE_SIGN_IN_ADDRESS": "3/1h", "MINTMARK_THROTTLE_SIGN_IN_EVERYBODY": "3/1h"}
    async for issuer in start(database, **limits):
        operator = await operating.operator(issuer)
        for number in range(4):
            await issuer.sign_in(issuer.browser("2001:db8::1"), username=f"nobody-{number}", password="wrong")
        seen = await operator.items("/throttles", address="2001:db8::2")
        waits = await issuer.sign_in(issuer.browser("192.0.2.1"))
        only_one = await operator._send("POST", "/throttles/clear", None, {}, address="2001:db8::2")
        still = await issuer.sign_in(issuer.browser("2001:db8::3"))
        both = await operator._send("POST", "/throttles/clear", None, {}, everybody="true")

        assert [("address", 3, True), ("everybody", 3, True)] == [
            (one["of"], one["failures"], one["waits_until"] is not None) for one in seen
        ]
        assert [429, 204, 429, 204] == [one.status_code for one in (waits, only_one, still, both)]
        assert [] == await operator.items("/throttles", address="2001:db8::1")
        assert 303 == (await issuer.sign_in(issuer.browser("2001:db8::3"))).status_code
        assert 2 == (await issuer.audited()).count("configured")


async def test_whom_to_clear_must_be_said(shared):
    nobody = await shared.post("/throttles/clear")
    no_address = await shared.get("/throttles", address="everywhere")

    assert [400, 400] == [nobody.status_code, no_address.status_code]
    assert "everybody=true" in nobody.text


async def test_a_second_factor_is_demanded_of_a_group(issuer):
    operator = await operating.operator(issuer)
    made = await operator.post("/policies", {"group": "staff", "policy": {"require_factors": ["second_factor"]}})
    shown = await operator.get("/policies/groups/staff")
    nonsense = await operator.patch("/policies/groups/staff", {"policy": {"require_factors": ["a ring"]}})
    await issuer.sign_in()
    begun = await issuer.http.get("/authorize", params=issuer.request(scope="openid"))
    page = await issuer.http.get(begun.headers["location"])

    assert [201, 400] == [made.status_code, nonsense.status_code]
    assert {"require_factors": ["second_factor"]} == shown.json()["policy"]
    assert 403 == page.status_code
    assert 'id="set-up"' in page.text


async def test_trusted_browsers_are_listed_and_ended(issuer):
    operator = await operating.operator(issuer)

    assert [] == await operator.items(f"/users/{ALICE}/trusted-browsers")
    assert 204 == (await operator.delete(f"/users/{ALICE}/trusted-browsers")).status_code


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"{FACTORS}/an-app"),
        ("POST", f"/users/{ALICE}/require-reset"),
        ("POST", f"/users/{ALICE}/throttles/clear"),
        ("POST", "/throttles/clear?everybody=true"),
        ("DELETE", f"/users/{ALICE}/trusted-browsers"),
    ],
)
async def test_who_may_only_read_changes_nothing(sqlite_issuer, method, path):
    operator = await operating.operator(sqlite_issuer, scope="admin:read")

    assert 403 == (await operator.send(method, path)).status_code
    if ALICE in path:
        able = await operating.operator(sqlite_issuer)
        assert 404 == (await able.send(method, path.replace(ALICE, "no"))).status_code
