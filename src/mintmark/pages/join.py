"""Behind the link of a sign-up or an invitation: somebody chooses their name and password, and has an account."""

from dataclasses import dataclass
from typing import Any

from mintmark import browser as browsers
from mintmark import ceremony, links, mails, proving, refused, steps
from mintmark.events import AccountMade
from mintmark.factors.factor import Proved
from mintmark.pages import new_password, sign_up
from mintmark.pages.account import passkeys
from mintmark.pages.opened import Here
from mintmark.protocol import ids, person_record, session
from mintmark.protocol.acr import Proof
from mintmark.protocol.errors import Refusal, TooManyAttempts, UntrustedRequest
from mintmark.protocol.params import Params
from mintmark.protocol.person_record import PersonRecord, RecordRefused
from mintmark.store import people
from mintmark.texts import _
from mintmark.wire.answer import Answer


class WrongField(UntrustedRequest):
    """What was typed in one field will not do: the cursor goes there."""

    def __init__(self, field: str, description: str, *, check: str, expected: str = "") -> None:
        super().__init__(description, check=check, expected=expected)
        self.field = field


@dataclass(frozen=True, slots=True)
class Promised:
    """What the link says of the account."""

    email: str | None  # None: they say it themselves
    is_proved: bool  # the link came by mail: who follows it reads that address
    groups: tuple[str, ...]
    request: str | None  # of the app that they came from

    @classmethod
    def of(cls, here: Here) -> "Promised":
        link = here.opened.link
        groups, request = link.detail.get("groups"), link.detail.get("request")
        return cls(
            link.email,
            link.kind == "sign_up" or link.detail.get("mailed") is True,
            tuple(map(str, groups)) if isinstance(groups, list) else (),
            request if isinstance(request, str) and request else None,
        )


async def show(here: Here) -> Answer:
    return _page(here, Promised.of(here), {})


async def submit(here: Here, params: Params) -> Answer:
    """Whatever is refused spends nothing. Of fifty at once, one has the account."""
    promised = Promised.of(here)
    typed = {name: (params.get(name) or "").strip() for name in ("username", "name", "email")}
    try:
        await sign_up.limit(here.server, here.asked, here.now)
        record = _record(promised, typed)
        await _must_be_free(here, record)
        await _must_be_good(here, params.get("new_password") or "", record)
    except Refusal as error:
        refused.tell(here.server, here.asked, error, here.now)
        return _again(here, promised, typed, error)
    id = ids.uuid7(here.now, here.server.random(10))
    hashed = await here.server.hashing.hash(params.get("new_password") or "")
    made = people.add(id, people.record(record), hashed, here.now)
    event = AccountMade(person_id=id, how=here.opened.link.kind)
    await here.server.commit([*links.spend(here.opened, here.now), made], [event], here.asked, here.now)
    await _ask_to_verify(here, id, record)
    return browsers.without_link(here.server, await _signed_in(here, id, promised))


def _record(promised: Promised, typed: dict[str, str]) -> PersonRecord:
    email = promised.email or typed["email"] or None
    username = typed["username"] or (email if promised.is_proved else None)
    # A name that is an address would sign in, and be written to, in its owner's stead (CVE-2021-3754).
    if username is not None and "@" in username and not promised.is_proved:
        raise WrongField("username", _("Choose a username without an @."), check="sign-up name")
    stated = {"username": username, "email": email, "name": typed["name"] or None, "groups": promised.groups}
    try:
        return person_record.read({**stated, "email_verified": promised.is_proved and email is not None})
    except RecordRefused as refusal:
        field = refusal.path if refusal.path in _SAYS else "username"
        raise WrongField(field, _SAYS[field], check="sign-up name") from None


_SAYS = {
    "username": _("Choose a username."),
    "name": _("That name cannot be: it is too long, or holds a sign that nobody sees."),
    "email": _("Enter your e-mail address, such as alice@example.org."),
}


async def _must_be_free(here: Here, record: PersonRecord) -> None:
    store = here.server.store
    if record.email_key is not None and await people.find_signing_in(store, record.email_key) is not None:
        raise WrongField(
            "email",
            _("There is an account with this address already. Sign in to it."),
            check="email taken",
            expected="an address that nobody else has",
        )
    if await people.find_signing_in(store, record.username_key) is not None:
        raise WrongField("username", _("You cannot have this username. Choose another."), check="sign-up name")


async def _must_be_good(here: Here, chosen: str, record: PersonRecord) -> None:
    names = (record.username, record.email)
    refusal = await new_password.refusal(here.server, chosen, None, two=False, names=names)
    if refusal is not None:
        raise WrongField("new_password", refusal, check="sign-up password")


async def _ask_to_verify(here: Here, id: str, record: PersonRecord) -> None:
    """An address that was only said is proved by a letter of its own."""
    server, now = here.server, here.now
    if record.email is None or record.email_verified or not mails.is_on(server):
        return
    made = await links.make(server, "verify", id, server.settings.verify_link_lifetime, now, email=record.email)
    if made is not None:
        letter = mails.send(
            server, "verify_email", record.email, {"token": made.secret}, now, expires_at=made.expires_at,
            languages=here.asked.languages,
        )  # fmt: skip
        await server.commit([made.change, *letter], [], here.asked, now)


async def _signed_in(here: Here, id: str, promised: Promised) -> Answer:
    """They have just chosen their password: there is no need to type it again."""
    server, now = here.server, here.now
    person = await people.find(server.store, id)
    assert person is not None  # noqa: S101  just made
    try:
        params = Params({} if promised.request is None else {"request": [promised.request]})
        visit = await steps.visit(server, here.asked, params, now)
    except Refusal:  # the link was opened in another browser, or later: there is no request to go on with
        visit = await steps.visit(server, here.asked, Params({}), now)
    # Nobody waits for them: they may leave the password behind at once, with the proof that this takes.
    offered = visit.found is None and ceremony.available(server) is not None
    then = f"{server.issuer}/account/{passkeys.PLACE}?done=joined" if offered else None
    return await proving.go_on(visit, Proved(person, Proof(session.PASSWORD, now, ("pwd",))), then=then)


def _again(here: Here, promised: Promised, typed: dict[str, str], error: Refusal) -> Answer:
    wrong = error.field if isinstance(error, WrongField) else ""
    page = _page(here, promised, typed, message=error.description, wrong=wrong, status=error.status)
    page = page.traced(here.asked.request_id)
    if isinstance(error, TooManyAttempts):
        return page.plus((b"retry-after", str(error.retry_after).encode()))
    return page


def _page(
    here: Here,
    promised: Promised,
    typed: dict[str, str],
    *,
    message: str | None = None,
    wrong: str = "",
    status: int = 200,
) -> Answer:
    """wrong: the field that the message is about; nothing: the whole form."""
    rules: dict[str, Any] = new_password.shown(here.server, two=False)  # Any: what the template asks for
    return here.page(
        "join.html",
        status=status,
        email=promised.email or typed.get("email", ""),
        email_is_fixed=promised.email is not None,
        username=typed.get("username", promised.email if promised.is_proved else "") or "",
        name=typed.get("name", ""),
        message=message,
        wrong=wrong,
        **rules,
    )
