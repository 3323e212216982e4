"""`mintmark sessions`: who is signed in where, and an end to it (contract, "Commands")."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mintmark import ending
from mintmark.admin import documents
from mintmark.admin import sessions as doors
from mintmark.commands import verbs, whom
from mintmark.commands.opening import NotFound, Opened
from mintmark.commands.verbs import Document, JsonOption
from mintmark.store import listed_sessions, listing

COLUMNS = ("id", "username", "created_at", "last_used_at", "address", "clients", "ended_at")

UserOption = Annotated[str | None, typer.Option(metavar="NAME", help="Username, verified e-mail address, or id.")]
app = verbs.group("Browsers in which people are signed in.")


@app.command("list")
def list_(
    user: UserOption = None,
    client: Annotated[str | None, typer.Option(metavar="CLIENT_ID", help="That signed in to this client.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Those that ended or expired as well.")] = False,
    json: JsonOption = False,
) -> None:
    """List sessions, newest first."""

    async def work(opened: Opened) -> Sequence[Document]:
        person_id = None if user is None else (await whom.find(opened, user)).holder.id
        return await _all(opened, person_id, client, ended=ended)

    verbs.listed(verbs.do(work, changing=False), json, COLUMNS)


@app.command()
def end(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The session; --user for all of a person.")] = None,
    user: UserOption = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="The tokens with offline_access too, which outlive a session.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """End a session, or all of a person, with the tokens that end with it."""
    if (id is None) == (user is None):
        raise typer.BadParameter("name either a session or, with --user, a person")

    async def work(opened: Opened) -> Document:
        if id is not None:
            return await _end_one(opened, id, everything=everything)
        return await _end_all(opened, str(user), everything=everything)

    done = verbs.do(work)
    told = f"ended {id}" if id is not None else f"ended all sessions of {done['username']}"
    verbs.answer(done, json, told)


async def _all(opened: Opened, person_id: str | None, client_id: str | None, *, ended: bool) -> list[Document]:
    store, all_over = opened.store, opened.registry.ended_before
    found: list[Document] = []
    after: str | None = None
    while some := await listed_sessions.page(
        store,
        after=after,
        limit=listing.MOST,
        now=opened.now,
        all_over=all_over,
        person_id=person_id,
        client_id=client_id,
        ended=ended,
    ):
        after = some[-1].session.id
        clients = await listed_sessions.clients_of(store, [one.session.id for one in some])
        found += [documents.session(one, tuple(clients[one.session.id])).model_dump(mode="json") for one in some]
    return found


async def _end_one(opened: Opened, id: str, *, everything: bool) -> Document:
    found = await listed_sessions.find(opened.store, id, all_over=opened.registry.ended_before)
    if found is None:
        raise NotFound(f"there is no session {id!r}; mintmark sessions list shows which are")
    changes, events = await doors.ends(opened, found, opened.now, actor=None, everything=everything)
    if changes:
        await opened.commit(changes, events)
    return {"id": id, "user_id": found.session.person_id, "username": found.username, "everything": everything}


async def _end_all(opened: Opened, name: str, *, everything: bool) -> Document:
    holder = (await whom.find(opened, name)).holder
    if everything:
        await opened.commit(*ending.everything(holder.id, doors.REASON, opened.now))
    else:
        await opened.commit(*await ending.all_sessions(opened, holder.id, doors.REASON, opened.now))
    return {"id": None, "user_id": holder.id, "username": holder.username, "everything": everything}
