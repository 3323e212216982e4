"""What an apply file would change about the policies of the server and of groups."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mintmark import nearest
from mintmark.commands import remembered
from mintmark.commands.apply_file import Entry
from mintmark.commands.differences import Change, Difference, members
from mintmark.commands.planning import Planning
from mintmark.commands.remembered import Key
from mintmark.protocol import person_record
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.policy import Policy, PolicyRefused

_OWN_MEMBERS = ("policy",)


@dataclass(frozen=True, slots=True)
class GroupStep:
    name: str
    policy: Policy | None  # None: nothing is stated for the group any more
    is_new: bool


def server(entry: Entry | None, planning: Planning) -> Policy | None:
    """None: it stays as it is."""
    if entry is None:
        return None
    known = planning.state.server_policy
    before = {} if known is None else known.document()
    with planning.at(entry.path):
        wanted = Policy.read({**before, **entry.members}, at="server")
        found = members(before, wanted.document())
        _remember(planning, ("policy", "server"), known, wanted)
        if found:
            planning.differences.append(Difference("policy", "server", "create" if known is None else "update", found))
            return wanted
    return None


def groups(entries: Mapping[str, Entry], planning: Planning) -> Iterator[GroupStep]:
    for name, entry in entries.items():
        known = planning.state.group_policies.get(name)
        with planning.at(entry.path):
            person_record.check_group(name)
            wanted = _group(entry.members, known)
            before = {} if known is None else known.document()
            found = members(before, wanted.document())
            _remember(planning, ("group", name), known, wanted if wanted.document() else None)
            if found:
                change: Change = "create" if known is None else "update" if wanted.document() else "delete"
                planning.differences.append(Difference("group", name, change, found))
                yield GroupStep(name, wanted if wanted.document() else None, known is None)


def _group(stated: Mapping[str, object], known: Policy | None) -> Policy:
    for member in stated:
        if member not in _OWN_MEMBERS:
            raise RecordRefused(member, f"is no member of a group{nearest.hint(member, _OWN_MEMBERS)}")
    before = {} if known is None else known.document()
    match stated.get("policy", {}):
        case None:
            return Policy()
        case Mapping() as document:
            try:
                return Policy.read({**before, **document}, at="group")
            except PolicyRefused as refusal:
                raise RecordRefused(f"policy.{refusal.path}", refusal.message) from None
        case _:
            raise RecordRefused("policy", "must be an object of policy members")


def _remember(planning: Planning, key: Key, stood: Policy | None, stands: Policy | None) -> None:
    if stood is not None:
        planning.stood[key] = remembered.policy(stood)
    if stands is not None:
        planning.stands[key] = remembered.policy(stands)
