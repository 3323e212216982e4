"""Authenticator apps: one is added by a code of it, and removed by a button (RFC 6238)."""

import base64
from datetime import datetime
from types import MappingProxyType
from urllib.parse import quote, urlencode

from mintmark import refused, texts
from mintmark.events import Event, FactorAdded, FactorRemoved
from mintmark.factors import recovery_code as codes
from mintmark.factors import totp as factor
from mintmark.mails.notices import notice
from mintmark.pages import qr, words
from mintmark.pages.account import frame, recovery_codes
from mintmark.pages.account.frame import Show, Visit
from mintmark.protocol import ids, totp
from mintmark.protocol.errors import Refusal, UntrustedRequest
from mintmark.server import decided
from mintmark.store import people, sessions, totps
from mintmark.store import recovery_codes as stored_codes
from mintmark.store.changes import Change
from mintmark.store.totps import Totp
from mintmark.texts import _
from mintmark.wire.answer import Answer, redirect

PLACE = "totp"
NAME = factor.TITLE


async def show(visit: Visit) -> Answer:
    return await _page(visit)


async def submit(visit: Visit) -> Answer:
    """`action` is begin, confirm, cancel or remove. Another person's app is none."""
    visit.params.refuse_repeated()
    way = _WAYS.get(visit.params.get("action") or "")
    if way is None:
        return redirect(visit.address(PLACE))
    try:
        return await decided(lambda: way(visit))
    except (UntrustedRequest, factor.WrongCode) as error:
        refused.tell(visit.server, visit.asked, error, visit.now)
        return (await _page(visit, error)).traced(visit.asked.request_id)


def _stands(visit: Visit) -> list[Change]:
    """Whoever was signed out, or disabled, meanwhile changes nothing any more."""
    return [people.stands(visit.holder), sessions.stands(visit.session.id)]


async def _begin(visit: Visit) -> Answer:
    """A seed, which counts for nothing until a code of it was shown."""
    server, now = visit.server, visit.now
    try:
        name = totp.read_name(visit.params.get("name") or NAME)
    except ValueError as error:
        raise UntrustedRequest(
            _("Choose a name of at most %(most)s characters.", most=totp.LONGEST_NAME),
            check="totp name",
            expected="a short text",
        ) from error
    if await totps.count(server.store, visit.id) >= totp.MOST:
        raise UntrustedRequest(
            _("You have too many apps. Remove one first."), check="totp count", expected=f"at most {totp.MOST}"
        )
    id = ids.uuid7(now, server.random(10))
    sealed = server.sealer.seal(server.random(totp.SEED_BYTES), bound_to=totps.bound_to(id))
    await server.commit([*_stands(visit), *totps.add(id, visit.id, name, sealed, now)], [], visit.asked, now)
    return redirect(visit.address(PLACE))


async def _confirm(visit: Visit) -> Answer:
    """From now on it counts. Who has no recovery codes gets them with it, and sees them this once."""
    server, now, id = visit.server, visit.now, visit.params.get("app")
    mine = {one.id: one for one in await totps.of_person(server.store, visit.id)}
    pending = mine.get(id or "")
    if pending is not None and pending.confirmed_at is not None:
        return redirect(visit.address(recovery_codes.PLACE))  # sent twice: what the first one showed may be lost
    if pending is None or not pending.is_pending(now):
        raise UntrustedRequest(
            _("That took too long. Begin again."), check="totp app", expected="an app that waits for its first code"
        )
    step = factor.matched(server, pending, factor.read(visit.params.get("code") or ""), now)
    if step is None:
        raise factor.WrongCode(
            _("That code is not right. Take the one that the app shows now."),
            check="totp code",
            expected=f"person {visit.id}",
        )
    added = FactorAdded(person_id=visit.id, session_id=visit.session.id, factor=factor.NAME, id=pending.id)
    changes, events = [*await frame.change_proofs(visit), totps.confirm(pending, step, now)], list[Event]([added])
    before = await stored_codes.count(server.store, visit.id)
    made = None if before.left else codes.make(server, visit.id, before, now)
    if made is not None:
        changes += made.changes
        events += made.facts
    languages, called = visit.asked.languages, factor.called(pending.name)
    changes += await notice(server, "factor_added", visit.holder, now, languages=languages, factor=called)
    await server.commit(changes, events, visit.asked, now)
    if made is None:
        return redirect(visit.address(PLACE))
    return recovery_codes.sheet(visit, made.codes, added=pending.name)


async def _cancel(visit: Visit) -> Answer:
    await visit.server.commit([totps.forget_pending(visit.id)], [], visit.asked, visit.now)
    return redirect(visit.address(PLACE))


async def _remove(visit: Visit) -> Answer:
    """Twice is once."""
    id = visit.params.get("app")
    mine = {one.id: one for one in await totps.of_person(visit.server.store, visit.id) if one.confirmed_at}
    if id in mine:
        gone = FactorRemoved(person_id=visit.id, session_id=visit.session.id, factor=factor.NAME, id=str(id))
        called, languages = factor.called(mine[str(id)].name), visit.asked.languages
        letter = await notice(
            visit.server, "factor_removed", visit.holder, visit.now, languages=languages, factor=called
        )
        changes = [*await frame.change_proofs(visit), totps.remove(str(id), visit.id), *letter]
        await visit.server.commit(changes, [gone], visit.asked, visit.now)
    return redirect(visit.address(PLACE))


_WAYS = MappingProxyType[str, Show]({"begin": _begin, "confirm": _confirm, "cancel": _cancel, "remove": _remove})


async def _page(visit: Visit, error: Refusal | None = None) -> Answer:
    """The key of an app that is being added is shown to whoever has just proved who they are."""
    apps = await totps.of_person(visit.server.store, visit.id)
    confirmed = [one for one in apps if one.confirmed_at]
    fresh = await frame.is_fresh(visit)
    pending = next((one for one in apps if fresh and one.is_pending(visit.now)), None)
    return frame.page(
        visit,
        "totp.html",
        PLACE,
        fresh=fresh,
        status=200 if error is None else error.status,
        apps=[_row(one, visit.now) for one in confirmed],
        pending=None if pending is None else _shown(visit, pending),
        full=len(confirmed) >= totp.MOST,
        name=NAME,
        most_name=totp.LONGEST_NAME,
        message=None if error is None else error.description,
    )


def _row(one: Totp, now: datetime) -> dict[str, str]:
    times = [_("added: %(when)s", when=words.ago(one.created_at, now))]
    if one.last_used_at is not None:
        times.append(_("last used: %(when)s", when=words.ago(one.last_used_at, now)))
    return {"id": one.id, "title": one.name, "detail": texts.listed(times)}


def _shown(visit: Visit, one: Totp) -> dict[str, object]:
    """The key, as a picture, as a link for an app on this very device, and in letters."""
    seed = visit.server.sealer.open(one.seed, bound_to=totps.bound_to(one.id))
    key = base64.b32encode(seed).decode().rstrip("=")
    uri = address(visit.server.settings.operator_name, visit.holder.username, key)
    groups = [key[start : start + 4] for start in range(0, len(key), 4)]
    return {"id": one.id, "name": one.name, "picture": qr.svg(uri), "uri": uri, "groups": groups}


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
