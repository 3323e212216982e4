"""Recovery codes: how they are written down, and read again from whatever was made of them by hand.

Thirty-two letters and digits that are not mistaken for one another; I and L are read as 1, and O as 0. A code has
120 bits: nobody guesses it, so that a digest of it needs to be slow no more than a token's (OWASP ASVS 5.0, 6.5.2).
"""

import unicodedata
from collections.abc import Callable
from typing import Final

from mintmark.protocol import totp

COUNT: Final = 10  # made at once
FEW: Final = 3  # left: the person is told to make new ones
BYTES: Final = 15
LETTERS: Final = 24
_GROUP: Final = 4
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISTAKEN: Final = str.maketrans("ILO", "110")
LONGEST_TYPED: Final = 80  # characters


def made(random: Callable[[int], bytes]) -> list[str]:
    """So many new ones, each in the one form of which digests are made. random: as many random bytes as it is told."""
    return [_written(random(BYTES)) for _ in range(COUNT)]


def _written(random: bytes) -> str:
    number = int.from_bytes(random)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(LETTERS)))


def shown(code: str) -> str:
    """In groups, to be written down and typed."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def read(typed: str) -> str | None:
    """In any case, with or without dashes and spaces, and with the letters that look like others. None: no code."""
    if len(typed) > LONGEST_TYPED:
        return None
    plain = unicodedata.normalize("NFKC", typed).upper().translate(_MISTAKEN)
    letters = "".join(letter for letter in plain if not totp.is_between(letter))
    return letters if len(letters) == LETTERS and set(letters) <= set(_ALPHABET) else None


def message(person_id: str, code: str) -> bytes:
    """What the digest is made of: the same code of another person is another one."""
    return f"{person_id} {code}".encode()


def are_few(left: int) -> bool:
    return left <= FEW
