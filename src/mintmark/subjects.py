"""As whom a client knows a person: `sub` (OIDC Core §8)."""

from mintmark.protocol.client import Client
from mintmark.registry import Registry


def of(registry: Registry, client: Client, person_id: str) -> str:
    """The same for as long as the person is here, and never anybody else's afterwards."""
    return person_id
