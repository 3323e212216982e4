"""`mintmark audit`: what was done, by whom and to whom (contract, "Commands")."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from mintmark import durations
from mintmark.commands import opening, users, verbs
from mintmark.commands.opening import NotFound, Opened
from mintmark.commands.verbs import Document, JsonOption
from mintmark.store import listed_audit
from mintmark.store.listed_audit import Entry

COLUMNS = ("at", "event", "outcome", "actor", "client_id", "user_id", "detail", "count")
app = verbs.group("The audit trail.")


@app.callback()
def audit() -> None:
    """The audit trail."""


@app.command("list")
def list_(
    user: Annotated[str | None, typer.Option(metavar="NAME", help="Username, verified e-mail address, or id.")] = None,
    client: Annotated[str | None, typer.Option(metavar="CLIENT_ID")] = None,
    event: Annotated[str | None, typer.Option(help="Such as session_ended.")] = None,
    since: Annotated[str | None, typer.Option(help="1h ago, or 2026-11-25, or 2026-11-25T12:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="The same; this instant itself is left out.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    json: JsonOption = False,
) -> None:
    """List what happened, newest first."""

    async def work(opened: Opened) -> Sequence[Entry]:
        return await listed_audit.page(
            opened.store,
            limit=limit + 1,
            since=_moment("--since", since, opened.now),
            until=_moment("--until", until, opened.now),
            person_id=None if user is None else await _person_id(opened, user),
            client_id=client,
            event=event,
        )

    found = verbs.do(work, changing=False)
    verbs.listed([document(entry) for entry in found[:limit]], json, COLUMNS)
    if len(found) > limit:
        opening.say(f"there are more than {limit}: say --limit, or --until {verbs.when(found[limit - 1].at)}")


def document(entry: Entry) -> Document:
    found = asdict(entry)
    found["at"] = verbs.when(entry.at)
    found["user_id"] = found.pop("person_id")
    return found


async def _person_id(opened: Opened, name: str) -> str:
    """Somebody who was deleted still stands in the trail, by id."""
    try:
        return (await users.find(opened, name)).holder.id
    except NotFound:
        if await listed_audit.page(opened.store, limit=1, person_id=name):
            return name
        raise


def _moment(option: str, text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        return now - durations.parse(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} must be a span such as 1h, a date, or an RFC 3339 time") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
