"""`mintmark users invite`, `invitations`, `revoke-invitation`: links with which people make their own accounts."""

import sys
from typing import Annotated

import typer

from mintmark import invitations
from mintmark.admin import shown
from mintmark.commands import opening, verbs
from mintmark.commands.opening import NotFound, Opened, Refused
from mintmark.commands.verbs import Document, JsonOption
from mintmark.grants.earning import ADMINS
from mintmark.protocol import invitation
from mintmark.protocol.invitation import Invitation
from mintmark.protocol.person_record import RecordRefused
from mintmark.store import invitations as stored

PAGE = 500
COLUMNS = ("id", "email", "groups", "mailed", "expires_at", "used_at")


def invite(
    admin: Annotated[bool, typer.Option("--admin", help=f"Into the group {ADMINS}: an operator.")] = False,
    email: Annotated[str | None, typer.Option(help="Whose address that account will have.")] = None,
    mail: Annotated[bool, typer.Option("--mail", help="Send the link to --email, and do not show it.")] = False,
    group: Annotated[list[str] | None, typer.Option(help="A group that they will be in; may be repeated.")] = None,
    expires: Annotated[str | None, typer.Option(help="7d if left out; 2027-01-31 or 2027-01-31T12:00:00Z.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the link though this is no terminal.")] = False,
    json: JsonOption = False,
) -> None:
    """Make a link, good once, with which somebody makes their own account; it is shown this once."""
    if not (mail or show or json or sys.stdout.isatty()):
        raise Refused("the link is a secret, and this is no terminal: --show prints it all the same, --mail sends it")
    groups = [*(group or ()), *([ADMINS] if admin else ())]

    async def work(opened: Opened) -> Document:
        sent = {"email": email, "groups": groups, "mail": mail, "expires_at": expires}
        try:
            wanted = invitation.read(sent, opened.now)
            made = invitations.make(opened, wanted, opened.actor, opened.now)
        except RecordRefused as refusal:
            raise Refused(f"{refusal.path} {refusal.message}") from None
        await opened.commit(made.changes, [made.event])
        return shown.invitation(made.invitation) | {"url": made.url}

    made = verbs.do(work)
    verbs.answer(made, json, made["url"] or f"sent to {made['email']}")
    if not json:
        until = f"until {made['expires_at']}"
        opening.say(f"whoever opens the link makes an account, once, {until}; it is not shown again")


def list_(json: JsonOption = False) -> None:
    """List the invitations, those that were used as well, without their links."""

    async def work(opened: Opened) -> list[Document]:
        found: list[Invitation] = []
        while some := await stored.page(opened.store, after=found[-1].id if found else None, limit=PAGE):
            found += some
        return [shown.invitation(one) for one in sorted(found, key=lambda one: one.created_at)]

    verbs.listed(verbs.do(work, changing=False), json, COLUMNS)


def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="See users invitations.")], json: JsonOption = False
) -> None:
    """Take an invitation back. Whoever used it keeps their account."""

    async def work(opened: Opened) -> Document:
        found = await stored.find(opened.store, id)
        if found is None:
            raise NotFound(f"there is no invitation {id!r}; mintmark users invitations shows which are")
        if found.spent_at is not None:
            raise Refused("it was used; mintmark users delete deletes an account")
        await opened.commit([stored.end(found)], [invitations.configured(found, "end", opened.actor)])
        return {"id": id, "revoked": True}

    done = verbs.do(work)
    verbs.answer(done, json, f"revoked {done['id']}")
