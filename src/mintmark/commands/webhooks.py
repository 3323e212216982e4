"""`mintmark webhooks`: who is told of events, and how they know that it was us (docs: webhooks)."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from mintmark import durations, receivers, webhooks
from mintmark.commands import opening, verbs
from mintmark.commands.opening import NotFound, Opened, Refused
from mintmark.commands.verbs import Document, JsonOption
from mintmark.outbound import Outbound
from mintmark.protocol import webhook
from mintmark.protocol.webhook import Webhook, WebhookRefused
from mintmark.receivers import OVERLAP, Wanted

COLUMNS = ("name", "url", "events", "disabled", "created_at")
app = verbs.group("Receivers of events.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The webhook's name, or its id.")]
EventsOption = Annotated[
    list[str] | None,
    typer.Option("--event", help='An event, or how several begin: session_ended, "session_*"; may be repeated.'),
]
UrlOption = Annotated[str | None, typer.Option(help="Where it listens: an https URL.")]


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List the webhooks."""

    async def work(opened: Opened) -> list[Document]:
        return [document(one) for one in opened.registry.webhooks]

    verbs.listed(verbs.do(work, changing=False), json, COLUMNS)


@app.command()
def show(name: NameArgument, json: JsonOption = False) -> None:
    """Show a webhook, without its secret."""

    async def work(opened: Opened) -> Document:
        return document(find(opened, name))

    verbs.shown(verbs.do(work, changing=False), json)


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    url: Annotated[str, typer.Option(help="Where it listens: an https URL.")],
    event: EventsOption = None,
    json: JsonOption = False,
) -> None:
    """Add a webhook, and show its secret this once. Without --event it is told of every event."""

    async def work(opened: Opened) -> Document:
        wanted = Wanted(name, url, event)
        one, written = _checked(
            lambda: receivers.made(wanted, opened.registry.webhooks, opened.sealer, opened.random, opened.now)
        )
        await opened.commit(*written)
        return document(one) | {"secret": webhook.secret(one.keys[0])}

    _answer_secret(verbs.do(work), json)


@app.command("set")
def set_(
    name: NameArgument,
    rename: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    url: UrlOption = None,
    event: EventsOption = None,
    disable: Annotated[bool, typer.Option("--disable", help="Tell it nothing more, until --enable.")] = False,
    enable: Annotated[bool, typer.Option("--enable")] = False,
    json: JsonOption = False,
) -> None:
    """Change a webhook; --event replaces all that it named."""
    if disable and enable:
        raise typer.BadParameter("--disable or --enable, not both")

    async def work(opened: Opened) -> Document:
        disabled = True if disable else False if enable else None
        before, wanted = find(opened, name), Wanted(rename, url, event, disabled)
        one, (changes, events) = _checked(
            lambda: receivers.changed(before, wanted, opened.registry.webhooks, opened.now)
        )
        if changes:
            await opened.commit(changes, events)
        return document(one)

    verbs.shown(verbs.do(work), json)


@app.command()
def delete(name: NameArgument, json: JsonOption = False) -> None:
    """Delete a webhook; what still waits for it is given up."""

    async def work(opened: Opened) -> Document:
        one = find(opened, name)
        await opened.commit(*receivers.deleted(one, opened.now))
        return {"id": one.id, "name": one.name}

    done = verbs.do(work)
    verbs.answer(done, json, f"deleted {done['name']}")


@app.command("secret-roll")
def secret_roll(
    name: NameArgument,
    overlap: Annotated[str | None, typer.Option(help="How long the one before signs too: 1d if left out.")] = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="The one before leaked: it signs nothing more.")] = False,
    json: JsonOption = False,
) -> None:
    """Make a new secret, and show it this once. Both sign for a while, so that the receiver can change in peace."""
    if overlap is not None and at_once:
        raise typer.BadParameter("--overlap or --at-once, not both")
    span = None if at_once else OVERLAP if overlap is None else read_overlap(overlap)

    async def work(opened: Opened) -> Document:
        one, written = receivers.rolled(find(opened, name), span, opened.sealer, opened.random, opened.now)
        await opened.commit(*written)
        return document(one) | {"secret": webhook.secret(one.keys[0])}

    _answer_secret(verbs.do(work), json)


@app.command("test")
def try_(name: NameArgument, json: JsonOption = False) -> None:
    """Send a message of the type webhook_test from here, now. Exit code 1: it did not arrive."""

    async def work(opened: Opened) -> Document:
        one = find(opened, name)
        outbound = Outbound(opened.settings.outbound_allow, opened.settings.outbound_ca)
        came = await webhooks.attempt(outbound, one, opened.id(), opened.now)
        await opened.commit([], [receivers.tried(one, arrived=came.arrived)])
        return {"name": one.name, "arrived": came.arrived, "status": came.status, "why": came.why or None}

    done = verbs.do(work)
    verbs.answer(
        done, json, f"it arrived: {done['status']}" if done["arrived"] else f"it did not arrive: {done['why']}"
    )
    if not done["arrived"]:
        raise typer.Exit(opening.REFUSED)


def document(one: Webhook) -> Document:
    """Without its secrets."""
    return {
        "id": one.id,
        "name": one.name,
        "url": one.url,
        "events": list(one.events),
        "disabled": one.disabled_at is not None,
        "created_at": verbs.when(one.created_at),
        "updated_at": verbs.when(one.updated_at),
        "secrets": [verbs.when(key.until) or "newest" for key in one.keys],
    }


def find(opened: Opened, name: str) -> Webhook:
    """By name, or by id."""
    for one in opened.registry.webhooks:
        if name in (one.name, one.id):
            return one
    raise NotFound(f"there is no webhook {name!r}")


def read_overlap(text: str) -> timedelta:
    try:
        return durations.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"--overlap {error}") from None


def _checked(make: Any) -> Any:  # Any: whatever it makes
    try:
        return make()
    except WebhookRefused as refusal:
        raise Refused(str(refusal)) from None


def _answer_secret(done: Document, json: bool) -> None:
    verbs.answer(done, json, done["secret"])
    if not json:
        opening.say(f"this is the secret of {done['name']}; it is not shown again")
