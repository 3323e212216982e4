"""`mintmark audit`: what was done, by whom and to whom; taken away, and checked (contract, "Commands")."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import orjson
import typer

from mintmark.commands import audit_export, audit_follow, audit_verify, opening, verbs
from mintmark.commands.audit_export import document
from mintmark.commands.audit_filters import (
    ActorOption,
    AddressOption,
    ClientOption,
    EventOption,
    OutcomeOption,
    SinceOption,
    Typed,
    UntilOption,
    UserOption,
)
from mintmark.commands.audit_follow import Following
from mintmark.commands.opening import Opened
from mintmark.commands.verbs import JsonOption
from mintmark.store import listed_audit
from mintmark.store.listed_audit import Entry

COLUMNS = ("at", "event", "outcome", "actor", "client_id", "user_id", "address", "detail", "count")
app = verbs.group("The audit trail.")


@app.callback()
def audit() -> None:
    """The audit trail."""


@app.command("list")
def list_(
    user: UserOption = None,
    client: ClientOption = None,
    actor: ActorOption = None,
    event: EventOption = None,
    address: AddressOption = None,
    outcome: OutcomeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Oldest first, and go on with what comes.")] = False,
    json: JsonOption = False,
) -> None:
    """List what happened, newest first."""
    typed = Typed(user, client, actor, event, address, outcome, since, until)
    if follow:
        if until is not None:
            raise typer.BadParameter("--follow goes on without an end: leave out --until")
        _follow(typed, limit, json)
        return

    async def work(opened: Opened) -> Sequence[Entry]:
        return await listed_audit.page(opened.store, await typed.wanted(opened), limit=limit + 1)

    found = verbs.do(work, changing=False)
    verbs.listed([document(entry) for entry in found[:limit]], json, COLUMNS)
    if len(found) > limit:
        opening.say(f"there are more than {limit}: say --limit, or --until {verbs.when(found[limit - 1].at)}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    format: Annotated[Literal["jsonl", "csv"], typer.Option(help="jsonl can be verified, csv cannot.")] = "jsonl",
    user: UserOption = None,
    client: ClientOption = None,
    actor: ActorOption = None,
    event: EventOption = None,
    address: AddressOption = None,
    outcome: OutcomeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    json: JsonOption = False,
) -> None:
    """Write the trail, or part of it, to a file."""
    typed = Typed(user, client, actor, event, address, outcome, since, until)

    async def work(opened: Opened) -> dict[str, int]:
        write = audit_export.jsonl if format == "jsonl" else audit_export.table
        return await write(opened, await typed.wanted(opened), file)

    counts = verbs.do(work, changing=False)
    told = " and ".join(f"{counts[name]} {name}" for name in ("rows", "seals") if name in counts)
    verbs.answer({"file": str(file), "format": format, **counts}, json, f"wrote {told} to {file}")


@app.command()
def verify(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="An export; the database if left out.")] = None,
    jwks: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Only these keys count; may be said several times.")
    ] = None,
    head: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER:HEAD", help="A head written down earlier, which must be there.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check that nothing was changed, deleted, inserted or reordered; an export without settings or database."""
    pins, heads = audit_verify.pinned(jwks or ()), audit_verify.heads(head or ())
    if file is not None:
        report = audit_verify.export(file, pins, heads)
    else:

        async def work(opened: Opened) -> audit_verify.Report:
            return await audit_verify.database(opened.store, pins, dict(heads))

        report = verbs.do(work, changing=False)
    found = report.document()
    verbs.answer(found, json, *audit_verify.lines(report))
    if not found["whole"]:
        raise typer.Exit(opening.REFUSED)


def _follow(typed: Typed, limit: int, json: bool) -> None:
    def show(entries: Sequence[Entry]) -> None:
        for entry in entries:
            found = document(entry)
            line = orjson.dumps(found).decode() if json else "  ".join(verbs.text(found[name]) for name in COLUMNS)
            opening.print_line(line)

    async def work(opened: Opened) -> None:
        following = Following(opened.store, await typed.wanted(opened))
        show(await following.begin(datetime.now(UTC), limit))
        while True:
            began = time.monotonic()
            show(await following.poll(datetime.now(UTC)))
            await asyncio.sleep(max(0.0, began + audit_follow.EVERY - time.monotonic()))

    with suppress(KeyboardInterrupt, BrokenPipeError):
        verbs.do(work, changing=False)
