"""The tables of what operators see and send: the audit trail, refusals, webhooks and their outbox, duties."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from mintmark.store.schema_metadata import BY_KEY, metadata, partial

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),  # UUIDv7: sorted by time
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("request_id", Text),
    Column("client_id", Text),
    Column("person_id", Text),
    Column("session_id", Text),
    Column("authorization_id", Text),
    Column("actor", Text),  # who did it, where that is not the person or the client
    Column("address", Text),
    Column("count", Integer, nullable=False),  # how many equal observations this row stands for
    Column("detail", Text, nullable=False),
    Column("seal", BigInteger),  # the number of the seal that chains it; None: not yet
    Column("personal", LargeBinary),  # the salted digest of its personal side row, in the chain in its place
    **BY_KEY,
)
# Only what is sealed: a door writes its row and the entry below that it waits, and the sealer these, many at once.
for _name, _column in (("person", audit.c.person_id), ("client", audit.c.client_id), ("event", audit.c.event)):
    partial(f"ix_audit_{_name}", _column, audit.c.id, where=audit.c.seal.is_not(None))
partial("ix_audit_actor", audit.c.actor, audit.c.id, where=audit.c.actor.is_not(None))
partial("ix_audit_refused", audit.c.outcome, audit.c.id, where=audit.c.outcome == "refused")
# Only what waits for its seal, by a column that no other index begins with: no plan can take another.
partial("ix_audit_unsealed", audit.c.at, audit.c.id, where=audit.c.seal.is_(None))

# What of an audit row is personal: it can be deleted, and the chain stays whole.
audit_personal = Table(
    "audit_personal",
    metadata,
    Column("id", Text, primary_key=True),  # of the audit row
    Column("person_id", Text),  # whose they are: that of whoever acted
    Column("address", Text),
    Column("salt", LargeBinary, nullable=False),  # the person's; for rows of nobody one of their own
    **BY_KEY,
)
Index("ix_audit_personal_address", audit_personal.c.address, audit_personal.c.id)

# Deleted with the person: without it a digest says nothing any more.
person_salts = Table(
    "person_salts",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    **BY_KEY,
)

# One a second in which something happened: the rows it chains, in their order, and the signature of the chain's head.
audit_seals = Table(
    "audit_seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("sealed_at", BigInteger, nullable=False),
    Column("rows", Text, nullable=False),  # JSON: [[id, digest in hexadecimal], …]
    Column("head", LargeBinary, nullable=False),  # the digest of the head before, the number and the rows
    Column("signature", Text),  # a compact JWS over number and head
)

# What is to be sent, written in the commit of its cause, until it has arrived or is given up.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # webhook, logout; later: mail
    Column("receiver", Text, nullable=False),  # the webhook, or the client
    Column("subject", Text, nullable=False),  # the event's name
    Column("payload", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),  # None: nothing is to be done any more
    Column("attempts", Integer, nullable=False),
    Column("taken_until", BigInteger),  # a node is sending it
    Column("done_at", BigInteger),
    Column("given_up_at", BigInteger),
    Column("last_error", Text),
    **BY_KEY,
)
Index("ix_outbox_receiver", outbox.c.receiver, outbox.c.id)
# What is still to be done, by receiver: one with a hundred thousand messages that wait costs the others nothing.
partial("ix_outbox_due", outbox.c.receiver, outbox.c.due_at, where=outbox.c.due_at.is_not(None))
partial("ix_outbox_waiting", outbox.c.id, where=outbox.c.due_at.is_not(None))
partial("ix_outbox_done", outbox.c.id, where=outbox.c.done_at.is_not(None))
partial("ix_outbox_given_up", outbox.c.id, where=outbox.c.given_up_at.is_not(None))

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),  # JSON: names of events; "*" is all of them
    Column("secret", LargeBinary, nullable=False),  # sealed, bound to the row
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    **BY_KEY,
)

# Why something was refused: by the id in the answer, for some days.
refusals = Table(
    "refusals",
    metadata,
    Column("id", Text, primary_key=True),  # the request's
    Column("at", BigInteger, nullable=False),
    Column("door", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("failed_check", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("got", Text, nullable=False),
    Column("client_id", Text),
    Column("address", Text),
    **BY_KEY,
)
Index("ix_refusals_at", refusals.c.at, refusals.c.id)
Index("ix_refusals_client", refusals.c.client_id, refusals.c.at, refusals.c.id)

# What a POST to the admin API with an Idempotency-Key was answered.
idempotency = Table(
    "idempotency",
    metadata,
    Column("id", LargeBinary, primary_key=True),  # the digest of caller, path and key
    Column("body_digest", LargeBinary, nullable=False),
    Column("status", Integer),  # None: under way
    Column("answer", LargeBinary),  # sealed
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    **BY_KEY,
)
Index("ix_idempotency_expiry", idempotency.c.expires_at)

# Upkeep that one node does at a time: who does it, until when, and what came of it the last time.
duties = Table(
    "duties",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("taken_until", BigInteger, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", Text),
    **BY_KEY,
)

# What the last apply file left of each thing that it named, to tell what was changed by hand since.
applied = Table(
    "applied",
    metadata,
    Column("kind", Text, primary_key=True),  # resource, client, policy, group
    Column("name", Text, primary_key=True),
    Column("document", Text, nullable=False),  # its members; of a secret the row's id
    Column("applied_at", BigInteger, nullable=False),
    **BY_KEY,
)
