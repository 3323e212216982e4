"""What one issuer counts while it serves: what its doors answered, what happened, which tokens it issued."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mintmark.counting import Door, Tally
from mintmark.events import ClientRefused, Event, RequestRefused, SignInFailed

# Events of which more is counted than that they happened: only members whose values come out of our own code.
MORE: Final[Mapping[type[Event], tuple[str, ...]]] = {
    RequestRefused: ("check", "error"),
    SignInFailed: ("why",),
    ClientRefused: ("why",),
}


@dataclass(slots=True)
class Counts:
    """One for each server: two issuers in one process know nothing of one another."""

    doors: dict[str, Door] = field(default_factory=dict)  # by the path under the issuer, or its template
    happened: dict[type[Event], int] = field(default_factory=dict)
    more: dict[type[Event], Tally[tuple[str, ...]]] = field(
        default_factory=lambda: {kind: Tally(("other",) * len(names)) for kind, names in MORE.items()}
    )
    issued: dict[tuple[str, str, bool, bool], int] = field(default_factory=dict)

    def door(self, name: str) -> Door:
        """name: never what a stranger wrote."""
        found = self.doors.get(name)
        if found is None:
            self.doors[name] = found = Door(name)
        return found

    def event(self, event: Event) -> None:
        kind = event.__class__
        happened = self.happened
        happened[kind] = happened.get(kind, 0) + 1
        tally = self.more.get(kind)
        if tally is not None:
            tally.add(tuple([str(getattr(event, name)) for name in MORE[kind]]))

    def tokens(self, grant_type: str, format: str, *, id_token: bool, refresh_token: bool) -> None:
        """One answer of the token door. grant_type: one of GRANTS."""
        key = (grant_type, format, id_token, refresh_token)
        issued = self.issued
        issued[key] = issued.get(key, 0) + 1
