"""`mintmark why`: why was this request refused? The trace id stands in the answer and on the error page."""

import asyncio
import re
from dataclasses import asdict
from typing import Annotated

import typer

from mintmark import explanations
from mintmark.commands import opening, verbs
from mintmark.commands.opening import NotFound, Opened
from mintmark.commands.verbs import Document, JsonOption
from mintmark.store import refusals
from mintmark.store.refusals import Refused

TRIES = 3  # a second in all: the server writes what it refused within that
BETWEEN = 0.4  # seconds
_ID = re.compile(r"[0-9a-f]{12}")


def why(
    id: Annotated[str, typer.Argument(metavar="ID", help="The trace id of the answer, or of the error page.")],
    json: JsonOption = False,
) -> None:
    """Say why a request was refused: the check, what it expected and what it got."""
    wanted = id.strip().lower()
    if not _ID.fullmatch(wanted):
        raise typer.BadParameter("a trace id has 12 hexadecimal digits, such as 3f9c0a71d2e4")

    async def work(opened: Opened) -> Refused:
        for number in range(TRIES):
            found = await refusals.find(opened.store, wanted)
            if found is not None:
                return found
            if number < TRIES - 1:
                await wait()
        raise NotFound(f"no refusal {wanted} is kept", *_hints(opened))

    found = verbs.do(work, changing=False)
    if json:
        opening.show(document(found))
    else:
        tell(found)


async def wait() -> None:
    await asyncio.sleep(BETWEEN)


def document(found: Refused) -> Document:
    """The members of the admin API's."""
    explained = explanations.of(found.check)
    members = asdict(found)
    description = members.pop("description")
    return {
        **members,
        "at": verbs.when(found.at),
        "error_description": description,
        "parameter": explained.parameter,
        "why": explained.why,
        "next_step": explained.next,
    }


def tell(found: Refused) -> None:
    explained = explanations.of(found.check)
    lines = {
        "refused": f"{verbs.when(found.at)} at {found.door}",
        "client": found.client_id or "not named",
        "from": found.address or "-",
        "answer": f"{found.error}: {found.description}",
        "check": f"{found.check} (looks at {explained.parameter})",
        "expected": found.expected or "-",
        "got": found.got or "nothing",
    }
    for name, value in lines.items():
        opening.print_line(f"{name:<9} {value}")
    opening.print_line()
    opening.print_line(explained.why)
    opening.print_line(f"Next: {explained.next}")


def _hints(opened: Opened) -> list[str]:
    from mintmark import durations

    kept = durations.shortest(opened.settings.refusals_kept)
    return [
        f"refusals are kept for {kept} (MINTMARK_REFUSALS_KEPT); of a flood some are counted only, and the log has all",
    ]
