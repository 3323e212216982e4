"""`mintmark apply FILE`: the server becomes what the file says, all of it or nothing (contract, "The apply file")."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from mintmark import ending
from mintmark.commands import apply_report, apply_source, leases, opening, pruning, standing, writing
from mintmark.commands import plan as plans
from mintmark.commands.apply_file import ApplyFile
from mintmark.commands.apply_source import Source
from mintmark.commands.differences import Difference
from mintmark.commands.opening import Opened, Refused
from mintmark.commands.plan import NOTHING, Plan
from mintmark.commands.planning import Dropped
from mintmark.commands.progress import QUIET, Progress
from mintmark.commands.pruning import Pruning
from mintmark.factors.hashing import Hashing
from mintmark.settings import Settings
from mintmark.store.changes import Conflict

TRIES = 3

Format = Literal["json", "toml", "yaml"]
FileArgument = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="JSON, TOML or YAML, by its ending; - reads stdin.")
]
PlanOption = Annotated[bool, typer.Option("--plan", help="Show what would change; exit 3 if it is something.")]
PruneOption = Annotated[
    bool, typer.Option("--prune", help="Delete what the sections of the file do not name; people never.")
]
PruneUsersOption = Annotated[
    bool, typer.Option("--prune-users", help="Delete the people too whom the section users does not name.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Prune even the last way into the admin API.")]
FormatOption = Annotated[Format | None, typer.Option("--format", help="The language, where no ending tells it.")]
SchemaOption = Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the file, for editors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def apply(
    file: FileArgument = None,
    plan: PlanOption = False,
    prune: PruneOption = False,
    prune_users: PruneUsersOption = False,
    yes: YesOption = False,
    format: FormatOption = None,
    schema: SchemaOption = False,
    json: JsonOption = False,
) -> None:
    """Make resources, clients, people, groups and the policy what FILE says."""
    if schema:
        from mintmark.commands import apply_schema

        opening.show(apply_schema.document())
        return
    if file is None:
        raise typer.BadParameter("name the FILE", param_hint="FILE")
    if yes and not (prune or prune_users):
        raise typer.BadParameter("--yes speaks of --prune")
    source = apply_source.read(file, format)
    prunes = Pruning(clients=prune, people=prune_users, last_admin=yes) if prune or prune_users else None
    made = opening.run(_apply(opening.load(), source, prunes, only_plan=plan))
    if json:
        opening.show(apply_report.document(made, applied=not plan))
    else:
        for line in apply_report.lines(made):
            opening.print_line(line)
    if plan and made.differences:
        raise typer.Exit(opening.CHANGES)


async def _apply(settings: Settings, source: Source, prunes: Pruning | None, *, only_plan: bool) -> Plan:
    hashing = hashing_of(settings)
    gc.disable()  # nearly all that a large file makes is kept to the end: searching it takes a third more
    try:
        wanted = source.wanted()
        async with opening.opened(settings, changing=not only_plan) as opened:
            with Progress(len(wanted.users)) as progress:
                work = Work(opened, wanted, hashing, prunes, source.name, progress)
                return await work.plan() if only_plan else await work.do()
    except Located as refusal:
        raise source.located(refusal) from None
    finally:
        gc.enable()
        hashing.close()


class Located(Refused):
    """Sentences that begin with a path of the file."""


class Work:
    """One file on one server."""

    def __init__(
        self,
        opened: Opened,
        wanted: ApplyFile,
        hashing: Hashing,
        prunes: Pruning | None = None,
        file: str = "",
        progress: Progress = QUIET,
        dropped: Dropped = NOTHING,
    ) -> None:
        """file: what it is called where what it leaves is to be remembered."""
        self._opened, self._wanted, self._hashing, self._prunes = opened, wanted, hashing, prunes
        self._file, self._progress, self._dropped = file, progress, dropped

    async def plan(self) -> Plan:
        """For the configuration as it stands in the registry, and people as they stand now."""
        opened, wanted = self._opened, self._wanted
        dropped = self._dropped if self._prunes is None else await pruning.find(opened, wanted, self._prunes)
        remember = bool(self._file)
        state = await standing.read(opened, wanted, self._hashing, dropped, self._progress, remember=remember)
        self._progress.phase("comparing", len(wanted.users))
        try:
            made = plans.make(wanted, state, dropped, self._progress)
        except Refused as refusal:
            raise Located(*refusal.sentences) from None
        await pruning.must_leave_an_operator(opened, made, self._prunes)
        return made

    async def do(self) -> Plan:
        """What was changed. Where somebody else changed the configuration meanwhile, it is planned again."""
        for _ in range(TRIES):
            made = await self.plan()
            if not made.writes:
                return made
            self._progress.phase("writing", 0)
            try:
                await writing.write(self._opened, made, self._opened.registry.version, self._hashing, self._file)
            except Conflict:
                await self._opened.registry.renew()
                continue
            await self._run_out(made)
            return made
        raise Conflict("the configuration is being changed by somebody else")

    async def _run_out(self, made: Plan) -> None:
        """What ended is good for nothing any more, anywhere."""
        if any(step.ends_secret or step.disabled for step in made.clients) or made.dropped.clients:
            await leases.run_out()
        for client in made.dropped.clients:
            await ending.authorizations_of_client(self._opened.store, client.id, "client deleted", self._opened.now)


async def carry_out(
    opened: Opened, wanted: ApplyFile, hashing: Hashing, dropped: Dropped = NOTHING
) -> Sequence[Difference]:
    """What a command changes by itself, by the rules of a file."""
    return (await Work(opened, wanted, hashing, dropped=dropped).do()).differences


def hashing_of(settings: Settings) -> Hashing:
    return Hashing(
        settings.password_hash_memory,
        settings.password_hash_time_cost,
        settings.password_hash_parallelism,
        settings.password_threads,
        writing.AT_ONCE,
    )
