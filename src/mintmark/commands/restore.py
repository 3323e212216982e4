"""`mintmark restore`: a backup in the place of the database, and a new epoch in which nothing of before lives again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mintmark.commands import leases, opening, sizes, verbs
from mintmark.commands.opening import Opened, Refused
from mintmark.settings import Settings

Document = dict[str, object]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
POSTGRESQL = (
    "the database is PostgreSQL: put the backup back with its own tools (docs/backups.md), then run: "
    "mintmark restore --mark"
)


def restore(
    file: Annotated[Path | None, typer.Argument(help="A file that `mintmark backup` made, or any whole copy.")] = None,
    mark: Annotated[
        bool, typer.Option("--mark", help="The backup is in place already: only begin the new epoch.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Put a backup in the place of the database, which is kept beside it. No server may run.

    A new epoch begins: codes, tokens, sessions and whatever else was issued before is over, and a new signing key is
    announced. People, clients and consents stay as they are in the backup.
    """
    if (file is None) != mark:
        raise typer.BadParameter("give either the FILE of a backup, or --mark where it is in place already")
    settings = opening.load()
    done = opening.run(_mark(settings)) if file is None else _restore(settings, file)
    verbs.answer(done, json, *_lines(done))


def _lines(done: Document) -> Iterator[str]:
    yield f"epoch {done['epoch']}: whatever was issued up to {done['ended_before']} is over"
    yield f"announced: {done['keys']}"
    if done.get("replaced"):
        yield f"the database of before is kept as {done['replaced']}"


async def _mark(settings: Settings) -> Document:
    async with opening.opened(settings) as opened:
        done = await begin(opened)
    await leases.run_out()  # where servers run: none of them takes anything of before any more
    return done


def _restore(settings: Settings, file: Path) -> Document:
    """In a file beside the database until all of it is done: then the two change places at once."""
    from mintmark.store import backup as copies

    if settings.sqlite_path is None:
        raise Refused(POSTGRESQL)
    place = Path(settings.sqlite_path)
    part = place.with_name(f"{place.name}.restoring")
    with _told(file, place):
        copies.look_at(file)
        if place.exists():
            if place.samefile(file):
                raise Refused(
                    f"{file} is the database itself; if a backup was copied there, run: mintmark restore --mark"
                )
            with copies.unused(place):
                pass
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with copies.part(part) as written:
            copies.copy(file, part, sizes.percentage(opening.say), is_served=False)
            copies.look_through(part)
            done = opening.run(_epoch_in(settings, f"sqlite:///{part.absolute()}"))
            copies.settle(part)
            os.fsync(written)
            kept = place.with_name(
                f"{place.name}.replaced-{datetime.fromisoformat(str(done['restored_at'])):%Y%m%dT%H%M%S%f}"
            )
            had_one = copies.put_in_place(part, place, kept)
    return {**done, "replaced": str(kept) if had_one else None}


async def _epoch_in(settings: Settings, url: str) -> Document:
    """The copy, opened as a server would open it."""
    from pydantic import SecretStr

    async with opening.opened(settings.model_copy(update={"database_url": SecretStr(url)})) as opened:
        return await begin(opened)


@contextmanager
def _told(file: Path, place: Path) -> Iterator[None]:
    """Whatever stops it, in a sentence, with nothing changed."""
    from mintmark.keys.sealing import WrongSealingKey
    from mintmark.store import backup as copies
    from mintmark.store.changes import Unavailable
    from mintmark.store.migrate import HEAD, Unmigrated

    nothing = "nothing was changed"
    try:
        yield
    except copies.InUse:
        raise Refused(f"{place} is in use: stop the server, and whatever else has it open; {nothing}") from None
    except (copies.Unfit, OSError) as error:
        raise Refused(f"{file} was not restored: {error}; {nothing}") from None
    except Unavailable as error:
        raise Refused(f"{file} was not restored: {error} (is the disk full?); {nothing}") from None
    except WrongSealingKey as error:
        raise Refused(f"{file} was sealed under another key than MINTMARK_SEALING_KEYS: {error}; {nothing}") from None
    except Unmigrated:
        revision = copies.look_at(file)
        if revision > HEAD:
            what = f"a newer version made {file} (revision {revision}, ours is {HEAD}): restore it with that version"
        else:
            what = (
                f"an older version made {file} (revision {revision}, ours is {HEAD}): migrate a copy of it "
                "(MINTMARK_DATABASE_URL=sqlite:///COPY mintmark migrate), and restore that"
            )
        raise Refused(f"{what}; {nothing}") from None


async def begin(opened: Opened) -> Document:
    """The epoch, its keys and its row of the audit trail, in one commit."""
    from mintmark import keyring
    from mintmark.events import Restored
    from mintmark.keys import rotation
    from mintmark.store import configuration, epochs, signing_keys
    from mintmark.store.changes import Insert
    from mintmark.store.times import at, ms

    epoch = await epochs.next_one(opened.store, opened.now)
    _tell_clock(epoch.newest, ms(opened.now))
    there = await signing_keys.all(opened.store)
    facts = [key.facts for key in there]
    schedule = keyring.schedule(opened.settings, await keyring.longest_token(opened.store))
    algs = dict.fromkeys(one.alg for one in facts if one.removed_at is None)
    steps = [step for alg in algs for step in rotation.announce_anew(facts, opened.now, schedule, alg)]
    moved = configuration.changed()  # the epoch moves the version itself
    made = [change for change in keyring.changes_of(opened.sealer, there, steps) if change != moved]
    kids = ", ".join(str(change.values["kid"]) for change in made if isinstance(change, Insert))
    ended_before = str(verbs.when(at(epoch.ended_before)))
    event = Restored(epoch=epoch.number, ended_before=ended_before, kids=kids)
    await opened.commit([*epochs.begin(epoch, opened.now), *made], [event])
    return {
        "epoch": epoch.number,
        "ended_before": ended_before,
        "restored_at": verbs.when(opened.now),
        "keys": kids,
    }


def _tell_clock(newest: int, now: int) -> None:
    if newest > now:
        opening.say(
            f"warning: this machine's clock is {sizes.span((newest - now) / 1000)} behind what the backup holds: "
            "what is issued before it has caught up is over at once"
        )
