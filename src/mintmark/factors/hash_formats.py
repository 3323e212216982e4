"""Password hashes of other systems: which are taken over, and what it costs to check one (hardening, "Passwords").

passlib reads and computes them. It is imported with the first hash: it would lengthen every start by 0.1 s.
"""

import hmac
import re
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from mintmark.factors.hash_memory import HashMemory
from mintmark.protocol.errors import Overloaded

LONGEST = 1024  # characters of a stored hash
MOST_MEMORY = 256 << 20  # bytes
MOST_SECONDS = 2.0  # on one core of 2026
SHORTEST_TAG = 16  # bytes of an argon2 checksum, the one whose length is free

# How formats that only wrap another one begin, and how the wrapped one does: OpenLDAP's and Django's.
_WRAPPERS = {
    "{CRYPT}$": "$",
    "{ARGON2}$": "$",
    "{BCRYPT}$": "$",
    "{PBKDF2}": "$pbkdf2$",
    "{PBKDF2-SHA1}": "$pbkdf2$",
    "{PBKDF2-SHA256}": "$pbkdf2-sha256$",
    "{PBKDF2-SHA512}": "$pbkdf2-sha512$",
    "argon2$argon2": "$argon2",
    "bcrypt$$2": "$2",
}
_ONE_AT_A_TIME = Lock()

# How a hash begins, and passlib's name for it.
_SCHEMES = {
    "$argon2": "argon2",
    "$2": "bcrypt",
    "$bcrypt-sha256$": "bcrypt_sha256",
    "bcrypt_sha256$": "django_bcrypt_sha256",
    "$scrypt$": "scrypt",
    "$7$": "scrypt",
    "$pbkdf2$": "pbkdf2_sha1",
    "$pbkdf2-sha256$": "pbkdf2_sha256",
    "$pbkdf2-sha512$": "pbkdf2_sha512",
    "pbkdf2_sha1$": "django_pbkdf2_sha1",
    "pbkdf2_sha256$": "django_pbkdf2_sha256",
    "$5$": "sha256_crypt",
    "$6$": "sha512_crypt",
    "$P$": "phpass",
    "$H$": "phpass",
    "{SSHA}": "ldap_salted_sha1",
    "{SSHA256}": "ldap_salted_sha256",
    "{SSHA512}": "ldap_salted_sha512",
}
_KNOWN = (
    "must be a salted password hash: argon2, bcrypt, scrypt, pbkdf2, sha256-crypt, sha512-crypt, phpass, "
    "LDAP's {SSHA}, {SSHA256} or {SSHA512}, or Django's pbkdf2, argon2 or bcrypt"
)

# Seconds for one unit of work, measured on one core of 2026, rounded up. Of salted LDAP SHA nothing can be set.
_UNITS: dict[str, float] = {
    "argon2": 0.7e-6,  # per KiB and pass
    "bcrypt": 71e-6,
    "bcrypt_sha256": 71e-6,
    "django_bcrypt_sha256": 71e-6,
    "scrypt": 0.45e-6,  # per block
    "pbkdf2_sha1": 0.3e-6,
    "pbkdf2_sha256": 0.4e-6,
    "pbkdf2_sha512": 0.6e-6,
    "django_pbkdf2_sha1": 0.3e-6,
    "django_pbkdf2_sha256": 0.4e-6,
    "sha256_crypt": 0.5e-6,
    "sha512_crypt": 0.8e-6,
    "phpass": 0.6e-6,
}
_BCRYPT_BYTES = 72  # more were never looked at
# These go over the whole password in every round, in Python: what libxcrypt, and WordPress, refuse is refused here.
_LENGTHS = {"sha256_crypt": 511, "sha512_crypt": 511, "phpass": 4096}


