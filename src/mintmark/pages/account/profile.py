"""What is known of somebody, and what of it they may change themselves."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from mintmark import mails
from mintmark.events import LinkSent, ProfileChanged
from mintmark.mails import verifying
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Decided, Visit
from mintmark.protocol import person_record, profile
from mintmark.protocol.person_record import RecordRefused
from mintmark.store import people
from mintmark.texts import _
from mintmark.wire.answer import Answer, redirect

PLACE = "profile"
NAMES: Final[Mapping[str, str]] = {
    "name": _("Name"),
    "given_name": _("First name"),
    "family_name": _("Last name"),
    "middle_name": _("Middle name"),
    "nickname": _("Nickname"),
    "preferred_username": _("Name to be called by"),
    "profile": _("Profile page"),
    "picture": _("Address of your picture"),
    "website": _("Website"),
    "gender": _("Gender"),
    "birthdate": _("Date of birth, such as 1990-12-31"),
    "zoneinfo": _("Time zone, such as Europe/Berlin"),
    "locale": _("Language, such as de-DE"),
    "phone_number": _("Phone number"),
}
_AUTOCOMPLETE: Final[Mapping[str, str]] = {
    "name": "name",
    "given_name": "given-name",
    "family_name": "family-name",
    "middle_name": "additional-name",
    "nickname": "nickname",
    "website": "url",
    "birthdate": "bday",
    "phone_number": "tel",
}


async def show(visit: Visit) -> Answer:
    return await _page(visit)


async def submit(visit: Visit) -> Answer:
    """Which of the two forms was sent, its button says."""
    visit.params.refuse_repeated()
    if visit.params.get("change") == "email":
        return await _change_email(visit)
    try:
        saved = await frame.written(visit, lambda: _saved(visit))
    except RecordRefused as refusal:
        return await _page(visit, status=400, refused=refusal.path)
    return redirect(visit.address(PLACE, "profile" if saved else None))


async def _saved(visit: Visit) -> Decided:
    person = await people.find(visit.server.store, visit.id)
    if person is None:
        return [], []
    before = person_record.of(person.holder)
    wanted = {name: visit.params.get(name) or "" for name in NAMES if visit.params.sent(name)}
    record, names = profile.changed(before, wanted, visit.server.settings.account_claims)
    if not names:
        return [], []
    event = ProfileChanged(person_id=visit.id, session_id=visit.session.id, members=" ".join(names))
    return [people.unchanged(person), people.change(visit.id, people.record(record), visit.now)], [event]


async def _change_email(visit: Visit) -> Answer:
    """Nothing changes before the link is followed. Whether the address is somebody's already is looked up when the
    letter is sent: neither the answer, nor its time, nor the page of what happened tells it."""
    server, now = visit.server, visit.now
    try:
        wanted = str(person_record.MEMBERS["email"]("email", (visit.params.get("email") or "").strip()))
    except RecordRefused:
        return await _page(visit, status=400, refused="email")
    if not _may_change_email(visit) or (wanted == visit.holder.email and visit.holder.email_verified):
        return redirect(visit.address(PLACE))

    async def decide() -> Decided:
        languages = mails.read_by(visit.holder, visit.asked.languages)
        letter = await verifying.letter(server, visit.id, wanted, now, languages=languages)
        sent = LinkSent(person_id=visit.id, session_id=visit.session.id, kind="verify")
        return letter, [sent] if letter else []

    await frame.written(visit, decide)
    return redirect(visit.address(PLACE, "email"))


def _may_change_email(visit: Visit) -> bool:
    return visit.server.settings.account_email and mails.is_on(visit.server)


async def _page(visit: Visit, *, status: int = 200, refused: str | None = None) -> Answer:
    """refused: the field that could not be saved; the others stand as they were typed."""
    may = visit.server.settings.account_claims
    known = json.loads(visit.holder.claims)
    return frame.page(
        visit,
        "profile.html",
        PLACE,
        fresh=await frame.is_fresh(visit),
        status=status,
        fields=[_field(visit, name, known, refused) for name in NAMES if name in may],
        facts=_facts(visit, known, may),
        email=visit.params.get("email") or "" if refused == "email" else "",
        email_refused=refused == "email",
        may_change_email=_may_change_email(visit),
    )


def _field(visit: Visit, name: str, known: Mapping[str, object], refused: str | None) -> dict[str, object]:
    typed = visit.params.get(name) or "" if refused is not None and visit.params.sent(name) else None
    return {
        "name": name,
        "label": NAMES[name],
        "value": str(known.get(name, "")) if typed is None else typed,
        "autocomplete": _AUTOCOMPLETE.get(name, "off"),
        "refused": refused == name,
    }


def _facts(visit: Visit, known: Mapping[str, object], may: Sequence[str]) -> list[tuple[str, str]]:
    """What is known of them, and only an operator changes."""
    holder = visit.holder
    facts: list[tuple[str, str]] = [(_("Username"), holder.username)]
    if holder.email is not None:
        name = _("E-mail address") if holder.email_verified else _("E-mail address, not confirmed")
        facts.append((name, holder.email))
    facts += [(NAMES[name], str(known[name])) for name in NAMES if name in known and name not in may]
    address = known.get("address")
    if isinstance(address, dict):
        facts.append((_("Postal address"), ", ".join(str(line) for line in address.values())))
    if holder.groups:
        facts.append((_("Groups"), ", ".join(holder.groups)))
    facts += [(name, _written(value)) for name, value in json.loads(holder.custom_claims).items()]
    return facts


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
