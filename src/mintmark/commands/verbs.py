"""What the verbs of users, clients, keys, sessions and audit share: an open store, and two forms of each answer."""

import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from mintmark.commands import opening, tables
from mintmark.commands.opening import Opened
from mintmark.store.changes import Conflict

T = TypeVar("T")
Document = dict[str, Any]  # Any: JSON

TRIES = 3
JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def group(help: str) -> typer.Typer:
    return typer.Typer(help=help, no_args_is_help=True)


def do(work: Callable[[Opened], Awaitable[T]], *, changing: bool = True) -> T:
    """The work with the store open. Where somebody else changed the same thing meanwhile, again from a fresh read."""

    async def run() -> T:
        async with opening.opened(opening.load(), changing=changing) as opened:
            for _ in range(TRIES - 1):
                try:
                    return await work(opened)
                except Conflict:
                    await opened.registry.renew()
            return await work(opened)

    return opening.run(run())


def answer(document: Mapping[str, object], json: bool, *lines: str) -> None:
    if json:
        opening.show(document)
        return
    for line in lines:
        opening.print_line(line)


def listed(items: Sequence[Document], json: bool, columns: Sequence[str]) -> None:
    """Everything as JSON; for a person the columns, one line an item: a table on a terminal, plain in a pipe."""
    if json:
        opening.show({"items": list(items)})
        return
    if sys.stdout.isatty():
        tables.show(columns, [[text(item.get(column)) for column in columns] for item in items])
        return
    rows = [[column.upper() for column in columns]]
    rows += [[text(item.get(column)) for column in columns] for item in items]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    for row in rows:
        opening.print_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def shown(document: Mapping[str, object], json: bool) -> None:
    """One thing: for a person, one line a member."""
    width = max(map(len, document), default=0)
    answer(document, json, *(f"{name.ljust(width)}  {text(value)}" for name, value in document.items()))


def text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case str():
            return value.encode("unicode_escape").decode() if not value.isprintable() else value
        case Mapping():
            return " ".join(f"{name}={text(member)}" for name, member in value.items()) or "-"
        case list() | tuple():
            return " ".join(text(item) for item in value) or "-"
    return str(value)


def when(moment: datetime | None) -> str | None:
    """RFC 3339, UTC."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def names(members: Iterable[str]) -> str:
    return " ".join(members)
