"""What an apply file would change about the rules that make claims."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mintmark.commands import remembered
from mintmark.commands.apply_file import Entry
from mintmark.commands.differences import Change, Difference, members, merged
from mintmark.commands.planning import Planning
from mintmark.protocol import claim_rule, claim_rule_record
from mintmark.protocol import scope as scopes
from mintmark.protocol.catalogue import Catalogue
from mintmark.protocol.claim_rule import ClaimRule
from mintmark.protocol.claim_rule_record import MOST, References
from mintmark.protocol.person_record import RecordRefused


@dataclass(frozen=True, slots=True)
class RuleStep:
    rule: ClaimRule
    is_new: bool


def make(
    entries: Collection[Entry], planning: Planning, catalogue: Catalogue, clients: Collection[str]
) -> Iterator[RuleStep]:
    """clients: those that a rule may name. A rule of before may go on naming what is not there any more."""
    language, known = claim_rule.language(), References(_scopes(catalogue), tuple(catalogue.resources), clients)
    there, seen = planning.rules, set[str]()
    for entry in entries:
        with planning.at(entry.path):
            name = claim_rule_record.check_name(entry.members.get("name"))
            if name in seen:
                raise RecordRefused("name", "stands twice in the file")
            seen.add(name)
            before = there.get(name)
            stood = None if before is None else claim_rule_record.document(before)
            wanted = claim_rule_record.read(merged(stood or {}, entry.members), language)
            claim_rule_record.check_references(wanted, known)
            document = claim_rule_record.document(wanted)
            there[name] = wanted
            if len(there) > MOST:
                raise RecordRefused("", f"would be the {len(there)}th rule, and there may be {MOST}")
            planning.stands["claim_rule", name] = remembered.claim_rule(wanted)
            if before is not None:
                planning.stood["claim_rule", name] = remembered.claim_rule(before)
            found = members(stood or {}, document)
            if found:
                change: Change = "create" if before is None else "update"
                planning.differences.append(Difference("claim_rule", name, change, found))
                yield RuleStep(wanted, before is None)


def _scopes(catalogue: Catalogue) -> set[str]:
    return {*scopes.IDENTITY, *(word for one in catalogue.resources.values() for word in one.scopes)}
