"""`mintmark drift`: what was changed by hand since an apply file was carried out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mintmark.commands import apply_source, opening, remembered
from mintmark.commands.apply import FormatOption, JsonOption
from mintmark.commands.apply_file import ApplyFile
from mintmark.commands.opening import Opened
from mintmark.commands.plan import SECRET_NAME
from mintmark.commands.remembered import Document, Drift, Key
from mintmark.store import applied, clients, resources

FileArgument = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Look only at what this file names.")]


def drift(file: FileArgument = None, format: FormatOption = None, json: JsonOption = False) -> None:
    """Show what was changed by hand since the last apply; exit 3 if it is something."""
    wanted = None if file is None else apply_source.read(file, format).wanted()

    async def work() -> Sequence[Drift]:
        async with opening.opened(opening.load(), changing=False) as opened:
            return await found(opened, wanted)

    drifted = opening.run(work())
    if json:
        opening.show({"items": [one.document() for one in drifted]})
    else:
        for line in (line for one in drifted for line in one.lines()):
            opening.print_line(line)
        if not drifted:
            opening.print_line("nothing was changed by hand")
    if drifted:
        raise typer.Exit(opening.CHANGES)


async def found(opened: Opened, wanted: ApplyFile | None) -> list[Drift]:
    """wanted: None, everything that some file ever named."""
    kept = await applied.all(opened.store)
    keys = [key for key in kept if wanted is None or key in _named(wanted)]
    return list(remembered.drifted(kept, await _standing(opened, keys), keys))


def _named(wanted: ApplyFile) -> set[Key]:
    named = {("resource", str(one.members.get("resource"))) for one in wanted.resources}
    named |= {("client", str(one.members.get("client_id"))) for one in wanted.clients}
    named |= {("group", name) for name in wanted.groups}
    named |= {("claim_rule", str(one.members.get("name"))) for one in wanted.claim_rules}
    named |= {("factor", str(one.members.get("name"))) for one in wanted.factors}
    return named | ({("policy", "server")} if wanted.policy is not None else set())


async def _standing(opened: Opened, keys: Sequence[Key]) -> dict[Key, Document]:
    policies = await resources.policies(opened.store)
    stands: dict[Key, Document] = {
        ("resource", one.id): remembered.resource(one) for one in await resources.all(opened.store)
    }
    for (kind, name), policy in policies.items():
        stands["policy" if kind == "server" else kind, name or "server"] = remembered.policy(policy)
    stands |= {("claim_rule", one.name): remembered.claim_rule(one) for one in opened.registry.claim_rules}
    stands |= {("factor", name): remembered.factor(one) for name, one in opened.registry.external_factors.items()}
    for kind, name in keys:
        client = await clients.find(opened.store, name) if kind == "client" else None
        if client is not None:
            stands["client", name] = remembered.client(client, SECRET_NAME)
    return stands
