"""What an apply did or would do, member by member, and what was changed by hand since the last one."""

from collections.abc import Iterator, Mapping

from mintmark.commands.differences import Difference, Member
from mintmark.commands.plan import Plan
from mintmark.commands.remembered import Drift, Key

MOST_LINES = 5_000  # for a person; --json has them all


def document(plan: Plan, *, applied: bool) -> dict[str, object]:
    return {
        "applied": applied,
        "items": [one.document() for one in plan.differences],
        "drift": [one.document() for one in plan.drifted],
    }


def lines(plan: Plan) -> Iterator[str]:
    """`+` is made, `~` changed, `-` goes; `!` was changed by hand."""
    drifted: dict[Key, Drift] = {(one.kind, one.name): one for one in plan.drifted}
    number = 0
    for told, difference in enumerate(plan.differences):
        if number >= MOST_LINES:
            yield f"… and {len(plan.differences) - told} more: --json tells them all"
            break
        for line in _of(difference, drifted.pop((difference.kind, difference.name), None)):
            yield line
            number += 1
    yield from _staying(drifted)
    if not plan.differences:
        yield "nothing to change"


def _of(difference: Difference, drift: Drift | None) -> Iterator[str]:
    heading, *members = difference.lines()
    if drift is None:
        yield heading
        yield from members
        return
    yield f"{heading}  ! {drift.told}" if drift.change == "delete" else heading
    hand = {member.name: member for member in drift.members}
    for member, line in zip(difference.members, members, strict=True):
        yield f"{line}  ! {drift.told}" if hand.pop(member.name, None) else line
    yield from (_stays(member, drift) for member in hand.values())


def _staying(drifted: Mapping[Key, Drift]) -> Iterator[str]:
    for drift in drifted.values():
        yield f"! {drift.kind} {drift.name}"
        yield from (_stays(member, drift) for member in drift.members)


def _stays(member: Member, drift: Drift) -> str:
    return f"  ! {member.text}: {drift.told}, and the file leaves it so"
