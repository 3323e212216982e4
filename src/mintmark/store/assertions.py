"""The table `assertions`: which assertions of clients were shown, by digest, so that each is good once."""

from datetime import datetime, timedelta

from mintmark.protocol import ids
from mintmark.store.changes import Change, Insert
from mintmark.store.schema_openid import assertions
from mintmark.store.times import ms

LONGER = timedelta(minutes=1)  # than it is good: another node's clock may be behind


def digest(client_id: str, jti: str) -> bytes:
    """Of different clients, the same `jti` is another one."""
    return ids.digest(f"{client_id}\n{jti}")


def spend(digest: bytes, expires_at: datetime) -> Change:
    """Conflict where it was shown before. Of fifty at once, one is first."""
    return Insert(assertions, {"id": digest, "expires_at": ms(expires_at + LONGER)})
