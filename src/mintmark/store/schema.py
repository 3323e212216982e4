"""The tables: what must outlive a request. Times are milliseconds since the epoch, UTC; documents are JSON text."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, and_

from mintmark.store.schema_metadata import BY_KEY, metadata, partial
from mintmark.store.schema_openid import assertions, claim_rules, client_logos, initial_access_tokens, session_clients
from mintmark.store.schema_operators import (
    applied,
    audit,
    audit_personal,
    audit_seals,
    duties,
    idempotency,
    outbox,
    person_salts,
    refusals,
    webhooks,
)
from mintmark.store.schema_people import (
    challenges,
    external_factors,
    links,
    passkeys,
    people,
    recovery_codes,
    sessions,
    sign_ins,
    totps,
    trusted_browsers,
)

__all__ = [
    "access_tokens",
    "applied",
    "assertions",
    "audit",
    "audit_personal",
    "audit_seals",
    "authorizations",
    "challenges",
    "claim_rules",
    "client_logos",
    "client_secrets",
    "clients",
    "codes",
    "configuration",
    "consents",
    "duties",
    "external_factors",
    "idempotency",
    "initial_access_tokens",
    "links",
    "metadata",
    "outbox",
    "passkeys",
    "people",
    "person_salts",
    "policies",
    "recovery_codes",
    "refresh_tokens",
    "refusals",
    "requests",
    "resources",
    "revoked_tokens",
    "schema_history",
    "secrets",
    "session_clients",
    "sessions",
    "sign_ins",
    "signing_keys",
    "throttles",
    "totps",
    "trusted_browsers",
    "webhooks",
]

# One row, id 1. `version` counts every change to what processes keep in memory (clients, resources, policies, keys,
# secrets); `ended_before` is the watermark under which everything ever issued is over.
configuration = Table(
    "configuration",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("ended_before", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default="0"),  # how often a backup was restored
    Column("restored_at", BigInteger),
    Column("copied_at", BigInteger),  # this is a backup: nobody serves it before `mintmark restore` began a new epoch
)

# Which migrations this database has had, so that an older version knows whether it may serve on it.
schema_history = Table(
    "schema_history",
    metadata,
    Column("revision", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # expand, contract, data
    Column("applied_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),  # None: what follows the commit is under way, or was interrupted
    Column("progress", Text),  # of that: JSON
    **BY_KEY,
)

clients = Table(
    "clients",
    metadata,
    Column("id", Text, primary_key=True),  # client_id
    Column("document", Text, nullable=False),  # metadata by the names of RFC 7591
    Column("policy", Text, nullable=False),
    Column("self_registered", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("ended_before", BigInteger, nullable=False),  # what was issued to it before this instant is over
    Column("registration_digest", LargeBinary),  # of the token with which it manages itself (RFC 7592)
    Column("registered_with", Text),  # the initial access token, by its id
    Column("used_at", BigInteger),  # when somebody first signed in to one that registered itself
    **BY_KEY,
)
_UNUSED = and_(clients.c.self_registered == 1, clients.c.used_at.is_(None))
partial("ix_clients_unused", clients.c.created_at, clients.c.id, where=_UNUSED)

client_secrets = Table(
    "client_secrets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # HMAC-SHA-256 under the sealed digest key
    Column("length", Integer, nullable=False),  # characters; `mintmark check` warns under 32
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("ended_at", BigInteger),
    **BY_KEY,
)
Index("ix_client_secrets_client", client_secrets.c.client_id)

resources = Table(
    "resources",
    metadata,
    Column("id", Text, primary_key=True),  # the resource's URI, as it stands in `aud`
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("resource_servers", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    **BY_KEY,
)

policies = Table(
    "policies",
    metadata,
    Column("kind", Text, primary_key=True),  # server, group
    Column("name", Text, primary_key=True),  # "" for the server
    Column("policy", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    **BY_KEY,
)

# Authorization requests under way: from the first valid GET (later: a push) until the authorization completes.
requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("browser_digest", LargeBinary),
    Column("parameters", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("decision", Text),  # what the person answered: JSON {"person_id", "scope"}; scope None: denied
    Column("completed_at", BigInteger),
    **BY_KEY,
)
Index("ix_requests_browser", requests.c.browser_digest)
Index("ix_requests_expiry", requests.c.expires_at)

consents = Table(
    "consents",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("client_id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("resources", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("allowed", Text),  # JSON: the scopes allowed at each resource; None: `scope` at each of `resources`
    **BY_KEY,
)

# A person's grant to a client. Codes, refresh tokens and access tokens hang on it; ending it ends them.
authorizations = Table(
    "authorizations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("session_id", Text),  # None: the password grant, which has no browser
    Column("scope", Text, nullable=False),
    Column("resources", Text, nullable=False),
    Column("ends_with_session", Integer, nullable=False),
    Column("authenticated_at", BigInteger, nullable=False),
    Column("acr", Text, nullable=False),
    Column("amr", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # nothing hanging on it lives longer
    Column("ended_at", BigInteger),
    Column("end_reason", Text),
    Column("claims", Text),  # the `claims` parameter, JSON (OIDC Core §5.5)
    **BY_KEY,
)
Index("ix_authorizations_person", authorizations.c.person_id, authorizations.c.id)
Index("ix_authorizations_client", authorizations.c.client_id, authorizations.c.id)
Index("ix_authorizations_session", authorizations.c.session_id, authorizations.c.client_id)
Index("ix_authorizations_client_session", authorizations.c.client_id, authorizations.c.session_id, authorizations.c.id)
Index("ix_authorizations_expiry", authorizations.c.expires_at)

codes = Table(
    "codes",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("authorization_id", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("code_challenge", Text),
    Column("nonce", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("spent_at", BigInteger),
    **BY_KEY,
)
Index("ix_codes_expiry", codes.c.expires_at)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # after its head: authorization and time, which sort the rows
    Column("authorization_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # the earlier of idle and absolute end
    Column("spent_at", BigInteger),
    Column("heir_digest", LargeBinary),  # set with spent_at: the one heir
    Column("heir_key_id", Text),  # under which the heir's secret is derived from this one's
    **BY_KEY,
)
Index("ix_refresh_tokens_expiry", refresh_tokens.c.expires_at)

# Only opaque, one-use and counted access tokens have a row; a JWT costs none to issue.
access_tokens = Table(
    "access_tokens",
    metadata,
    Column("id", Text, primary_key=True),  # jti
    Column("digest", LargeBinary, unique=True),  # None: a JWT that is only counted (max_active_tokens)
    Column("client_id", Text, nullable=False),
    Column("person_id", Text),
    Column("authorization_id", Text),
    Column("holder", Text),  # whose tokens are counted together (max_active_tokens); None: not counted
    Column("slot", Integer),  # its place among them; None: it gave its place up
    Column("claims", Text, nullable=False),  # what a JWT of it would say
    Column("one_use", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("spent_at", BigInteger),
    Column("ended_at", BigInteger),
    **BY_KEY,
)
Index("uq_access_tokens_slot", access_tokens.c.holder, access_tokens.c.slot, unique=True)
Index("ix_access_tokens_expiry", access_tokens.c.expires_at)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("id", Text, primary_key=True),  # jti of a JWT revoked by itself
    Column("expires_at", BigInteger, nullable=False),
    **BY_KEY,
)
Index("ix_revoked_tokens_expiry", revoked_tokens.c.expires_at)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("alg", Text, nullable=False),
    Column("generation", Integer, nullable=False),  # with alg unique: twenty nodes starting together make one set
    Column("public_jwk", Text, nullable=False),
    Column("private", LargeBinary, nullable=False),  # sealed, bound to the row
    Column("published_at", BigInteger, nullable=False),
    Column("signs_from", BigInteger, nullable=False),
    Column("signs_until", BigInteger),
    Column("leaves_at", BigInteger),
    Column("removed_at", BigInteger),
    **BY_KEY,
)
Index("uq_signing_keys_generation", signing_keys.c.alg, signing_keys.c.generation, unique=True)

# Symmetric keys of our own (digest, csrf, heir, device, pairwise), sealed. `generation` is unique within a purpose.
secrets = Table(
    "secrets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
    **BY_KEY,
)
Index("uq_secrets_generation", secrets.c.purpose, secrets.c.generation, unique=True)

throttles = Table(
    "throttles",
    metadata,
    Column("id", Text, primary_key=True),  # kind and a digest of what is counted
    Column("failures", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("waits_until", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    **BY_KEY,
)
Index("ix_throttles_expiry", throttles.c.expires_at)


def spelled() -> MetaData:
    """The tables with all that a database is told of them, for whoever makes or compares them."""
    for table in metadata.tables.values():
        for index in table.indexes:
            if (where := index.info.get("where")) is not None:
                index.dialect_kwargs.update({"sqlite_where": where, "postgresql_where": where})
    return metadata
