"""`mintmark clients`: applications, one at a time, and their secrets (contract, "Commands")."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from mintmark import ending
from mintmark.admin import shown
from mintmark.commands import apply, assignments, client_secrets, leases, opening, preview_token, verbs
from mintmark.commands.apply_file import ApplyFile, Entry
from mintmark.commands.opening import NotFound, Opened, Refused
from mintmark.commands.verbs import Document, JsonOption
from mintmark.events import Configured
from mintmark.protocol.client import SECRET_METHODS, Client
from mintmark.protocol.client_metadata import MEMBERS
from mintmark.store import clients, listed_clients

PAGE = 500
COLUMNS = ("client_id", "client_name", "token_endpoint_auth_method", "grant_types", "self_registered", "disabled")
LISTS = (
    *(name for name, one in MEMBERS.items() if one.form == "texts"),
    "policy.allowed_networks",
    "policy.require_factors",
)
NUMBERS = (*(name for name, one in MEMBERS.items() if one.form == "number"), "policy.max_active_tokens")
SECRETS = {"client_secret": "the command clients secret-add makes one"}

IdArgument = Annotated[str, typer.Argument(metavar="CLIENT_ID")]
MembersArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[MEMBER=VALUE]...",
        help="redirect_uris='[\"https://…\"]', scope='openid …', policy.access_token_lifetime=5m; null resets.",
    ),
]
app = verbs.group("Applications that people sign in to, or that act for themselves.")


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List clients."""
    verbs.listed(verbs.do(_all, changing=False), json, COLUMNS)


@app.command()
def show(
    client_id: IdArgument,
    group: Annotated[
        list[str] | None, typer.Option(help="As for a person of this group; may stand several times.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show a client, and which limit holds for its tokens, why, and over what."""

    async def work(opened: Opened) -> Document:
        client = await find(opened, client_id)
        listed = await listed_clients.find(opened.store, client_id)
        used = {"used_at": shown.when(listed.used_at)} if listed is not None and client.self_registered else {}
        return (
            document(client)
            | used
            | {
                "secrets": client_secrets.documents(client),
                "effective": effective(opened, client, group or ()),
            }
        )

    found = verbs.do(work, changing=False)
    if json:
        opening.show(found)
        return
    rows = found.pop("effective")
    verbs.shown(found, json)
    opening.print_line()
    for row in rows:
        row["over"] = [_over(one) for one in row["overrode"]]
    verbs.listed(rows, json, ("member", "value", "from", "why", "over", "resource"))


@app.command()
def add(client_id: IdArgument, members: MembersArgument = None, json: JsonOption = False) -> None:
    """Add a client."""
    stated = _members(members)

    async def work(opened: Opened) -> Document:
        if await clients.find(opened.store, client_id) is not None:
            raise Refused(f"there is a client {client_id!r} already")
        await _write(opened, client_id, stated)
        return document(await find(opened, client_id))

    made = verbs.do(work)
    verbs.answer(made, json, f"added {client_id}")
    if made["token_endpoint_auth_method"] in SECRET_METHODS:
        opening.say(f"it has no secret yet: mintmark clients secret-add {client_id}")


@app.command("set")
def set_(client_id: IdArgument, members: MembersArgument = None, json: JsonOption = False) -> None:
    """Change a client; members that are not named stay as they are."""
    stated = _members(members)

    async def work(opened: Opened) -> tuple[Document, Sequence[str]]:
        await find(opened, client_id)
        changed = await _write(opened, client_id, stated)
        return document(await find(opened, client_id)), changed

    changed, names = verbs.do(work)
    verbs.answer(changed, json, f"changed {client_id}: {verbs.names(names)}" if names else "nothing to change")


@app.command()
def disable(client_id: IdArgument, json: JsonOption = False) -> None:
    """Refuse a client, and end all that was given to it for good. Answers when no node serves it any more."""

    async def work(opened: Opened) -> Document:
        await _disable(opened, await find(opened, client_id))
        return document(await find(opened, client_id))

    verbs.answer(verbs.do(work), json, f"disabled {client_id}")


@app.command()
def enable(client_id: IdArgument, json: JsonOption = False) -> None:
    """Serve a client again. What was ended stays ended."""

    async def work(opened: Opened) -> Document:
        if (await find(opened, client_id)).disabled_at is not None:
            await opened.commit(clients.enable(client_id, opened.now), [configured(client_id, "enable")])
        return document(await find(opened, client_id))

    verbs.answer(verbs.do(work), json, f"enabled {client_id}")


@app.command()
def delete(client_id: IdArgument, json: JsonOption = False) -> None:
    """Delete a client, with all that was given to it."""

    async def work(opened: Opened) -> Document:
        client = await find(opened, client_id)
        await _disable(opened, client)
        await ending.authorizations_of_client(opened.store, client_id, "client deleted", opened.now)
        gone = await ending.client_forgotten(opened.store, client_id, opened.now)
        await opened.commit(gone, [configured(client_id, "delete")])
        return {"client_id": client_id, "deleted": True}

    verbs.answer(verbs.do(work), json, f"deleted {client_id}")


app.command("secret-add")(client_secrets.add)
app.command("secret-end")(client_secrets.end)
app.command("preview-token")(preview_token.preview_token)


async def find(opened: Opened, client_id: str) -> Client:
    """Raises NotFound."""
    found = await clients.find(opened.store, client_id)
    if found is None:
        raise NotFound(f"there is no client {client_id!r}; mintmark clients list shows which are")
    return found


def configured(client_id: str, change: str, members: str = "") -> Configured:
    return Configured(kind="client", subject=client_id, change=change, members=members, client_id=client_id)


def document(client: Client) -> Document:
    return shown.client(client)


def _over(one: Document) -> str:
    value = ",".join(one["value"]) if isinstance(one["value"], list) else verbs.text(one["value"])
    return f"{':'.join(filter(None, (one['from'], one['name'])))}={value}"


def effective(opened: Opened, client: Client, groups: Sequence[str] = ()) -> list[Document]:
    """What holds for its tokens. groups: those of the person who is meant."""
    return shown.effective(opened.registry, client, tuple(groups), opened.now)


async def _all(opened: Opened) -> Sequence[Document]:
    found: list[Document] = []
    after = ""
    while some := await clients.page(opened.store, after, PAGE):
        found += [document(client) for client in some]
        after = some[-1].id
    return found


def _members(words: list[str] | None) -> dict[str, object]:
    found = assignments.read(words or (), lists=LISTS, numbers=NUMBERS)
    assignments.must_not_be_secret(found, SECRETS)
    return found


async def _write(opened: Opened, client_id: str, stated: Mapping[str, object]) -> Sequence[str]:
    """The same rules as for an apply file; answers the members that changed."""
    wanted = ApplyFile(clients=(Entry(client_id, {**stated, "client_id": client_id}),))
    hasher = apply.hashing_of(opened.settings)
    try:
        differences = await apply.carry_out(opened, wanted, hasher)
    finally:
        hasher.close()
    return [member.name for one in differences for member in one.members]


async def _disable(opened: Opened, client: Client) -> None:
    """By watermark: one row, however much was given to it. A node that knew it as enabled has forgotten that then."""
    if client.disabled_at is None:
        await opened.commit(clients.disable(client.id, opened.now), [configured(client.id, "disable")])
    await leases.run_out()
