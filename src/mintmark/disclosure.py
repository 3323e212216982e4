"""What a client is told of a person: at UserInfo and in an ID token alike (OIDC Core §5.4)."""

from collections.abc import Collection
from typing import Any

from mintmark.protocol import claims
from mintmark.protocol.authorization import Holder


def told(holder: Holder, scope: Collection[str], updated_at: int) -> dict[str, Any]:
    """Claims by name, without `sub`. updated_at: seconds since the epoch."""
    return claims.of(holder, scope, updated_at)
