"""`mintmark clients preview-token`: the claims that a client's tokens would carry, and which rule gave each."""

from collections.abc import Iterator
from typing import Annotated

import typer

from mintmark import preview
from mintmark.commands import opening, verbs
from mintmark.commands.opening import NotFound, Opened, Refused
from mintmark.commands.verbs import Document, JsonOption
from mintmark.protocol.claim_rule import PLACES
from mintmark.protocol.errors import OAuthError
from mintmark.protocol.names import normalise_username
from mintmark.store import people

IdArgument = Annotated[str, typer.Argument(metavar="CLIENT_ID")]
UserOption = Annotated[str, typer.Option(metavar="NAME", help="The person, by username or verified e-mail address.")]
ScopeOption = Annotated[str | None, typer.Option(help="As the client would ask for it; its default if left out.")]
ResourceOption = Annotated[list[str] | None, typer.Option(help="A resource that it is asked for; may be repeated.")]


def preview_token(
    client_id: IdArgument,
    user: UserOption,
    scope: ScopeOption = None,
    resource: ResourceOption = None,
    json: JsonOption = False,
) -> None:
    """Show what ID token, UserInfo and access token would say of a person. Signs nothing."""

    async def work(opened: Opened) -> Document:
        registry = opened.registry
        client = await registry.client(client_id)
        person = await people.find_signing_in(opened.store, normalise_username(user))
        if client is None or person is None:
            raise NotFound(f"there is no client {client_id!r}" if client is None else f"there is no user {user!r}")
        try:
            return preview.of(opened.settings.issuer, registry, client, person, scope, resource or (), opened.now)
        except OAuthError as refusal:
            raise Refused(f"{refusal.code}: {refusal.description}") from None

    _answer(verbs.do(work, changing=False), json)


def _answer(found: Document, json: bool) -> None:
    if json:
        opening.show(found)
        return
    for line in _lines(found):
        opening.print_line(line)


def _lines(found: Document) -> Iterator[str]:
    yield f"{found['username']} at {found['client_id']}, scope {found['scope'] or '-'}"
    for place in PLACES:
        part = found[place]
        form = f" ({found['access_token_format']})" if place == "access_token" else ""
        yield f"{place}{form}" if part else f"{place}: none"
        for name, value in (part or {"claims": {}})["claims"].items():
            rule = part["rules"].get(name)
            yield f"  {name}: {verbs.text(value)}" + (f"  (rule {rule})" if rule else "")
    yield from (f"failed: rule {one['rule']} for {one['place']}: {one['why']}" for one in found["failed"])
