"""How a PERSON proves themself: one file per factor, and one entry here, in the order in which they are offered."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from mintmark.factors import email_code, external, passkey, password, recovery_code, totp
from mintmark.factors.factor import Factor
from mintmark.protocol.acr import Means
from mintmark.protocol.authorization import Holder
from mintmark.server import Server
from mintmark.store.held import Held

FACTORS: Final[Mapping[str, Factor]] = MappingProxyType(
    {
        "password": password.FACTOR,
        "passkey": passkey.FACTOR,
        "totp": totp.FACTOR,
        "recovery_code": recovery_code.FACTOR,
        "email_code": email_code.FACTOR,
        "external": external.FACTOR,
    }
)


def of(server: Server, holder: Holder, held: Held) -> Iterator[Means]:
    """What this person can prove."""
    for factor in FACTORS.values():
        if factor.available(server, holder, held):
            yield factor.means if factor.means_here is None else factor.means_here(server)


def oblige(server: Server, holder: Holder, held: Held) -> bool:
    """Whether one factor alone signs this person in no more."""
    return any(factor.obliges(server, holder, held) for factor in FACTORS.values())
