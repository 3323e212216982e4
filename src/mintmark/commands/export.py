"""`mintmark export`: the apply file that makes another server what this one is; secrets are left as references."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Annotated, Any

import typer

from mintmark.commands import opening, pruning
from mintmark.commands.apply import Format
from mintmark.commands.forms import writers
from mintmark.commands.opening import Opened
from mintmark.protocol import claim_rule_record, external_factor, person_record, resource_record
from mintmark.protocol.client import Client
from mintmark.store import clients, resources
from mintmark.store.people import Person

Document = dict[str, Any]  # Any: JSON

MOST_AHEAD = 200  # clients whose secrets are read together

FormatOption = Annotated[Format, typer.Option("--format", help="The language of the file.")]
UsersOption = Annotated[bool, typer.Option("--users", help="The people too, without their passwords.")]
HashesOption = Annotated[bool, typer.Option("--password-hashes", help="With --users: the hashes of their passwords.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


def export(
    format: FormatOption = "json", users: UsersOption = False, password_hashes: HashesOption = False,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Write the apply file that reproduces this server."""
    if password_hashes and not users:
        raise typer.BadParameter("--password-hashes goes with --users")
    if json and format != "json":
        raise typer.BadParameter("--json is --format json")
    made = opening.run(_export(users=users, hashes=password_hashes))
    opening.print_line(writers.WRITERS[format](made).rstrip("\n"))
    for variable in _variables(made):
        opening.say(f"set {variable} before it is applied: the secret itself is known to nobody here")


async def _export(*, users: bool, hashes: bool) -> Document:
    async with opening.opened(opening.load(), changing=False) as opened:
        return await document(opened, users=users, hashes=hashes)


async def document(opened: Opened, *, users: bool, hashes: bool) -> Document:
    policies = await resources.policies(opened.store)
    server = policies.get(("server", ""))
    groups = {name: one.document() for (kind, name), one in sorted(policies.items()) if kind == "group"}
    found: Document = {
        "policy": {} if server is None else server.document(),
        "groups": {name: {"policy": stated} for name, stated in groups.items() if stated},
        "resources": [_without_empty(resource_record.document(one)) for one in await resources.all(opened.store)],
        "clients": await _clients(opened),
        "claim_rules": [_without_empty(claim_rule_record.document(one)) for one in opened.registry.claim_rules],
        "factors": [*_factors(opened)],
    }
    if users:
        people = [one async for one in pruning.every_person(opened)]
        people.sort(key=lambda one: person_record.of(one.holder).username_key)
        found["users"] = [_person(one, hashes=hashes) for one in people]
    whole = {name: part for name, part in found.items() if part}
    return {name: _literal(part) for name, part in whole.items()}


async def _clients(opened: Opened) -> list[Document]:
    taken: set[str] = set()
    found = []
    async for page in _with_secrets(opened):
        for one in page:
            variable = _variable(one.id, taken) if one.secrets and not one.is_public else None
            found.append(_client(one, variable))
    return found


async def _with_secrets(opened: Opened) -> AsyncIterator[list[Client]]:
    ids = [one.id async for one in pruning.every_client(opened) if not one.self_registered]
    for start in range(0, len(ids), MOST_AHEAD):
        asked = (clients.find(opened.store, id) for id in ids[start : start + MOST_AHEAD])
        yield [one for one in await asyncio.gather(*asked) if one is not None]


def _client(one: Client, variable: str | None) -> Document:
    found: Document = {"client_id": one.id}
    if variable is not None:
        found["client_secret"] = _Reference(env=variable)
    found |= one.document
    if policy := one.policy.document():
        found["policy"] = policy
    if one.disabled_at is not None:
        found["disabled"] = True
    return found


def _factors(opened: Opened) -> Iterator[Document]:
    taken: set[str] = set()
    for name, one in opened.registry.external_factors.items():
        secret = _Reference(env=_variable(name, taken, "FACTOR"))
        yield {**external_factor.document(one), "secret": secret}


def _person(person: Person, *, hashes: bool) -> Document:
    found: Document = person_record.of(person.holder).document()
    if hashes and person.password_hash is not None:
        found["password_hash"] = person.password_hash
    if person.holder.disabled_at is not None:
        found["disabled"] = True
    return found


class _Reference(dict[str, str]):
    """A value that stands elsewhere; any other object that looks like one is a literal."""


def _variable(id: str, taken: set[str], kind: str = "CLIENT") -> str:
    """`shop` is SHOP_CLIENT_SECRET; of two that would be called the same, the second is numbered."""
    stem = re.sub(r"[^A-Z0-9]+", "_", id.upper()).strip("_") or kind
    stem = stem if not stem[0].isdigit() else f"{kind}_{stem}"
    name, number = f"{stem}_{kind}_SECRET", 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}_{kind}_SECRET"
    taken.add(name)
    return name


def _literal(value: Any) -> Any:
    match value:
        case _Reference():
            return dict(value)
        case Mapping():
            found = {name: _literal(member) for name, member in value.items()}
            return {"literal": dict(value)} if _looks_like_reference(value) else found
        case list():
            return [_literal(item) for item in value]
    return value


def _looks_like_reference(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and ("literal" in value or isinstance(value.get("env", value.get("file")), str))


def _without_empty(members: Mapping[str, Any]) -> Document:
    return {name: value for name, value in members.items() if value not in ("", [], {})}


def _variables(made: Document) -> Iterator[str]:
    for one in made.get("clients", ()):
        if "client_secret" in one:
            yield one["client_secret"]["env"]
    for one in made.get("factors", ()):
        yield one["secret"]["env"]
