"""`mintmark registration`: the tokens with which clients register themselves (docs: registration)."""

from typing import Annotated

import typer

from mintmark.admin import shown
from mintmark.commands import opening, verbs
from mintmark.commands.opening import NotFound, Opened, Refused
from mintmark.commands.verbs import Document, JsonOption
from mintmark.events import Configured
from mintmark.protocol import ids, initial_access, registration
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.store import initial_access_tokens
from mintmark.store.initial_access_tokens import InitialAccessToken

PAGE = 500
COLUMNS = ("id", "name", "uses_left", "expires_at", "ended_at")
app = verbs.group("Tokens with which clients register themselves.")


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List the initial access tokens, those that have ended as well."""

    async def work(opened: Opened) -> list[Document]:
        found: list[InitialAccessToken] = []
        while some := await initial_access_tokens.page(opened.store, after=found[-1].id if found else None, limit=PAGE):
            found += some
        return [shown.initial_access_token(one) for one in found]

    verbs.listed(verbs.do(work, changing=False), json, COLUMNS)


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom it is for, as you tell it from others.")],
    uses: Annotated[int, typer.Option(help="How many clients may register with it; 0: any number.")] = 1,
    expires: Annotated[
        str | None, typer.Option(help="30d, 2027-01-31 or 2027-01-31T12:00:00Z; never if left out.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make an initial access token, and show it this once."""

    async def work(opened: Opened) -> Document:
        try:
            sent = {"name": name, "uses": uses or None, "expires_at": expires}
            wanted = initial_access.read(sent, opened.now)
        except MetadataRefused as refusal:
            raise Refused(f"{refusal.path} {refusal.message}") from None
        token = ids.secret(registration.PREFIX_INITIAL, opened.random(32))
        made = InitialAccessToken(opened.id(), wanted.name, wanted.uses, opened.now, wanted.expires_at, None)
        await opened.commit([initial_access_tokens.add(made, ids.digest(token))], [_configured(made, "create")])
        return shown.initial_access_token(made) | {"token": token}

    made = verbs.do(work)
    verbs.answer(made, json, made["token"])
    if not json:
        opening.say(f"this is the initial access token {made['name']}; it is not shown again")


@app.command()
def end(
    id: Annotated[str, typer.Argument(metavar="ID", help="See registration list.")], json: JsonOption = False
) -> None:
    """End an initial access token. Clients that registered with it stay."""

    async def work(opened: Opened) -> Document:
        found = await initial_access_tokens.find(opened.store, id)
        if found is None:
            raise NotFound(f"there is no initial access token {id!r}; mintmark registration list shows which are")
        if found.ended_at is None:
            await opened.commit([initial_access_tokens.end(id, opened.now)], [_configured(found, "end")])
        return {"id": id, "name": found.name, "ended": True}

    done = verbs.do(work)
    verbs.answer(done, json, f"ended {done['name']}")


def _configured(one: InitialAccessToken, change: str) -> Configured:
    return Configured(kind="initial_access_token", subject=one.id, change=change, members=one.name)