@dataclass(frozen=True, slots=True)
class Hash:
    """A stored hash that has been read. It is shown nowhere."""

    scheme: str  # passlib's name of the format, without what wraps it
    cost: tuple[object, ...]  # what was chosen for it; of one scheme and cost, each takes as long as the other
    memory: int  # bytes
    seconds: float  # about
    bare: str = field(repr=False)  # as passlib takes it
    parsed: Any = field(repr=False)  # as passlib has read it

    def matches(self, password: str, memory: HashMemory) -> bool:
        """Computes it, in the calling thread. The hash can be computed; if it was not, then for want of memory."""
        secret = password.encode()
        if self.scheme == "bcrypt":
            secret = secret[:_BCRYPT_BYTES]  # as the system that it comes from did
        elif len(secret) > _LENGTHS.get(self.scheme, len(secret)):
            return False
        if self.scheme == "argon2":
            return hmac.compare_digest(memory.checksum(self.parsed, secret), self.parsed.checksum)
        try:
            return bool(handler(self.scheme).verify(secret, self.bare))
        except (ValueError, RuntimeError, MemoryError) as error:  # passlib's own words repeat the hash
            problem = type(error).__name__
        raise Overloaded("passwords cannot be checked now: try again", check="password hash", got=problem)


def check(stored: str) -> str:
    """The scheme of a hash that may be taken over; otherwise ValueError with a sentence that does not repeat it."""
    found = read(stored)
    if found.memory > MOST_MEMORY:
        raise ValueError(
            f"must take at most {MOST_MEMORY >> 20} MiB of memory to check; this {_named(found)} takes more"
        )
    if found.seconds > MOST_SECONDS:
        raise ValueError(f"must take at most about {MOST_SECONDS:.0f} s to check; this {_named(found)} takes longer")
    return found.scheme


def read(stored: str) -> Hash:
    """Raises ValueError for what is no hash that we can check; its cost is not judged."""
    bare = _unwrapped(stored)
    scheme = next((scheme for start, scheme in _SCHEMES.items() if bare.startswith(start)), None)
    if scheme is None or len(stored) > LONGEST or not stored.isascii():
        raise ValueError(_KNOWN)
    try:
        parsed = handler(scheme).from_string(bare)
        _must_be_whole(scheme, parsed, bare)
    except (ValueError, TypeError, LookupError, AssertionError, NotImplementedError):
        # passlib's own words repeat the hash.
        raise ValueError(f"must be a whole {scheme.replace('_', ' ')} hash; this one only begins like one") from None
    seconds = _UNITS.get(scheme, 0) * _work(scheme, parsed)
    return Hash(scheme, _costs(parsed), _memory(scheme, parsed), seconds, bare, parsed)


def _unwrapped(stored: str) -> str:
    """As the format inside writes it. OpenLDAP takes the names in braces in either case."""
    stored = re.sub(r"^\{[A-Za-z0-9-]+\}", lambda name: name[0].upper(), stored)
    for wrapper, start in _WRAPPERS.items():
        if stored.startswith(wrapper):
            return start + stored[len(wrapper) :]
    return stored


def _must_be_whole(scheme: str, parsed: Any, bare: str) -> None:
    """Refuses what passlib reads but cannot check, and what would be easy to hit."""
    if parsed.checksum is None:
        raise ValueError("no checksum")
    if scheme == "argon2":
        parsed._validate_constraints(parsed.memory_cost, parsed.parallelism)
        # libargon2 takes a hash in one way of writing only.
        whole = parsed.data is None and parsed.to_string() == bare.replace("$v=16$", "$")
        if not whole or not parsed.salt or len(parsed.checksum) < SHORTEST_TAG:
            raise ValueError("not checkable")


def _costs(parsed: Any) -> tuple[object, ...]:
    names = ("type", "version", "memory_cost", "rounds", "block_size", "parallelism")
    return tuple(value for name in names if (value := getattr(parsed, name, None)) is not None)


def _memory(scheme: str, parsed: Any) -> int:
    if scheme == "argon2":
        return int(parsed.memory_cost) << 10
    return 128 * int(parsed.block_size) << int(parsed.rounds) if scheme == "scrypt" else 0


def _work(scheme: str, parsed: Any) -> int:
    rounds = int(getattr(parsed, "rounds", 1))
    match scheme:
        case "argon2":
            return int(parsed.memory_cost) * rounds
        case "scrypt":
            return int(parsed.block_size) * int(parsed.parallelism) << rounds
        case "bcrypt" | "bcrypt_sha256" | "django_bcrypt_sha256" | "phpass":
            return 1 << rounds
    return rounds


def handler(scheme: str) -> Any:
    """passlib's handler, which has no types. Its lazy imports fail where two threads begin them at once."""
    with _ONE_AT_A_TIME:
        from passlib import hash as handlers

        return getattr(handlers, scheme)


def _named(found: Hash) -> str:
    return f"{found.scheme.replace('_', ' ')} hash"
