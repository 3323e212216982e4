"""`mintmark migrate`: the database gets this version's tables (contract, "Commands")."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mintmark.commands import opening, sizes

if TYPE_CHECKING:
    from mintmark.store.migration_plan import Planned, Table

PlanOption = Annotated[
    bool, typer.Option("--plan", help="Only say what is missing and what it costs; exit 3 if it is something.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def migrate(plan: PlanOption = False, json: JsonOption = False) -> None:
    """Bring the database to this version's schema. Interrupted, it goes on where it stopped."""
    settings = opening.load()
    url = settings.database_url.get_secret_value()
    if plan:
        _plan(url, json=json)
        return
    from mintmark.store import migrate as migrations

    steps = migrations.migrate(url, told=sizes.now_and_then(opening.say))
    if json:
        opening.show({"revision": migrations.HEAD, "applied": steps})
        return
    for step in steps:
        opening.print_line(f"applied: {step}")
    if not steps:
        _nothing(url)


def _plan(url: str, *, json: bool) -> None:
    from mintmark.store import migrate as migrations
    from mintmark.store import migration_plan

    steps = migration_plan.plan(url)
    if json:
        opening.show({"revision": migrations.HEAD, "pending": [step.document() for step in steps]})
    for step in () if json else steps:
        for line in lines(step):
            opening.print_line(line)
    if steps:
        raise typer.Exit(opening.CHANGES)
    if not json:
        _nothing(url)


def _nothing(url: str) -> None:
    from mintmark.store import migrate as migrations

    if migrations.is_ahead(url):
        opening.print_line(
            f"nothing to do: a newer version migrated the database; this one (revision {migrations.HEAD}) serves on it"
        )
    else:
        opening.print_line(f"nothing to do: the database is at revision {migrations.HEAD}")


def lines(step: "Planned") -> Iterator[str]:
    """For a person: the revision, then a line for each table that has something to lose."""
    yield f"missing: {step.revision} {step.title}"
    yield f"  {step.kind}, about {sizes.span(step.about_seconds)}, needs about {sizes.size(step.about_bytes)}"
    new = [table.table for table in step.tables if table.does == ("creates",)]
    if new:
        yield f"  new: {', '.join(new)}"
    for table in step.tables:
        if table.table not in new:
            yield f"  {_line(table)}"


def _line(table: "Table") -> str:
    rows = f"{'about ' if table.is_estimate else ''}{table.rows:,} rows"
    who = {
        (False, False): "nobody waits",
        (False, True): "writes wait",
        (True, False): "reads wait",
        (True, True): "reads and writes wait",
    }[table.reads_wait, table.writes_wait]
    waits = f" for about {sizes.span(table.about_seconds)}" if table.reads_wait or table.writes_wait else ""
    return f"{table.table} ({rows}): {'; '.join(table.does)}. Lock: {table.lock}; {who}{waits}"
