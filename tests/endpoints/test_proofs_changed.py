"""Whatever somebody proves themself by, with every change of it, whoever makes it: no browser of theirs is trusted any
more, and every sign-in that is under way is over. The session that it was made in goes on."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mintmark.store import accounts, people, sign_ins, trusted_browsers
from mintmark.store.changes import Conflict
from mintmark.store.sign_ins import SignIn
from mintmark.store.trusted_browsers import TrustedBrowser
from tests.admin import operating
from tests.authenticator import Authenticator
from tests.endpoints.enrolling import begun, code, enrolled, proved_here, second_step, signed_in
from tests.endpoints.test_passkeys import ORIGIN, add, change, confirm, only_id
from tests.issuer import ALICE, hidden

NEW = "harbour lanterns never whistle"
BCRYPT = "$2b$12$tq0Kzv1tG2AqIogFqqC3H.UQGGWbCPUMzFd5HLrwkvM0QmLkbd6tG"


async def trusts(issuer):
    """A browser that alice trusts, and a sign-in of hers that is under way elsewhere."""
    store, now = issuer.server.store, issuer.server.clock()
    person = await issuer.person()
    browser = TrustedBrowser("a-browser", ALICE, "", "", now, now, now + timedelta(days=30))
    under_way = SignIn("a-step", b"elsewhere", ALICE, (), person.state, now + timedelta(minutes=10), None)
    await store.commit([*trusted_browsers.add(browser, b"digest", 10), sign_ins.add(under_way, now)])


async def is_over(issuer):
    person, step = await issuer.person(), await sign_ins.find(issuer.server.store, "a-step")
    assert step is not None
    return 0 == await issuer.count("trusted_browsers") and step.person_state != person.state


async def post(issuer, door, **form):
    page = await issuer.http.get(door)
    assert 200 == page.status_code, page.headers
    return await issuer.http.post(door, data={**hidden(page.text), **form})


async def password_chosen(issuer):
    await issuer.sign_in()
    await trusts(issuer)
    return await post(issuer, "/account/password", new_password=NEW)


async def passkey_added(issuer):
    await issuer.sign_in()
    await trusts(issuer)
    return await add(issuer.http, Authenticator(ORIGIN))


async def passkey_removed(issuer):
    await issuer.sign_in()
    device = Authenticator(ORIGIN)
    await add(issuer.http, device)
    await confirm(issuer.http, device)
    await trusts(issuer)
    return await change(issuer.http, remove=await only_id(issuer), confirm="yes")


async def app_confirmed(issuer):
    await issuer.sign_in()
    seed, fields = await begun(issuer)
    await trusts(issuer)
    return await issuer.http.post("/account/totp", data={**fields, "action": "confirm", "code": code(issuer, seed)})


async def app_removed(issuer):
    seed, _ = await enrolled(issuer)
    await proved_here(issuer, seed)
    await trusts(issuer)
    return await post(issuer, "/account/totp", action="remove")


async def codes_made_anew(issuer):
    seed, _ = await enrolled(issuer)
    await proved_here(issuer, seed)
    await trusts(issuer)
    return await post(issuer, "/account/recovery-codes")


OWN = (password_chosen, passkey_added, passkey_removed, app_confirmed, app_removed, codes_made_anew)


@pytest.mark.parametrize("made", OWN)
async def test_what_somebody_changes_themself(issuer, made):
    """The clock stands still: it is another state in the same millisecond too."""
    answer = await made(issuer)

    assert answer.status_code in (200, 303)
    assert await is_over(issuer)
    assert await signed_in(issuer.http)


@pytest.mark.parametrize("made", OWN)
async def test_what_is_changed_at_a_node_whose_clock_is_behind(sqlite_issuer, made):
    """Tokens were ended by a node whose clock is ahead, and that mark is what the state goes by."""
    ahead = sqlite_issuer.server.clock() + timedelta(seconds=2)
    await sqlite_issuer.server.store.commit([people.end_tokens(ALICE, ahead)])
    answer = await made(sqlite_issuer)

    assert answer.status_code in (200, 303)
    assert await is_over(sqlite_issuer)


async def test_another_name_for_a_passkey_is_no_change_of_it(sqlite_issuer):
    await sqlite_issuer.sign_in()
    device = Authenticator(ORIGIN)
    await add(sqlite_issuer.http, device)
    await confirm(sqlite_issuer.http, device)
    await trusts(sqlite_issuer)
    await change(sqlite_issuer.http, rename=await only_id(sqlite_issuer), name="The red one")

    assert 1 == await sqlite_issuer.count("trusted_browsers")


async def factor_removed(issuer, operator):
    await enrolled(issuer)
    await trusts(issuer)
    [app] = [one["id"] for one in await operator.items(f"/users/{ALICE}/factors") if one["kind"] == "totp"]
    return await operator.delete(f"/users/{ALICE}/factors/{app}")


async def codes_removed(issuer, operator):
    await enrolled(issuer)
    await trusts(issuer)
    return await operator.delete(f"/users/{ALICE}/factors/recovery_codes")


async def reset_required(issuer, operator):
    await trusts(issuer)
    return await operator.post(f"/users/{ALICE}/require-reset")


async def password_set(issuer, operator):
    await trusts(issuer)
    return await operator.patch(f"/users/{ALICE}", {"password": NEW, "name": "Alice"})


async def hash_set(issuer, operator):
    await trusts(issuer)
    return await operator.patch(f"/users/{ALICE}", {"password_hash": BCRYPT})


@pytest.mark.parametrize("made", [factor_removed, codes_removed, reset_required, password_set, hash_set])
async def test_what_an_operator_changes(issuer, made):
    answer = await made(issuer, await operating.operator(issuer))

    assert answer.status_code in (200, 204), answer.text
    assert await is_over(issuer)


async def test_an_operator_who_sets_a_password_is_shown_the_person_as_they_are_then(issuer):
    """So that what is sent next with the tag of the answer is not refused."""
    operator = await operating.operator(issuer)
    answer = await operator.patch(f"/users/{ALICE}", {"password": NEW, "name": "Alice"})
    found = await operator.get(f"/users/{ALICE}")

    assert found.json() == answer.json()
    assert found.headers["etag"] == answer.headers["etag"]


async def test_a_password_that_an_operator_sets_is_the_one_that_was_asked_for(issuer):
    operator = await operating.operator(issuer)
    await operator.post(f"/users/{ALICE}/require-reset")
    await operator.patch(f"/users/{ALICE}", {"password": NEW})

    assert 303 == (await issuer.sign_in(password=NEW)).status_code


async def test_a_right_code_of_a_sign_in_that_began_before_signs_nobody_in(issuer):
    seed, _ = await enrolled(issuer)
    elsewhere = issuer.browser()
    fields = await second_step(issuer, elsewhere)
    await proved_here(issuer, seed)
    await post(issuer, "/account/recovery-codes")
    answer = await elsewhere.post("/login", data={**fields, "code": code(issuer, seed)})

    assert 400 == answer.status_code
    assert not await signed_in(elsewhere)


def changes_meanwhile(issuer, monkeypatch):
    """The hash takes its time, in which the password is changed; the answer to that, once it is there."""
    hashing, done = type(issuer.server.hashing), list[Any]()
    verify = hashing.verify

    async def slow(self, password, stored):
        verdict = await verify(self, password, stored)
        if not done:
            done.append(await post(issuer, "/account/password", new_password=NEW))
        return verdict

    monkeypatch.setattr(hashing, "verify", slow)
    return done


async def test_a_password_that_is_changed_while_the_old_one_is_looked_at_signs_nobody_in(issuer, monkeypatch):
    """What was right when it was read is wrong when the session would begin."""
    await issuer.sign_in()
    done = changes_meanwhile(issuer, monkeypatch)
    elsewhere = issuer.browser()
    answer = await issuer.sign_in(elsewhere)

    assert [303] == [one.status_code for one in done]
    assert 400 == answer.status_code
    assert not await signed_in(elsewhere)
    assert 1 == len(await issuer.sids())


async def test_the_password_grant_gives_nothing_for_a_password_that_is_changed_meanwhile(issuer, monkeypatch):
    await issuer.sign_in()
    done = changes_meanwhile(issuer, monkeypatch)
    form = {"grant_type": "password", "username": "alice", "password": "correct horse battery staple"}
    answer = await issuer.token(**form, scope="api:read")

    assert [303] == [one.status_code for one in done]
    assert "invalid_grant" == answer.json()["error"]
    assert 0 == await issuer.count("authorizations")


async def test_with_a_new_password_ends_what_anybody_got_by_the_old_one_except_here(issuer):
    """A refresh token of the password grant hangs on no session."""
    form = {"grant_type": "password", "username": "alice", "password": "correct horse battery staple"}
    without = (await issuer.token(**form, scope="api:read offline_access")).json()
    elsewhere = await issuer.tokens(browser=issuer.browser())
    here = await issuer.tokens()
    await post(issuer, "/account/password", new_password=NEW)
    answers = [await issuer.refresh(one["refresh_token"]) for one in (without, elsewhere, here)]

    assert [400, 400, 200] == [one.status_code for one in answers]


async def test_whoever_read_the_account_before_changes_nothing_of_it_after(issuer):
    person = await issuer.person()
    now = issuer.server.clock()
    await issuer.server.store.commit(accounts.set_password(person, "one", now))

    with pytest.raises(Conflict):
        await issuer.server.store.commit(accounts.set_password(person, "another", now))


WRITES = re.compile(r"\b(passkeys\.(add|remove)|totps\.(confirm|remove)|codes\.make|factor\.make)\(")


def test_whatever_adds_or_removes_a_factor_calls_the_one_verb():
    house = Path(people.__file__).parents[1]
    texts = {path.relative_to(house).as_posix(): path.read_text() for path in house.rglob("*.py")}
    writing = {name for name, text in texts.items() if WRITES.search(text)}

    assert {"pages/account/passkeys.py", "pages/account/totp.py", "pages/account/recovery_codes.py"} <= writing
    assert [] == [name for name in writing if "change_proofs(" not in texts[name]]
