"""`mintmark users`: people, one at a time (contract, "Commands")."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from mintmark import ending, passwords
from mintmark.admin import shown
from mintmark.commands import apply, assignments, invitations, plan_people, remedies, stdin, verbs, writing
from mintmark.commands.apply_file import Entry
from mintmark.commands.opening import Opened, Refused
from mintmark.commands.plan import Plan
from mintmark.commands.verbs import Document, JsonOption
from mintmark.commands.whom import find
from mintmark.events import Configured, Event
from mintmark.factors import hashing
from mintmark.protocol import password_rules
from mintmark.protocol.names import normalise_username
from mintmark.store import accounts, people
from mintmark.store.people import Person

PAGE = 500
COLUMNS = ("username", "id", "email", "groups", "disabled")
FROM_STDIN = "the command users password reads it from stdin"
SECRETS = {"password": FROM_STDIN, "password_hash": "an apply file may hold it", "reset_password": FROM_STDIN}

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Username, verified e-mail address, or id.")]
MembersArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MEMBER=VALUE]...", help="email=…, name=…, groups=a,b, claims.department=…; null resets."),
]
app = verbs.group("People who can sign in.")


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """List people."""
    verbs.listed(verbs.do(_all, changing=False), json, COLUMNS)


@app.command()
def show(name: NameArgument, json: JsonOption = False) -> None:
    """Show a person."""

    async def work(opened: Opened) -> Document:
        return document(await find(opened, name))

    verbs.shown(verbs.do(work, changing=False), json)


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The username.")],
    members: MembersArgument = None,
    password: Annotated[bool, typer.Option("--password", help="Read the password from stdin.")] = False,
    json: JsonOption = False,
) -> None:
    """Add a person."""
    stated = _members(members) | {"username": name}
    if password:
        stated["password"] = stdin.password()

    async def work(opened: Opened) -> Document:
        await _write(opened, stated, None)
        return document(await find(opened, name))

    made = verbs.do(work)
    verbs.answer(made, json, f"added {made['username']} ({made['id']})")
    if not password:
        stdin.hint(f"there is no password yet: mintmark users password {name}")


@app.command("set")
def set_(name: NameArgument, members: MembersArgument = None, json: JsonOption = False) -> None:
    """Change what is known of a person; members that are not named stay as they are."""
    _change(name, _members(members), json)


@app.command()
def password(
    name: NameArgument,
    end_sessions: Annotated[bool, typer.Option("--end-sessions", help="End every session and token too.")] = False,
    json: JsonOption = False,
) -> None:
    """Set a password, read from stdin: one line, or twice where a person types it."""
    chosen = stdin.password()
    try:
        hashing.check(chosen)
    except ValueError as refusal:
        raise Refused(f"the password {refusal}") from None

    async def work(opened: Opened) -> Document:
        person = await find(opened, name)
        hasher = apply.hashing_of(opened.settings)
        try:
            changes = accounts.set_password(person, await hasher.hash(chosen), opened.now)
        finally:
            hasher.close()
        events: list[Event] = [_configured(person, "update", "password")]
        if end_sessions:
            ends, ended = ending.everything(person.holder.id, "password changed", opened.now)
            changes, events = [*changes, *ends], [*events, *ended]
        await opened.commit(changes, events)
        _advise(opened, chosen)
        return document(await find(opened, person.holder.id))

    changed = verbs.do(work)
    verbs.answer(changed, json, f"the password of {changed['username']} is set")


def _advise(opened: Opened, chosen: str) -> None:
    """An operator may set what people may not choose: they are told."""
    rules = passwords.rules(opened.settings, two=False)
    why = password_rules.refusal(chosen, rules, passwords.common(), ())
    if why is not None:
        stdin.hint(f"the person could not choose that password: {why}")


@app.command()
def disable(name: NameArgument, json: JsonOption = False) -> None:
    """Keep a person out, and end all their sessions and tokens for good."""
    _change(name, {"disabled": True}, json)


@app.command()
def enable(name: NameArgument, json: JsonOption = False) -> None:
    """Let a person in again. What was ended stays ended."""
    _change(name, {"disabled": False}, json)


@app.command()
def delete(name: NameArgument, json: JsonOption = False) -> None:
    """Delete a person, with all that they allowed."""

    async def work(opened: Opened) -> Document:
        person = await find(opened, name)
        id = person.holder.id
        changes, events = ending.deletion(id, opened.now)
        await opened.commit(changes, [*events, _configured(person, "delete")])
        return {"id": id, "username": person.holder.username, "deleted": True}

    gone = verbs.do(work)
    verbs.answer(gone, json, f"deleted {gone['username']}")


app.command("invite")(invitations.invite)
app.command("invitations")(invitations.list_)
app.command("revoke-invitation")(invitations.revoke)


remedies.add_to(app)


def document(person: Person) -> Document:
    return shown.person(person)


async def _all(opened: Opened) -> Sequence[Document]:
    found: list[Document] = []
    after = ""
    while some := await people.page(opened.store, after, PAGE):
        found += [document(person) for person in some]
        after = some[-1].holder.id
    return found


def _members(words: list[str] | None) -> dict[str, object]:
    found = assignments.read(words or (), lists=("groups",), numbers=())
    assignments.must_not_be_secret(found, SECRETS)
    return found


def _change(name: str, stated: Mapping[str, object], json: bool) -> None:
    async def work(opened: Opened) -> tuple[Document, Sequence[str]]:
        person = await find(opened, name)
        changed = await _write(opened, {"username": person.holder.username, **stated}, person)
        return document(await find(opened, person.holder.id)), changed

    changed, members = verbs.do(work)
    told = f"changed {changed['username']}: {verbs.names(members)}" if members else "nothing to change"
    verbs.answer(changed, json, told)


async def _write(opened: Opened, stated: Mapping[str, object], known: Person | None) -> Sequence[str]:
    """The same rules as for an apply file; answers the members that changed."""
    entry = Entry(str(stated["username"]), stated)
    keys = [plan_people.key(entry)]
    if isinstance(email := stated.get("email", None if known is None else known.holder.email), str):
        keys.append(normalise_username(email))
    signing_in = {key: found for key in keys if (found := await people.find_signing_in(opened.store, key))}
    known_by_key = {} if known is None else {keys[0]: known}
    steps, differences, refusals = plan_people.make([entry], known_by_key, signing_in, ())
    if refusals:
        raise Refused(*refusals)
    if not steps:
        return ()
    hasher = apply.hashing_of(opened.settings)
    try:
        plan = Plan(tuple(differences), people=tuple(steps))
        await writing.write(opened, plan, opened.registry.version, hasher)
    finally:
        hasher.close()
    return [member.name for one in differences for member in one.members]


def _configured(person: Person, change: str, members: str = "") -> Configured:
    holder = person.holder
    return Configured(kind="user", subject=holder.username, change=change, members=members, person_id=holder.id)
