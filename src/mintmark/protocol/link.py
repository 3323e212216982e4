"""Links and codes that are sent to people: each is good once, for a while, and for the account as it was then
(NIST SP 800-63B-4 §3.1.3, §4.2; OWASP ASVS 5.0 §6.4, §6.5)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal, NamedTuple

from mintmark.protocol import ids

Kind = Literal["verify", "reset", "sign_in", "sign_up", "invite", "end_sessions"]
PREFIX: Final = "mml_"
SECRET_BYTES: Final = 32
LONGEST: Final = 100  # characters of what is shown as the secret of a link
MOST_TRIES: Final = 5  # at a code, which is short enough to be guessed: a million against five

# Why a link is good no more, by the names under which operators find it.
CHECKS: Final = ("link unknown", "link kind", "link spent", "link tries", "link expired", "link epoch", "link account")


class Account(NamedTuple):
    """Of a person what a link may be bound to."""

    password_hash: str | None
    email: str | None
    email_key: str | None  # None: the address is not verified
    disabled_at: int | None  # ms
    ended_before: int  # ms
    factors: tuple[str, ...] = ()  # ids, in order


@dataclass(frozen=True, slots=True)
class Link:
    """As it is stored: the secret itself is in the mail alone."""

    digest: bytes
    kind: Kind
    person_id: str | None  # None: there is no account yet
    email: str | None  # the address that it was sent to
    detail: Mapping[str, object]
    account_state: bytes | None  # None: bound to no account
    tries: int
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None


def state(kind: Kind, account: Account) -> bytes:
    """A digest of what must not change while the link is good.

    One that ends sessions outlives a change of password and address: it is what somebody has left whose account was
    taken over.
    """
    parts: list[object] = [kind, account.disabled_at]
    if kind == "verify":
        parts += [account.email, account.email_key]
    elif kind != "end_sessions":
        parts += [account.password_hash, account.email, account.email_key, account.ended_before, *account.factors]
    return sha256(json.dumps(parts).encode()).digest()


def over(
    found: Link | None, kinds: tuple[Kind, ...], account: Account | None, now: datetime, all_ended_before: int
) -> str | None:
    """Why it is good no more, one of CHECKS; None: it is good. `kinds`: what it is shown for; a link is never good for
    anything else (CVE-2026-4325). `all_ended_before`, in ms: whatever was made up to then is over."""
    if found is None:
        return "link unknown"
    if found.kind not in kinds:
        return "link kind"
    if found.spent_at is not None:
        return "link spent"
    if found.tries >= MOST_TRIES:
        return "link tries"
    if now >= found.expires_at:
        return "link expired"
    if ids.ms(found.created_at) <= all_ended_before:
        return "link epoch"
    return None if _is_unchanged(found, account) else "link account"


def _is_unchanged(found: Link, account: Account | None) -> bool:
    if found.account_state is None:
        return found.person_id is None
    return account is not None and state(found.kind, account) == found.account_state
