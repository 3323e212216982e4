"""What an apply file would change about the services that are asked whether somebody is who they say."""

import hmac
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mintmark.commands import remembered
from mintmark.commands.apply_file import Entry
from mintmark.commands.differences import Change, Difference, Member, members, merged, secret
from mintmark.commands.planning import Dropped, Planning
from mintmark.protocol import external_factor
from mintmark.protocol.external_factor import MOST, ExternalFactor
from mintmark.protocol.person_record import RecordRefused


@dataclass(frozen=True, slots=True)
class FactorStep:
    factor: ExternalFactor
    is_new: bool


def make(entries: Collection[Entry], planning: Planning, dropped: Dropped) -> Iterator[FactorStep]:
    there = {name for name in planning.state.factors if name not in dropped.factors}
    seen = set[str]()
    for entry in entries:
        with planning.at(entry.path):
            name = external_factor.check_name(entry.members.get("name"))
            if name in seen:
                raise RecordRefused("name", "stands twice in the file")
            seen.add(name)
            before = planning.state.factors.get(name)
            wanted = external_factor.read(merged(_stood(before), entry.members))
            if len(there | {name}) > MOST:
                raise RecordRefused("", f"would be one more than {MOST} factors, and there may be no more")
            there.add(name)
            planning.stands["factor", name] = remembered.factor(wanted)
            if before is not None:
                planning.stood["factor", name] = remembered.factor(before)
            if found := _differ(before, wanted):
                change: Change = "create" if before is None else "update"
                planning.differences.append(Difference("factor", name, change, found))
                yield FactorStep(wanted, before is None)


def _stood(before: ExternalFactor | None) -> dict[str, object]:
    if before is None:
        return {}
    return {**external_factor.document(before), "secret": external_factor.shown(before.secret)}


def _differ(before: ExternalFactor | None, wanted: ExternalFactor) -> tuple[Member, ...]:
    known = {} if before is None else external_factor.document(before)
    found = members(known, external_factor.document(wanted))
    if before is not None and hmac.compare_digest(before.secret, wanted.secret):
        return found
    return (*found, secret("secret", before=before is not None, after=True))
