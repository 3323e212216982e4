"""As whom a client knows a person: `sub` (OIDC Core §8)."""

import hmac
from base64 import urlsafe_b64encode

from mintmark.protocol import sector
from mintmark.protocol.client import Client
from mintmark.registry import Registry


def of(registry: Registry, client: Client, person_id: str) -> str:
    """The same for as long as the person is here, and never anybody else's afterwards: 255 ASCII characters at most.

    Of a pairwise client a digest under a sealed secret that is never rotated: the other clients of its sector get the
    same, and nobody else can tell whose it is (OIDC Core §8.1).
    """
    if client.sector is None:
        return person_id
    digest = registry.mac("pairwise", sector.message(client.sector, person_id))
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_of(registry: Registry, client: Client, person_id: str, sub: object) -> bool:
    """Whether the client knows this person as `sub`, in constant time."""
    return isinstance(sub, str) and hmac.compare_digest(of(registry, client, person_id).encode(), sub.encode())
