"""`mintmark clients secret-add` and `secret-end`: a secret is rolled by another beside it, then by its own end."""

from typing import Annotated

import typer

from mintmark.admin import shown
from mintmark.commands import leases, opening, verbs
from mintmark.commands.opening import NotFound, Opened, Refused
from mintmark.commands.verbs import Document, JsonOption
from mintmark.events import Configured
from mintmark.protocol import client_secret, ids
from mintmark.protocol.client import Client
from mintmark.protocol.client_metadata import MetadataRefused
from mintmark.store import clients

_OPTIONS = {"name": "--name", "expires_at": "--expires"}
IdArgument = Annotated[str, typer.Argument(metavar="CLIENT_ID")]


def add(
    client_id: IdArgument,
    name: Annotated[str | None, typer.Option(help="What the secret is called; made up where it is left out.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="30d, 2027-01-31 or 2027-01-31T12:00:00Z; never if left out.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make another secret for a client, and show it this once."""

    async def work(opened: Opened) -> Document:
        client = await _confidential(opened, client_id)
        live = [secret.name for secret in client.secrets]
        try:
            called = client_secret.check_name(name, live) if name is not None else client_secret.made_up_name(live)
            until = None if expires is None else client_secret.read_expiry(expires, opened.now)
        except MetadataRefused as refusal:
            told = f"{_OPTIONS[refusal.path]} {refusal.message}"
            is_unreadable = refusal.path == "expires_at" and refusal.message != client_secret.OVER
            raise (typer.BadParameter(told) if is_unreadable else Refused(told)) from None
        secret = ids.secret("", opened.random(client_secret.BYTES))
        digest = opened.registry.mac("client_secret", secret.encode())
        changes = clients.add_secret(opened.id(), client_id, called, digest, len(secret), opened.now, until)
        await opened.commit(changes, [_configured(client_id, f"secret {called} added")])
        return {"client_id": client_id, "name": called, "client_secret": secret, "expires_at": verbs.when(until)}

    made = verbs.do(work)
    verbs.answer(made, json, made["client_secret"])
    if not json:
        opening.say(f"this is the secret {made['name']} of {client_id}; it is not shown again")


def end(
    client_id: IdArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the secret is called: see clients show.")],
    json: JsonOption = False,
) -> None:
    """End a secret. Answers when no node takes it any more."""

    async def work(opened: Opened) -> Document:
        client = await _find(opened, client_id)
        if name not in [secret.name for secret in client.secrets]:
            raise NotFound(
                f"the client {client_id!r} has no secret {name!r}; mintmark clients show {client_id} lists them"
            )
        changes = clients.end_secret(client_id, name, opened.now)
        await opened.commit(changes, [_configured(client_id, f"secret {name} ended")])
        await leases.run_out()
        left = [secret.name for secret in client.secrets if secret.name != name]
        return {"client_id": client_id, "name": name, "ended_at": verbs.when(opened.now), "left": left}

    ended = verbs.do(work)
    verbs.answer(ended, json, f"ended the secret {name} of {client_id}")
    if not ended["left"]:
        opening.say(f"{client_id} has no secret left: mintmark clients secret-add {client_id}")


def documents(client: Client) -> list[Document]:
    """Without anything secret."""
    return [shown.secret(one) for one in client.secrets]


async def _find(opened: Opened, client_id: str) -> Client:
    client = await clients.find(opened.store, client_id)
    if client is None:
        raise NotFound(f"there is no client {client_id!r}; mintmark clients list shows which are")
    return client


async def _confidential(opened: Opened, client_id: str) -> Client:
    client = await _find(opened, client_id)
    if not client.has_secrets:
        raise Refused(f"{client_id} has no secrets: its token_endpoint_auth_method is {client.auth_method}")
    return client


def _configured(client_id: str, change: str) -> Configured:
    return Configured(kind="client", subject=client_id, change=change, members="secrets", client_id=client_id)
