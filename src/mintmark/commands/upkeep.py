"""`mintmark upkeep`: what a server does without being asked, and how to have it done now (docs: upkeep)."""

import asyncio
import sys
from datetime import timedelta
from typing import Annotated

import typer

from mintmark import durations, logs, nearest
from mintmark import upkeep as upkeep_
from mintmark.commands import opening, verbs
from mintmark.commands.opening import NotFound, Opened
from mintmark.commands.verbs import Document, JsonOption
from mintmark.events import Configured
from mintmark.store import duties
from mintmark.store.changes import Conflict
from mintmark.store.duties import Turn
from mintmark.upkeep import Duty

COLUMNS = ("name", "every", "where", "holder", "began_at", "ended_at", "outcome")
TRIES = 3
app = verbs.group("What a server does without being asked.")


@app.callback()
def upkeep() -> None:
    """What a server does without being asked."""


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List the duties: how often, by whom, and what came of the last time."""

    async def work(opened: Opened) -> list[Document]:
        turns = {turn.name: turn for turn in await duties.all(opened.store)}
        return [document(duty, turns.get(duty.name), opened) for duty in upkeep_.duties()]

    verbs.listed(verbs.do(work, changing=False), json, COLUMNS)


@app.command()
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="See upkeep list.")], json: JsonOption = False
) -> None:
    """Do a duty now, in this process, whosever turn it is; answers when it is done."""
    known = {duty.name: duty for duty in upkeep_.duties()}
    if name not in known:
        raise NotFound(f"there is no duty {name!r}{nearest.hint(name, known)}")
    done = opening.run(_run(known[name]))
    verbs.answer(done, json, f"done: {name}")


async def _run(duty: Duty) -> Document:
    """With a server's own means: what it makes and keeps is what a server would."""
    from mintmark import app as application

    settings = opening.load()
    server = await application.open_server(settings)
    server.journal.log = logs.logger(settings.log_format, sys.stderr)  # stdout is the answer and nothing else
    try:
        for left in reversed(range(TRIES)):
            try:
                await duty.do(server)
                break
            except Conflict:  # the node whose turn it is was doing the same
                if not left:
                    raise
                await asyncio.sleep(0.1)
        await server.deliveries.idle()
        event = Configured(kind="duty", subject=duty.name, change="run", actor=opening.actor())
        await server.commit([], [event], None, server.clock())
    finally:
        await upkeep_.last_flush(server)
        await server.store.close()
    return {"name": duty.name, "outcome": "done"}


def document(duty: Duty, turn: Turn | None, opened: Opened) -> Document:
    held = turn is not None and opened.now < turn.taken_until
    return {
        "name": duty.name,
        "every": _span(duty.every),
        "where": "every node" if duty.everywhere else "one node",
        "holder": turn.holder if turn is not None and held else None,
        "began_at": None if turn is None else verbs.when(turn.began_at),
        "ended_at": None if turn is None else verbs.when(turn.ended_at),
        "outcome": None if turn is None else turn.outcome,
    }


def _span(seconds: float) -> str:
    return durations.shortest(timedelta(seconds=seconds)) if seconds >= 1 else f"{seconds:g}s"
