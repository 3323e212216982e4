"""The tables of people and their sessions, of what they prove themselves by, and of what is sent to them."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from mintmark.store.schema_metadata import BY_KEY, metadata, partial

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),  # sub: random, never given out again
    Column("username", Text, nullable=False),
    Column("username_key", Text, nullable=False, unique=True),  # after NFKC and case folding
    Column("email", Text),
    Column("email_key", Text, unique=True),  # only while the address is verified: it signs in too
    Column("password_hash", Text),
    Column("claims", Text, nullable=False),  # OIDC's standard claims
    Column("custom_claims", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("ended_before", BigInteger, nullable=False),  # everything issued before is over
    Column("sessions_ended_before", BigInteger, nullable=False),  # sessions, and what ends with them, are over
    Column("password_changed_at", BigInteger),
    Column("reset_required_at", BigInteger),  # an operator asked for another password: the present one signs nobody in
    Column("delete_after", BigInteger),  # the person asked to be deleted, and may think again until then
    **BY_KEY,
)
partial("ix_people_delete_after", people.c.delete_after, where=people.c.delete_after.is_not(None))
Index("ix_people_email", people.c.email)  # operators look for unverified addresses too

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),  # sid
    Column("secret_digest", LargeBinary, nullable=False, unique=True),
    Column("person_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("authenticated_at", BigInteger, nullable=False),  # auth_time
    Column("last_used_at", BigInteger, nullable=False),
    Column("idle_expires_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("end_reason", Text),
    Column("address", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("acr", Text, nullable=False),
    Column("amr", Text, nullable=False),
    Column("untold_at", BigInteger),  # when it ended, while those who took part in it are still to be told
    Column("proved", Text),  # JSON: each factor, and when it was last proved; None: as acr, amr and auth_time say
    **BY_KEY,
)
Index("ix_sessions_person", sessions.c.person_id, sessions.c.id)
Index("ix_sessions_expiry", sessions.c.expires_at)
# Those that run out by themselves, and those whose end somebody has to hear of.
partial("ix_sessions_unended", sessions.c.expires_at, sessions.c.id, where=sessions.c.ended_at.is_(None))
partial("ix_sessions_untold", sessions.c.untold_at, sessions.c.id, where=sessions.c.untold_at.is_not(None))

# WebAuthn credentials (WebAuthn Level 3 §4).
passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),  # COSE
    Column("sign_count", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("aaguid", Text, nullable=False),
    Column("transports", Text, nullable=False),
    Column("discoverable", Integer, nullable=False),
    Column("backup_eligible", Integer, nullable=False),
    Column("backed_up", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    **BY_KEY,
)
Index("ix_passkeys_person", passkeys.c.person_id, passkeys.c.id)

# Authenticator apps (RFC 6238). One is pending until a code of it was shown.
totps = Table(
    "totps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("seed", LargeBinary, nullable=False),  # sealed, bound to the row
    Column("last_step", BigInteger, nullable=False),  # no code of this step, or an earlier one, is good any more
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("last_used_at", BigInteger),
    **BY_KEY,
)
Index("ix_totps_person", totps.c.person_id, totps.c.id)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # keyed, of person and code
    Column("person_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("spent_at", BigInteger),
    **BY_KEY,
)
Index("ix_recovery_codes_person", recovery_codes.c.person_id)

# Browsers that need no second factor for a while.
trusted_browsers = Table(
    "trusted_browsers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("user_agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    **BY_KEY,
)
Index("ix_trusted_browsers_person", trusted_browsers.c.person_id, trusted_browsers.c.id)
Index("ix_trusted_browsers_expiry", trusted_browsers.c.expires_at)

# Sign-ins under way: what somebody in this browser has proved so far.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Text, primary_key=True),
    Column("browser_digest", LargeBinary, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("proved", Text, nullable=False),  # JSON: factor by factor, when
    Column("person_state", BigInteger, nullable=False),  # of the account when it began: a change ends it
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    **BY_KEY,
)
Index("ix_sign_ins_expiry", sign_ins.c.expires_at)

# What a browser has to answer, once: WebAuthn challenges.
challenges = Table(
    "challenges",
    metadata,
    Column("id", LargeBinary, primary_key=True),  # digest of the challenge
    Column("kind", Text, nullable=False),  # register, sign in, prove
    Column("browser_digest", LargeBinary, nullable=False),
    Column("person_id", Text),
    Column("expires_at", BigInteger, nullable=False),
    Column("spent_at", BigInteger),
    **BY_KEY,
)
Index("ix_challenges_expiry", challenges.c.expires_at)

# Links and codes that were sent or shown to somebody, each good once.
links = Table(
    "links",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("kind", Text, nullable=False),  # verify, reset, sign in, invite, end sessions
    Column("person_id", Text),
    Column("email", Text),
    Column("detail", Text, nullable=False),  # JSON
    Column("account_state", LargeBinary),  # digest of what it was made for: once that changed, it is over
    Column("tries", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("spent_at", BigInteger),
    **BY_KEY,
)
Index("ix_links_person", links.c.person_id, links.c.kind)
Index("ix_links_expiry", links.c.expires_at)

# An operator's own service that is asked whether somebody is who they say.
external_factors = Table(
    "external_factors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed, bound to the row
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    **BY_KEY,
)
