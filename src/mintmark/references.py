"""Request objects by reference, fetched from where their client keeps them (OIDC Core §6.2, RFC 9101 §5.2, §10.4).

Whoever opens an address of ours causes the fetch: it is short, and few are under way, of one client and of all, so
that those who never answer keep nobody else waiting.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from mintmark.outbound import NotReached, Outbound

SECONDS: Final = 5.0
AT_ONCE: Final = 64
AT_ONCE_OF_ONE: Final = 8  # of one client
ACCEPT: Final = "application/oauth-authz-req+jwt, application/jwt;q=0.9, application/jose;q=0.9, */*;q=0.1"


@dataclass(slots=True)
class References:
    """One per process. Nothing is kept: what a fetch brought is kept with the authorization request that it is of."""

    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _of: Counter[str] = field(default_factory=Counter)  # under way or waiting, by client

    async def fetch(self, outbound: Outbound, uri: str, client_id: str, most: int) -> str:
        """The body, without the space around it, whatever its media type is. most: bytes. Raises NotReached."""
        if self._of[client_id] >= AT_ONCE_OF_ONE:
            raise NotReached(f"{AT_ONCE_OF_ONE} others of this client are being fetched")
        self._of[client_id] += 1
        try:
            async with asyncio.timeout(SECONDS), self._room:
                reply = await outbound.ask(
                    "GET", uri.partition("#")[0], [("accept", ACCEPT)], seconds=SECONDS, most=most
                )
        except TimeoutError:
            raise NotReached(f"no answer within {SECONDS:g} seconds") from None
        finally:
            self._of[client_id] -= 1
            if not self._of[client_id]:
                del self._of[client_id]
        if reply.status != 200:
            raise NotReached(f"the answer is {reply.status}, and not 200")
        if not reply.is_whole:
            raise NotReached(f"the answer is longer than {most} bytes, or did not end in time")
        return reply.body.decode("latin-1").strip()
