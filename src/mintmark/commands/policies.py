"""`mintmark policies`: what is stated for the server and for groups (contract, "Policy")."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mintmark.commands import apply, assignments, opening, verbs
from mintmark.commands.apply_file import ApplyFile, Entry
from mintmark.commands.opening import NotFound, Opened
from mintmark.commands.verbs import Document, JsonOption
from mintmark.protocol.policy import Policy
from mintmark.store import resources

Place = tuple[str, str]  # ("server", "") or ("group", NAME)

PLACES = "`server`, or `group NAME`"
LISTS = ("allowed_networks", "require_factors")
NUMBERS = ("max_sessions", "max_active_tokens")

PlaceArgument = Annotated[list[str], typer.Argument(metavar="server|group NAME")]
SetArgument = Annotated[
    list[str],
    typer.Argument(metavar="server|group NAME MEMBER=VALUE...", help="access_token_lifetime=5m …; null resets."),
]
app = verbs.group("Policies of the server and of groups. Those of resources and clients stand with them.")


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List what is stated, for the server and for each group."""

    async def work(opened: Opened) -> Sequence[Document]:
        stated = await resources.policies(opened.store)
        order = sorted(stated, key=lambda place: (place[0] != "server", place[1]))
        return [document(place, stated[place]) for place in order]

    verbs.listed(verbs.do(work, changing=False), json, ("for", "name", "policy"))


@app.command()
def show(place: PlaceArgument, json: JsonOption = False) -> None:
    """Show what is stated for the server or a group."""
    where, rest = _place(place)
    if rest:
        raise typer.BadParameter(f"{rest[0]!r} is one word too many behind {PLACES}")

    async def work(opened: Opened) -> Document:
        return await _find(opened, where)

    found = verbs.do(work, changing=False)
    if json:
        opening.show(found)
    else:
        verbs.shown(found["policy"] or {"policy": None}, json)


@app.command("set")
def set_(words: SetArgument, json: JsonOption = False) -> None:
    """Change what is stated for the server or a group; members that are not named stay as they are."""
    where, rest = _place(words)
    if not rest:
        raise typer.BadParameter("name at least one MEMBER=VALUE")
    stated = assignments.read(rest, lists=LISTS, numbers=NUMBERS)

    async def work(opened: Opened) -> tuple[Document, Sequence[str]]:
        hashing = apply.hashing_of(opened.settings)
        try:
            differences = await apply.carry_out(opened, _wanted(where, stated), hashing)
        finally:
            hashing.close()
        changed = [member.name for one in differences for member in one.members]
        known = await resources.policies(opened.store)
        return document(where, known.get(where, Policy())), changed

    changed, names = verbs.do(work)
    of = "the server" if where[0] == "server" else f"the group {where[1]}"
    verbs.answer(changed, json, f"changed {of}: {verbs.names(names)}" if names else "nothing to change")


def document(place: Place, policy: Policy) -> Document:
    return {"for": place[0], "name": place[1] or None, "policy": policy.document()}


async def _find(opened: Opened, place: Place) -> Document:
    """Of the server there is always something to show; of a group only what was stated."""
    known = await resources.policies(opened.store)
    if place[0] == "group" and place not in known:
        raise NotFound(f"nothing is stated for a group {place[1]!r}")
    return document(place, known.get(place, Policy()))


def _wanted(place: Place, stated: dict[str, object]) -> ApplyFile:
    kind, name = place
    if kind == "server":
        return ApplyFile(policy=Entry("server", stated))
    return ApplyFile(groups={name: Entry(f"group {name}", {"policy": stated})})


def _place(words: Sequence[str]) -> tuple[Place, Sequence[str]]:
    match words:
        case ["server", *rest]:
            return ("server", ""), rest
        case ["group", name, *rest] if "=" not in name:
            return ("group", name), rest
    raise typer.BadParameter(f"the first word must be {PLACES}")
