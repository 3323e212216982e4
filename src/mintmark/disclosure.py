"""What a client is told of a person: at UserInfo and in an ID token alike (OIDC Core §5.4, §5.5)."""

from collections.abc import Collection, Mapping
from typing import Any

from mintmark.protocol import claims, claims_request
from mintmark.protocol.authorization import Holder
from mintmark.protocol.claims_request import Wanted


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
