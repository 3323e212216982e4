"""What a test made on the server, as values that it can use again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class User:
    username: str
    password: str
    claims: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON


@dataclass(frozen=True, slots=True)
class Client:
    client_id: str
    client_secret: str | None  # None: a public client
    redirect_uri: str | None  # None: it has none, and no code flow
    scope: str
    grant_types: tuple[str, ...]

    @property
    def auth(self) -> tuple[str, str]:
        """For `auth=` of an HTTP client. Raises ValueError for a public one."""
        if self.client_secret is None:
            raise ValueError(f"{self.client_id} is a public client: send client_id in the form")
        return self.client_id, self.client_secret


@dataclass(frozen=True, slots=True)
class Resource:
    """An API, and the client that speaks for it at the introspection door."""

    uri: str
    scopes: tuple[str, ...]
    client_id: str
    client_secret: str

    @property
    def auth(self) -> tuple[str, str]:
        return self.client_id, self.client_secret


@dataclass(frozen=True, slots=True)
class Tokens:
    """An answer of the token door."""

    access_token: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}
