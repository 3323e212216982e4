"""How TOKENS are earned: one file per grant_type, and one entry here. A grant reads and decides; it never signs,
writes or answers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from mintmark.grants import authorization_code, client_credentials, password, refresh_token
from mintmark.grants.earning import Earned, TokenRequest
from mintmark.server import Server

GRANTS: Final[Mapping[str, Callable[[Server, TokenRequest], Awaitable[Earned]]]] = {
    "authorization_code": authorization_code.earn,
    "refresh_token": refresh_token.earn,
    "client_credentials": client_credentials.earn,
    "password": password.earn,
}
