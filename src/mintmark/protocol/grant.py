"""What a client has earned: the mint turns it into tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mintmark.protocol.authorization import Standing
from mintmark.protocol.client import Client
from mintmark.protocol.limits import Limits


class Grant(NamedTuple):
    client: Client
    limits: Limits
    scope: tuple[str, ...]  # of this access token
    audience: tuple[str, ...]
    standing: Standing | None  # None: the client acts for itself
    refresh_token: str | None  # the secret to hand out
    id_token: bool
    nonce: str | None = None
    refreshed: bool = False  # an ID token of a refresh carries no nonce (OIDC Core §12.2)
    answered_scope: Sequence[str] | None = None  # None: the same as `scope`


@dataclass(frozen=True, slots=True)
class Issued:
    """One access token as introspection and UserInfo see it."""

    id: str  # jti
    client_id: str
    subject: str
    scope: tuple[str, ...]
    audience: tuple[str, ...]
    issued_ms: int
    expires_at: datetime
    authorization_id: str | None
