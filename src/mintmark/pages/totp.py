"""Authenticator apps of whoever is signed in: one is added by a code of it, and removed by a button (RFC 6238)."""

import base64
from datetime import datetime
from urllib.parse import quote, urlencode

from mintmark import browser as browsers
from mintmark import refused
from mintmark.browser import Browser
from mintmark.events import Event
from mintmark.factor_events import FactorAdded, FactorRemoved
from mintmark.factors import recovery_code as codes
from mintmark.factors import totp as factor
from mintmark.pages import answers, changing, qr, recovery_codes, words
from mintmark.protocol import ids, totp
from mintmark.protocol.errors import Refusal, UntrustedRequest
from mintmark.protocol.params import Params
from mintmark.server import Server, decided
from mintmark.store import people, totps
from mintmark.store import recovery_codes as stored_codes
from mintmark.store.changes import Change
from mintmark.store.people import Person
from mintmark.store.totps import Totp
from mintmark.wire.answer import Answer, redirect
from mintmark.wire.asked import Asked

NAME = "Authenticator app"  # of whoever gives it none
PAGE = "totp"  # of the account


async def show(server: Server, asked: Asked) -> Answer:
    now = server.clock()
    who = await changing.who(server, asked, PAGE, now)
    return who if isinstance(who, Answer) else await _page(server, *who, now)


async def submit(server: Server, asked: Asked) -> Answer:
    """`action` is begin, confirm, cancel or remove. Another person's app is none."""
    now = server.clock()
    params = asked.form()
    params.refuse_repeated()
    browsers.check_form(server, asked, params, await browsers.read(server, asked, now))
    who = await changing.who(server, asked, PAGE, now)
    if isinstance(who, Answer):
        return who
    browser, person = who
    ways = {"begin": _begin, "confirm": _confirm, "cancel": _cancel, "remove": _remove}

    async def decide() -> Answer:
        return await ways.get(params.get("action") or "", _nothing)(server, asked, params, browser, person, now)

    try:
        return await decided(decide)
    except Refusal as error:
        if error.status != 400:
            raise
        refused.tell(server, asked, error, now)
        again = await _page(server, browser, person, now, message=error.description, status=error.status)
        return again.traced(asked.request_id)


async def _nothing(
    server: Server, asked: Asked, params: Params, browser: Browser, person: Person, now: datetime
) -> Answer:
    return redirect(f"{server.issuer}/account/totp")


async def _begin(
    server: Server, asked: Asked, params: Params, browser: Browser, person: Person, now: datetime
) -> Answer:
    """A seed, which counts for nothing until a code of it was shown."""
    try:
        name = totp.read_name(params.get("name") or NAME)
    except ValueError as error:
        raise UntrustedRequest(f"The name {error}.", check="totp name", expected="a short text") from error
    id = ids.uuid7(now, server.random(10))
    if await totps.count(server.store, person.holder.id) >= totp.MOST:
        raise UntrustedRequest(
            f"You have {totp.MOST} apps already. Remove one first.", check="totp count", expected=f"at most {totp.MOST}"
        )
    sealed = server.sealer.seal(server.random(totp.SEED_BYTES), bound_to=totps.bound_to(id))
    changes = [people.stands(person.holder), *totps.add(id, person.holder.id, name, sealed, now)]
    await server.commit(changes, [], asked, now)
    return redirect(f"{server.issuer}/account/totp")


