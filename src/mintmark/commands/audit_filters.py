"""Which rows of the audit trail a command is about: the options that its verbs share."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from mintmark import durations
from mintmark.commands import whom
from mintmark.commands.opening import NotFound, Opened
from mintmark.store import listed_audit
from mintmark.store.listed_audit import Wanted

UserOption = Annotated[str | None, typer.Option(metavar="NAME", help="Username, verified e-mail address, or id.")]
ClientOption = Annotated[str | None, typer.Option(metavar="CLIENT_ID")]
ActorOption = Annotated[str | None, typer.Option(help="Who did it, where that was an operator or a command.")]
EventOption = Annotated[str | None, typer.Option(help="Such as session_ended.")]
AddressOption = Annotated[str | None, typer.Option(metavar="IP", help="From where.")]
OutcomeOption = Annotated[Literal["done", "refused"] | None, typer.Option(help="How it ended.")]
SinceOption = Annotated[str | None, typer.Option(help="1h ago, or 2026-11-25, or 2026-11-25T12:00:00Z.")]
UntilOption = Annotated[str | None, typer.Option(help="The same; this instant itself is left out.")]


@dataclass(frozen=True, slots=True)
class Typed:
    """The options as they were typed."""

    user: str | None
    client: str | None
    actor: str | None
    event: str | None
    address: str | None
    outcome: str | None
    since: str | None
    until: str | None

    async def wanted(self, opened: Opened) -> Wanted:
        """Raises NotFound for a person that nobody has heard of, and BadParameter for a time that is none."""
        return Wanted(
            person_id=None if self.user is None else await _person_id(opened, self.user),
            client_id=self.client,
            actor=self.actor,
            event=self.event,
            address=self.address,
            outcome=self.outcome,
            since=_moment("--since", self.since, opened.now),
            until=_moment("--until", self.until, opened.now),
        )


async def _person_id(opened: Opened, name: str) -> str:
    """Somebody who was deleted still stands in the trail, by id."""
    try:
        return (await whom.find(opened, name)).holder.id
    except NotFound:
        if await listed_audit.anyone_like(opened.store, name):
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
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise typer.BadParameter(f"{option} is out of all time") from None
