"""Software statements: what somebody whom the operator trusts says of a client, signed (RFC 7591 §2.3)."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from mintmark.protocol.errors import InvalidSoftwareStatement
from mintmark.server import Server
from mintmark.settings import Settings


async def believed(server: Server, sent: Mapping[str, object], now: datetime) -> dict[str, object]:
    """What the client says, with what its statement says of it in the place of that.

    Raises InvalidSoftwareStatement or UnapprovedSoftwareStatement.
    """
    if sent.get("software_statement") is None:
        return dict(sent)
    raise InvalidSoftwareStatement(
        "software statements cannot be checked here", check="software statement", expected="none"
    )


def wrong(settings: Settings) -> Iterator[str]:
    """What is wrong with the file of issuers."""
    yield from ()
