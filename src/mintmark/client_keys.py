"""The public keys of a client: those that it registered, or those at its `jwks_uri` (OIDC Registration §2)."""

from collections.abc import Sequence
from datetime import datetime

from mintmark.key_sets import Found
from mintmark.keys import encryption, foreign
from mintmark.keys.foreign import PublicKey, Unproved
from mintmark.protocol.client import Client
from mintmark.server import Server


class NotProved(Exception):
    """None of the client's keys made the signature. `why` is for operators."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def of(server: Server, client: Client, kid: str | None, now: datetime) -> Sequence[PublicKey]:
    """All that can be had, the one of that id among them, if it is there: a set that lacks it is fetched anew, within
    bounds. None: whatever key."""
    return (await _find(server, client, kid, now)).keys


async def prove(server: Server, client: Client, token: Unproved, now: datetime) -> None:
    """Raises NotProved unless one of the client's keys signed the token."""
    found = await _find(server, client, token.kid, now)
    if token.is_proved_by(found.keys):
        return
    if token.kid is None:  # perhaps a newer key, which nobody named
        found = await _find(server, client, None, now, newer_than=found)
        if token.is_proved_by(found.keys):
            return
    if not found.keys:
        raise NotProved(f"the client has no keys: {found.fault or 'it registered none'}")
    if token.kid is not None and not found.has(token.kid):
        raise NotProved(f"none of the client's keys has its kid{f': {found.fault}' if found.fault else ''}")
    raise NotProved("no key of the client made its signature")


async def to_encrypt(server: Server, client: Client, alg: str, now: datetime) -> PublicKey | None:
    """The key with which something is encrypted for the client; None: it has none for `alg`."""
    found = await _find(server, client, None, now)
    key = encryption.choose(found.keys, alg)
    if key is None:  # perhaps in a newer set
        key = encryption.choose((await _find(server, client, None, now, newer_than=found)).keys, alg)
    return key


async def _find(
    server: Server, client: Client, kid: str | None, now: datetime, *, newer_than: Found | None = None
) -> Found:
    uri = client.document.get("jwks_uri")
    if isinstance(uri, str):
        return await server.key_sets.find(server.outbound, uri, kid, now, newer_than=newer_than)
    return _registered(server, client)


def _registered(server: Server, client: Client) -> Found:
    """Read once for as long as the client's document stands."""
    document, key = client.document.get("jwks"), ("jwks", client.id)
    kept: tuple[object, Found] | None = server.registry.remembered.get(key)
    if kept is None or kept[0] is not document:
        kept = server.registry.remembered.keep(key, (document, _read(document)))
    return kept[1]


def _read(document: object) -> Found:
    if document is None:
        return Found(())
    try:
        return Found(foreign.usable_keys(document))
    except foreign.WrongKeys as error:
        return Found((), f"jwks {error}")
