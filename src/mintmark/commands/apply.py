"""`mintmark apply FILE`: the server becomes what the file says, all of it or nothing (contract, "The apply file")."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from mintmark.commands import apply_file, leases, opening, plan_people, writing
from mintmark.commands import plan as plans
from mintmark.commands.apply_file import ApplyFile
from mintmark.commands.differences import Difference, items
from mintmark.commands.opening import Opened, Refused
from mintmark.commands.plan import Plan, State
from mintmark.factors.hashing import Hashing
from mintmark.protocol.catalogue import Resource
from mintmark.protocol.client import Client, Secret
from mintmark.protocol.names import normalise_username
from mintmark.settings import Settings
from mintmark.store import clients, people, resources
from mintmark.store.changes import Conflict
from mintmark.store.people import Person

LONGEST = 256 << 20  # bytes of an apply file
TRIES = 3
PAGE = 500

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A JSON file; - reads it from stdin.")]
PlanOption = Annotated[bool, typer.Option("--plan", help="Show what would change; exit 3 if it is something.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def apply(file: FileArgument, plan: PlanOption = False, json: JsonOption = False) -> None:
    """Make resources, clients, people and the policy what FILE says."""
    wanted = apply_file.read(_text(file), os.environ.__getitem__, _reader(file))
    differences = opening.run(_apply(opening.load(), wanted, only_plan=plan))
    if json:
        opening.show({"applied": not plan, "items": items(differences)})
    else:
        for line in (line for one in differences for line in one.lines()):
            opening.print_line(line)
        if not differences:
            opening.print_line("nothing to change")
    if plan and differences:
        raise typer.Exit(opening.CHANGES)


async def _apply(settings: Settings, wanted: ApplyFile, *, only_plan: bool) -> Sequence[Difference]:
    hashing = hashing_of(settings)
    try:
        async with opening.opened(settings, changing=not only_plan) as opened:
            if only_plan:
                return (await planned(opened, wanted, hashing)).differences
            return await carry_out(opened, wanted, hashing)
    finally:
        hashing.close()


async def carry_out(
    opened: Opened, wanted: ApplyFile, hashing: Hashing, drop: Sequence[str] = ()
) -> Sequence[Difference]:
    """What was changed. Where somebody else changed the configuration meanwhile, it is planned again."""
    for _ in range(TRIES):
        made = await planned(opened, wanted, hashing, drop)
        if not made.differences:
            return ()
        try:
            await writing.write(opened, made, opened.registry.version, hashing)
        except Conflict:
            await opened.registry.renew()
            continue
        if any(step.ends_secret for step in made.clients):
            await leases.run_out()  # the old secret is good for nothing any more, anywhere
        return made.differences
    raise Conflict("the configuration is being changed by somebody else")


async def planned(opened: Opened, wanted: ApplyFile, hashing: Hashing, drop: Sequence[str] = ()) -> Plan:
    """For the configuration as it stands in the registry, and people as they stand now."""
    return plans.make(wanted, await _state(opened, wanted, hashing), drop)


def hashing_of(settings: Settings) -> Hashing:
    return Hashing(
        settings.password_hash_memory,
        settings.password_hash_time_cost,
        settings.password_hash_parallelism,
        settings.password_threads,
        writing.AT_ONCE,
    )


async def _state(opened: Opened, wanted: ApplyFile, hashing: Hashing) -> State:
    store, registry = opened.store, opened.registry
    known = {one.id: one for one in await resources.all(store)}
    others = [one async for one in _every_client(opened)] if _loses_scopes(wanted, known) else []
    signing_in = await _signing_in(opened, wanted)
    by_name = {key: one for key, one in signing_in.items() if normalise_username(one.holder.username) == key}

    def is_secret(held: Secret, secret: str) -> bool:
        return registry.is_mac("client_secret", secret.encode(), held.digest)

    return State(
        issuer=opened.settings.issuer,
        now=opened.now,
        resources=known,
        server_policy=(await resources.policies(store)).get(("server", "")),
        clients=await _named_clients(opened, wanted),
        client_ids=[one.id for one in await clients.page(store, "", PAGE)],
        other_clients=others,
        people=by_name,
        signing_in=signing_in,
        right_passwords=await _right_passwords(wanted, by_name, hashing),
        is_secret=is_secret,
    )


async def _named_clients(opened: Opened, wanted: ApplyFile) -> dict[str, Client]:
    """Those that the file sets, and those that it only refers to."""
    named = {entry.members.get("client_id") for entry in wanted.clients}
    for entry in wanted.resources:
        servers = entry.members.get("resource_servers")
        named |= {one for one in servers if isinstance(one, str)} if isinstance(servers, list) else set()
    known = [await clients.find(opened.store, one) for one in sorted(one for one in named if isinstance(one, str))]
    return {one.id: one for one in known if one is not None}


def _loses_scopes(wanted: ApplyFile, known: Mapping[str, Resource]) -> bool:
    """Whether some resource might own less than before: then every client is looked at."""
    for entry in wanted.resources:
        before = known.get(str(entry.members.get("resource")))
        if before is not None and "scopes" in entry.members:
            listed = entry.members["scopes"]
            left = {one for one in listed if isinstance(one, str)} if isinstance(listed, list | dict) else set()
            if not left >= set(before.scopes):
                return True
    return False


async def _every_client(opened: Opened) -> AsyncIterator[Client]:
    after, some = "", await clients.page(opened.store, "", PAGE)
    while some:
        for one in some:
            yield one
        after = some[-1].id
        some = await clients.page(opened.store, after, PAGE)


async def _signing_in(opened: Opened, wanted: ApplyFile) -> dict[str, Person]:
    """Whoever signs in by a name or an address that stands in the file."""
    keys = {plan_people.key(entry) for entry in wanted.users}
    keys |= {normalise_username(one) for entry in wanted.users if isinstance(one := entry.members.get("email"), str)}
    found = {key: await people.find_signing_in(opened.store, key) for key in sorted(keys) if key}
    return {key: person for key, person in found.items() if person is not None}


async def _right_passwords(wanted: ApplyFile, known: Mapping[str, Person], hashing: Hashing) -> set[str]:
    right = set()
    for entry in wanted.users:
        person, password = known.get(plan_people.key(entry)), entry.members.get("password")
        if person is None or not isinstance(password, str) or entry.members.get("reset_password") is not True:
            continue
        if person.password_hash is not None and (await hashing.verify(password, person.password_hash)).matches:
            right.add(plan_people.key(entry))
    return right


def _text(file: Path) -> str:
    try:
        content = sys.stdin.buffer.read(LONGEST + 1) if str(file) == "-" else _bytes(file)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > LONGEST:
        raise Refused(f"{file} is longer than {LONGEST} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{file} is not UTF-8 text") from None


def _bytes(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LONGEST + 1)


def _reader(file: Path) -> Callable[[str], str]:
    """A relative path is one beside the apply file."""
    folder = Path() if str(file) == "-" else file.parent
    return lambda name: _bytes(folder / name).decode("utf-8")
