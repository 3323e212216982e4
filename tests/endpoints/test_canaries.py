"""A canary in every parameter and header, and every secret handed out: none is in the log or the audit trail."""

from sqlalchemy import select

from mintmark.store import schema
from mintmark.store.executor import Read
from tests.endpoints.test_bad_input import FORM, HEADERS, JSON_DOORS, NAMES, PAGES
from tests.issuer import API, PASSWORD, SECRET, VERIFIER, hidden

MAY_BE_SHOWN = {"grant_type", "client_id", "redirect_uri", "scope", "resource", "response_type", "response_mode"}


async def told(issuer):
    """Everything that the log, the audit trail and the kept refusals say."""
    await issuer.server.journal.flush(issuer.server.store)
    rows = await issuer.server.store.fetch(Read(select(schema.audit)))
    kept = await issuer.server.store.fetch(Read(select(schema.refusals)))
    return str(issuer.lines) + str(rows) + str(kept)


async def test_no_canary_of_a_parameter_or_header_is_told(issuer):
    canary = "canary-" + "c" * 30
    secret = [name for name in NAMES if name not in MAY_BE_SHOWN]
    for door in (*JSON_DOORS, "/userinfo", *PAGES):
        for name in secret:
            issuer.later(seconds=1)  # so many refusals of a second are kept
            form = {"grant_type": "password", "client_id": "web", "client_secret": SECRET, name: canary}
            await issuer.http.post(door, data=form)
            await issuer.http.post(door, content=f"{name}={canary}&{name}={canary}", headers=FORM)
            await issuer.http.get(door, params=issuer.request(**{name: canary}))
        for name in HEADERS:
            await issuer.http.post(door, data={"client_id": "web"}, headers={name: canary})
            await issuer.http.post(door, data={}, headers={name: f"Bearer {canary}"})
    issuer.http.cookies.clear()

    assert "canary" not in await told(issuer)
    assert issuer.lines


async def test_the_query_of_a_refused_address_is_not_told(sqlite_issuer):
    address = "https://evil.example/path?canary=1#canary"
    await sqlite_issuer.http.get("/authorize", params=sqlite_issuer.request(redirect_uri=address))

    assert "canary" not in await told(sqlite_issuer)
    assert "https://evil.example/path" in await told(sqlite_issuer)


async def test_no_secret_that_was_handed_out_or_typed_is_told(issuer):
    """Through a whole life: signed in, consented, redeemed, refreshed, reused, introspected, revoked, signed out."""
    secrets = [SECRET, PASSWORD, VERIFIER]
    for format in ("jwt", "opaque"):
        await issuer.set_policy({"access_token_format": format})
        code = await issuer.code()
        tokens = (await issuer.redeem(code)).json()
        heir = (await issuer.refresh(tokens["refresh_token"])).json()
        await issuer.introspect(heir["access_token"])
        await issuer.redeem(code)
        await issuer.refresh(heir["refresh_token"])
        own = (await issuer.token(grant_type="client_credentials", scope="api:read", resource=API)).json()
        await issuer.token(grant_type="password", username="alice", password=PASSWORD)
        await issuer.http.post("/revoke", data={"token": own["access_token"]}, auth=("web", SECRET))
        secrets += [
            code,
            *(one[name] for one in (tokens, heir) for name in ("access_token", "refresh_token", "id_token")),
        ]
        secrets.append(own["access_token"])
    page = await issuer.http.get("/logout")
    secrets += [hidden(page.text)["csrf_token"], issuer.http.cookies["__Host-mintmark"].removeprefix("mms_")]
    await issuer.http.post("/logout", data=hidden(page.text))
    everything = await told(issuer)

    assert [] == [secret for secret in secrets if secret in everything]
    assert [] == [secret for secret in secrets if secret[:24] in everything and not secret.startswith("eyJ")]


async def test_no_secret_that_is_handed_out_is_stored_as_it_is(issuer):
    await issuer.set_policy({"access_token_format": "opaque"})
    code = await issuer.code()
    tokens = (await issuer.redeem(code)).json()
    stored = str(await issuer.rows())
    secrets = [code, tokens["access_token"], tokens["refresh_token"], issuer.http.cookies["__Host-mintmark"]]

    assert [] == [secret for secret in secrets if secret in stored]
