"""Software statements: what somebody whom the operator trusts says of a client, signed (RFC 7591 §2.3)."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from mintmark.keys import foreign
from mintmark.keys.foreign import PublicKey, Unproved, Unreadable, WrongKeys
from mintmark.protocol import software_statement
from mintmark.protocol.errors import InvalidSoftwareStatement, UnapprovedSoftwareStatement
from mintmark.server import Server
from mintmark.settings import Settings

Issuers = Mapping[str, Sequence[PublicKey]]


async def believed(server: Server, sent: Mapping[str, object], now: datetime) -> dict[str, object]:
    """What the client says, with what its statement says of it in the place of that.

    Raises InvalidSoftwareStatement or UnapprovedSoftwareStatement.
    """
    statement = sent.get("software_statement")
    if statement is None:
        return dict(sent)
    token = _read(statement)
    issuer = token.claims.get("iss")
    keys = (await _issuers(server.settings)).get(str(issuer))
    if keys is None:
        raise UnapprovedSoftwareStatement(
            "nobody here believes the issuer of this software_statement",
            check="software statement issuer",
            expected="an issuer in MINTMARK_REGISTRATION_STATEMENTS",
            got=issuer,
        )
    if not await asyncio.to_thread(token.is_proved_by, keys):
        raise _invalid("software_statement is not signed by a key of its issuer")
    software_statement.check_time(token.claims, now, audience=server.issuer)
    return software_statement.overrides(sent, token.claims)


def _read(statement: object) -> Unproved:
    try:
        return foreign.read(str(statement), algs=foreign.ALGS, typ=(None, "JWT"))
    except Unreadable as error:
        raise _invalid(f"software_statement cannot be read: {error}") from None


def _invalid(description: str) -> InvalidSoftwareStatement:
    return InvalidSoftwareStatement(description, check="software statement", expected="a JWT signed by its issuer")


async def _issuers(settings: Settings) -> Issuers:
    """As the file says now: an operator changes it without a restart. Nobody is believed where it is broken."""
    path = settings.registration_statements
    if path is None:
        return {}
    try:
        return await asyncio.to_thread(_open, path)
    except (OSError, ValueError):
        return {}


def _open(path: Path) -> Issuers:
    """Raises OSError or ValueError, a WrongKeys among them."""
    document = json.loads(path.read_text("utf-8"))
    if not isinstance(document, dict):
        raise ValueError("must be an object of issuers and their JWK Sets")
    return {issuer: _keys(issuer, keys) for issuer, keys in document.items()}


def _keys(issuer: str, document: object) -> Sequence[PublicKey]:
    try:
        return foreign.read_keys(document)
    except WrongKeys as error:
        raise ValueError(f"the JWK Set of {issuer} {error}") from None


def wrong(settings: Settings) -> Iterator[str]:
    """What is wrong with the file of issuers."""
    path = settings.registration_statements
    if path is None:
        return
    try:
        _open(path)
    except OSError as error:
        yield f"MINTMARK_REGISTRATION_STATEMENTS cannot be read: {error.strerror}"
    except ValueError as error:
        yield f"MINTMARK_REGISTRATION_STATEMENTS: {error}"