async def _confirm(
    server: Server, asked: Asked, params: Params, browser: Browser, person: Person, now: datetime
) -> Answer:
    """From now on it counts. Who has no recovery codes gets them with it, and sees them this once."""
    holder = person.holder
    pending = await _pending(server, person, params.get("app"), now)
    step = None if pending is None else factor.matched(server, pending, factor.read(params.get("code") or ""), now)
    if pending is None and any(
        one.id == params.get("app") and one.confirmed_at for one in await totps.of_person(server.store, holder.id)
    ):
        return redirect(f"{server.issuer}/account/recovery-codes")  # sent twice: what the first one showed may be lost
    if pending is None:
        raise UntrustedRequest(
            "That took too long. Begin again.", check="totp app", expected="an app that waits for its first code"
        )
    if step is None:
        raise factor.WrongCode(
            "That code is not right. Take the one that the app shows now.",
            check="totp code",
            expected=f"person {holder.id}",
        )
    changes: list[Change] = [people.stands(holder), totps.confirm(pending, step, now)]
    events: list[Event] = [FactorAdded(person_id=holder.id, factor=factor.NAME, id=pending.id)]
    before = await stored_codes.count(server.store, holder.id)
    made = None if before.left else codes.make(server, holder.id, before, now)
    if made is not None:
        changes += made.changes
        events += made.facts
    await server.commit(changes, events, asked, now)
    if made is None:
        return redirect(f"{server.issuer}/account")
    return recovery_codes.sheet(server, person, made.codes, now, added=pending.name)


async def _cancel(
    server: Server, asked: Asked, params: Params, browser: Browser, person: Person, now: datetime
) -> Answer:
    await server.commit([totps.forget_pending(person.holder.id)], [], asked, now)
    return redirect(f"{server.issuer}/account/totp")


async def _remove(
    server: Server, asked: Asked, params: Params, browser: Browser, person: Person, now: datetime
) -> Answer:
    """Twice is once."""
    id, holder = params.get("app"), person.holder
    if any(one.id == id and one.confirmed_at for one in await totps.of_person(server.store, holder.id)):
        changes = [people.stands(holder), totps.remove(str(id), holder.id)]
        await server.commit(changes, [FactorRemoved(person_id=holder.id, factor=factor.NAME, id=str(id))], asked, now)
    return redirect(f"{server.issuer}/account/totp")


async def _pending(server: Server, person: Person, id: str | None, now: datetime) -> Totp | None:
    """The app that waits for its first code; id: which it must be."""
    for one in await totps.of_person(server.store, person.holder.id):
        if one.is_pending(now) and id in (None, one.id):
            return one
    return None


async def _page(
    server: Server, browser: Browser, person: Person, now: datetime, *, message: str | None = None, status: int = 200
) -> Answer:
    apps = [one for one in await totps.of_person(server.store, person.holder.id) if one.confirmed_at]
    pending = await _pending(server, person, None, now)
    return answers.page(
        server,
        "totp.html",
        browser=browser,
        coop=True,
        status=status,
        apps=[_row(one, now) for one in apps],
        pending=None if pending is None else _shown(server, person, pending),
        full=len(apps) >= totp.MOST,
        name=NAME,
        most_name=totp.LONGEST_NAME,
        message=message,
        csrf_token=browsers.csrf_token(server, browser),
    )


def _row(one: Totp, now: datetime) -> dict[str, str]:
    used = "" if one.last_used_at is None else f" · used {words.ago(one.last_used_at, now)}"
    return {"id": one.id, "title": one.name, "detail": f"added {words.ago(one.created_at, now)}{used}"}


def _shown(server: Server, person: Person, one: Totp) -> dict[str, object]:
    """The key, as a picture, as a link for an app on this very device, and in letters."""
    seed = server.sealer.open(one.seed, bound_to=totps.bound_to(one.id))
    key = base64.b32encode(seed).decode().rstrip("=")
    uri = address(server.settings.operator_name, person.holder.username, key)
    groups = [key[start : start + 4] for start in range(0, len(key), 4)]
    return {"id": one.id, "name": one.name, "picture": qr.svg(uri, "QR code of the key"), "uri": uri, "groups": groups}


def address(operator: str, username: str, key: str) -> str:
    """As apps read it: a colon parts the two names, so that none may stand in them."""
    operator, username = operator.replace(":", " "), username.replace(":", " ")
    query = {
        "secret": key,
        "issuer": operator,
        "algorithm": "SHA1",
        "digits": totp.DIGITS,
        "period": int(totp.PERIOD.total_seconds()),
    }
    return f"otpauth://totp/{quote(operator)}:{quote(username)}?{urlencode(query, quote_via=quote)}"
