"""What a client is told of a person: at UserInfo and in an ID token alike (OIDC Core §5.4, §5.5)."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from mintmark.events import ClaimRuleFailed
from mintmark.protocol import claim_rule, claims, claims_request
from mintmark.protocol.authorization import Holder
from mintmark.protocol.claim_rule import Asking
from mintmark.protocol.claims_request import Wanted
from mintmark.server import Server

_QUOTED = re.compile(r"""(['"]).*?\1""")


def told(
    holder: Holder,
    scope: Collection[str],
    updated_at: int | None,
    wanted: Mapping[str, Wanted] | None = None,
    locales: Collection[str] = (),
) -> dict[str, Any]:
    """Claims by name, without `sub`. updated_at: seconds since the epoch; None: it is not told.

    wanted: the single claims that were asked for and allowed. locales: the languages asked for.
    """
    found = claims.of(holder, scope, updated_at)
    if not wanted and not locales:
        return found
    known = claims.known(holder, updated_at)
    found |= claims_request.chosen(known, wanted or {})
    return found | claims_request.in_languages(known, tuple(found), locales)


def ruled(server: Server, place: str, asking: Asking, now: datetime) -> dict[str, Any]:
    """The claims that an operator's rules add there, none of which is a protocol's own. A rule that fails adds none."""
    rules = server.registry.claim_rules
    if not rules:
        return {}
    made = claim_rule.make(rules, place, asking)
    for rule, why in made.failed:
        # What is quoted may be the person's own.
        event = ClaimRuleFailed(client_id=asking.client.id, rule=rule, place=place, why=_QUOTED.sub("…", why))
        server.journal.seen(event, now, None, None)
    return made.claims
