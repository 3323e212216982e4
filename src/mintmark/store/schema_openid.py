"""The tables of what an OpenID Provider remembers besides tokens: registrations, participants, rules, logos."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from mintmark.store.schema_metadata import BY_KEY, metadata

# What a client's assertion was shown with (`jti`), by digest, until it would have expired: each is good once.
assertions = Table(
    "assertions",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    **BY_KEY,
)
Index("ix_assertions_expiry", assertions.c.expires_at)

# How an operator makes claims of a person's fields.
claim_rules = Table(
    "claim_rules",
    metadata,
    Column("name", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    **BY_KEY,
)

# Pictures of clients, fetched once, so that no page makes a browser ask somebody else.
client_logos = Table(
    "client_logos",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("uri", Text, nullable=False),  # of which it is
    Column("content_type", Text),  # None: what came was no picture that is shown
    Column("body", LargeBinary),
    Column("fetched_at", BigInteger, nullable=False),
    **BY_KEY,
)

# With which clients register themselves (RFC 7591 §1.2).
initial_access_tokens = Table(
    "initial_access_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("uses_left", Integer),  # None: as often as they like
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("ended_at", BigInteger),
    **BY_KEY,
)

# The clients that a person signed in to in a session, until they were told of its end.
session_clients = Table(
    "session_clients",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("client_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),  # `sub`, as the client knows it
    Column("since", BigInteger, nullable=False),
    **BY_KEY,
)
