"""`mintmark outbox`: what is to be sent, what arrived and what did not (docs: webhooks, logout)."""

from typing import Annotated, get_args

import typer

from mintmark import receivers
from mintmark.commands import verbs
from mintmark.commands.opening import NotFound, Opened, Refused
from mintmark.commands.verbs import Document, JsonOption
from mintmark.receivers import BeingSent
from mintmark.store import listed_outbox, listing
from mintmark.store.listed_outbox import Listed, State

COLUMNS = ("id", "receiver", "subject", "state", "attempts", "created_at", "due_at", "last_error")
app = verbs.group("What is to be sent, and what became of it.")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The delivery, as in webhook-id.")]
ReceiverOption = Annotated[str | None, typer.Option(metavar="NAME", help="A webhook's name or id, or a client_id.")]


@app.callback()
def outbox() -> None:
    """What is to be sent, and what became of it."""


@app.command("list")
def list_(
    receiver: ReceiverOption = None,
    state: Annotated[str | None, typer.Option(help="waiting, done or given_up.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    json: JsonOption = False,
) -> None:
    """List deliveries, newest first."""
    if state is not None and state not in get_args(State):
        raise typer.BadParameter(f"--state is none of {', '.join(get_args(State))}")

    async def work(opened: Opened) -> list[Document]:
        id = None if receiver is None else _receiver(opened, receiver)
        names = {one.id: one.name for one in opened.registry.webhooks}
        return [document(one, names) for one in await _all(opened, id, state, limit)]  # type: ignore[arg-type]  # checked

    verbs.listed(verbs.do(work, changing=False), json, COLUMNS)


@app.command()
def retry(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The delivery, as in webhook-id.")] = None,
    receiver: ReceiverOption = None,
    json: JsonOption = False,
) -> None:
    """Send a delivery again, also one that is done; or with --receiver all that were given up."""
    if (id is None) == (receiver is None):
        raise typer.BadParameter("name either a delivery or, with --receiver, a webhook or client")

    async def work(opened: Opened) -> Document:
        if id is not None:
            found = [await _find(opened, id)]
        else:
            found = await _all(opened, _receiver(opened, str(receiver)), "given_up", 100_000)
        for one in found:
            await _retry(opened, one)
        return {"retried": [one.id for one in found]}

    done = verbs.do(work)
    verbs.answer(done, json, f"to be sent again: {len(done['retried'])}")


@app.command()
def discard(id: IdArgument, json: JsonOption = False) -> None:
    """Give up a delivery that waits."""

    async def work(opened: Opened) -> Document:
        found = await _find(opened, id)
        changes, events = receivers.discarded(found, opened.now)
        if changes:
            await opened.commit(changes, events)
        return {"id": id, "discarded": bool(changes)}

    done = verbs.do(work)
    verbs.answer(done, json, f"discarded {id}" if done["discarded"] else f"{id} had ended already")


async def _retry(opened: Opened, found: Listed) -> None:
    try:
        await opened.commit(*receivers.retried(found, opened.now))
    except BeingSent:
        raise Refused(f"{found.id} is being sent at this moment") from None


async def _all(opened: Opened, receiver: str | None, state: State | None, limit: int) -> list[Listed]:
    found: list[Listed] = []
    while len(found) < limit:
        wanted = min(listing.MOST, limit - len(found))
        after = found[-1].id if found else None
        some = await listed_outbox.page(opened.store, after=after, limit=wanted, receiver=receiver, state=state)
        found += some
        if len(some) < wanted:
            break
    return found


async def _find(opened: Opened, id: str) -> Listed:
    found = await listed_outbox.find(opened.store, id)
    if found is None:
        raise NotFound(f"there is no delivery {id!r}")
    return found


def _receiver(opened: Opened, name: str) -> str:
    """One that was deleted still stands in the outbox, by id."""
    return next((one.id for one in opened.registry.webhooks if name in (one.name, one.id)), name)


def document(one: Listed, names: dict[str, str]) -> Document:
    """names: of the webhooks, by id."""
    return {
        "id": one.id,
        "kind": one.kind,
        "receiver": names.get(one.receiver, one.receiver),
        "subject": one.subject,
        "state": one.state,
        "attempts": one.attempts,
        "last_error": one.last_error,
        "created_at": verbs.when(one.created_at),
        "due_at": verbs.when(one.due_at),
        "done_at": verbs.when(one.done_at),
        "given_up_at": verbs.when(one.given_up_at),
    }
