"""What an apply file would change about people."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mintmark import nearest
from mintmark.commands.apply_file import Entry
from mintmark.commands.differences import Change, Difference, Member, members, merged, secret
from mintmark.factors import hash_formats, hashing
from mintmark.protocol import person_record
from mintmark.protocol.names import normalise_username
from mintmark.protocol.person_record import PersonRecord, RecordRefused
from mintmark.store.people import Person

OWN_MEMBERS = ("password", "password_hash", "reset_password", "disabled")


@dataclass(frozen=True, slots=True)
class PersonStep:
    record: PersonRecord
    known: Person | None  # None: to be made
    is_changed: bool
    password: str | None = field(repr=False)  # to be hashed and set
    password_hash: str | None = field(repr=False)
    disabled: bool | None  # None: as it is


def key(entry: Entry) -> str:
    """By which the person is known; "" where the username is none."""
    username = entry.members.get("username")
    return normalise_username(username) if isinstance(username, str) else ""


def make(
    entries: Iterable[Entry],
    people: Mapping[str, Person],
    signing_in: Mapping[str, Person],
    right: Collection[str],
) -> tuple[list[PersonStep], list[Difference], list[str]]:
    """Steps, differences and refusals. right: the keys of those whose password is the one that is to be set again."""
    steps, differences, refusals = [], [], []
    taken: dict[str, str] = {}  # key -> whose path
    for entry in entries:
        name = key(entry)
        try:
            step, found = _person(entry, people.get(name), is_right=name in right)
            _must_be_free(step.record, step.known, signing_in, taken, entry.path)
        except RecordRefused as refusal:
            refusals.append(f"{entry.path}.{refusal.path} {refusal.message}")
            continue
        if step.known is None or found:
            change: Change = "create" if step.known is None else "update"
            differences.append(Difference("user", step.record.username, change, found))
            steps.append(step)
    return steps, differences, refusals


def _person(entry: Entry, known: Person | None, *, is_right: bool) -> tuple[PersonStep, tuple[Member, ...]]:
    for name in entry.members:
        if name not in person_record.MEMBERS and name not in OWN_MEMBERS:
            hint = nearest.hint(name, (*person_record.MEMBERS, *OWN_MEMBERS))
            raise RecordRefused(name, f"is no member of a person{hint}")
    before = {} if known is None else person_record.of(known.holder).document()
    stated = {name: value for name, value in entry.members.items() if name not in OWN_MEMBERS}
    if "email" in stated and stated["email"] != before.get("email") and "email_verified" not in stated:
        stated["email_verified"] = None  # that was said of another address
    record = person_record.read(merged(before, stated))
    found = members(before, record.document())
    password, password_hash = _password(entry.members, known, is_right=is_right)
    disabled = _disabled(entry.members, known)
    told = found
    if password is not None or password_hash is not None:
        told = (*told, secret("password", before=known is not None, after=True))
    if disabled is not None:
        told = (*told, Member("disabled", not disabled, disabled))
    return PersonStep(record, known, bool(found), password, password_hash, disabled), told


def _password(stated: Mapping[str, object], known: Person | None, *, is_right: bool) -> tuple[str | None, str | None]:
    """What is to be set: when the person is made, and again only where the file says so."""
    password, hashed = stated.get("password"), stated.get("password_hash")
    again = stated.get("reset_password")
    if again is not None and not isinstance(again, bool):
        raise RecordRefused("reset_password", "must be true or false")
    if password is not None and hashed is not None:
        raise RecordRefused("password_hash", "cannot stand beside password")
    if again and password is None and hashed is None:
        raise RecordRefused("reset_password", "needs a password or a password_hash")
    checked = _checked("password", password), _checked("password_hash", hashed)
    if known is not None and (not again or is_right or (hashed is not None and hashed == known.password_hash)):
        return None, None
    return checked


def _checked(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise RecordRefused(name, "must be text")
    try:
        if name == "password":
            hashing.check(value)
        else:
            hash_formats.check(value)
    except ValueError as refusal:
        raise RecordRefused(name, str(refusal)) from None
    return value


def _disabled(stated: Mapping[str, object], known: Person | None) -> bool | None:
    if "disabled" not in stated:
        return None
    wanted = False if stated["disabled"] is None else stated["disabled"]
    if not isinstance(wanted, bool):
        raise RecordRefused("disabled", "must be true or false")
    is_now = known is not None and known.holder.disabled_at is not None
    return wanted if wanted != is_now else None


def _must_be_free(
    record: PersonRecord,
    known: Person | None,
    signing_in: Mapping[str, Person],
    taken: dict[str, str],
    path: str,
) -> None:
    """Nobody signs in by a name or an address that is another's, here or in the same file."""
    own = None if known is None else known.holder.id
    for name, wanted in _keys(record):
        other = signing_in.get(wanted)
        if other is not None and other.holder.id != own:
            raise RecordRefused(name, f"belongs to {other.holder.username!r} already")
        if taken.setdefault(wanted, path) != path:
            raise RecordRefused(name, f"stands at {taken[wanted]} already")


def _keys(record: PersonRecord) -> Iterator[tuple[str, str]]:
    yield "username", record.username_key
    if record.email_key is not None:
        yield "email", record.email_key
