"""What must be read back (signing keys, seeds, secrets) is sealed with AES-256-GCM (NIST SP 800-38D), bound to its row.

A blob is one version byte, four bytes that name the sealing key, a 12-byte nonce, then the ciphertext with its tag.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_ID_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(_VERSION) + _ID_BYTES
_TAG_BYTES: Final = 16
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+={0,2}", re.ASCII)


class WrongSealingKey(Exception):
    """No key that we hold opens this blob, in this row. The message names key ids only, never a key."""


class Sealer:
    """Several sealing keys: the first seals, all open, so that an operator can change keys without a pause."""

    __slots__ = ("_ciphers", "_first")

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("at least one sealing key is needed")
        if any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        if len(self._ciphers) != len(keys):
            raise ValueError("two sealing keys are the same (or share a key id): leave one of them out")
        self._first = _key_id(keys[0])

    def seal(self, plain: bytes, *, bound_to: str) -> bytes:
        """`bound_to` names table, column and row, so that a blob moved to another row does not open there."""
        head = _VERSION + self._first
        # 96 random bits per nonce: safe up to 2^32 seals under one key (SP 800-38D §8.3); we make a few a day.
        nonce = os.urandom(_NONCE_BYTES)
        return head + nonce + self._ciphers[self._first].encrypt(nonce, plain, head + bound_to.encode())

    def open(self, blob: bytes, *, bound_to: str) -> bytes:
        """Raises WrongSealingKey for another's blob, a damaged one, and one that belongs to another row."""
        head, nonce, sealed = _parts(blob)
        cipher = self._ciphers.get(head[1:])
        if cipher is None:
            raise WrongSealingKey(f"sealed by key {head[1:].hex()}, which is not among the sealing keys given")
        try:
            return cipher.decrypt(nonce, sealed, head + bound_to.encode())
        except InvalidTag:
            raise WrongSealingKey(f"what key {head[1:].hex()} sealed is damaged, or lies in another's row") from None

    def sealed_by_first(self, blob: bytes) -> bool:
        """False: to be sealed again before the older keys are taken away."""
        return blob[:_HEAD_BYTES] == _VERSION + self._first


def parse(setting: str) -> tuple[bytes, ...]:
    """Reads MINTMARK_SEALING_KEYS. Its ValueErrors count the keys and never show one."""
    texts = [text.strip() for text in setting.split(",")]
    keys = tuple(_parse_one(text, f"sealing key {place} of {len(texts)}") for place, text in enumerate(texts, 1))
    Sealer(keys)  # refuses equal keys
    return keys


def generate() -> str:
    """A new sealing key, in the form that MINTMARK_SEALING_KEYS has."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).rstrip(b"=").decode("ascii")


def _parse_one(text: str, which: str) -> bytes:
    if not text:
        raise ValueError(f"{which} is empty; {KEY_BYTES} bytes in base64url are expected, keys separated by commas")
    if not _BASE64URL.fullmatch(text):
        raise ValueError(f"{which} is not base64url: only A-Z, a-z, 0-9, '-' and '_' may stand in it")
    try:
        key = base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except binascii.Error:
        raise ValueError(f"{which} is not base64url: a character is missing or too many") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"{which} has {len(key)} bytes; {KEY_BYTES} are needed")
    return key


def _key_id(key: bytes) -> bytes:
    # A MAC, not a digest, so that the id says nothing about the key that the key's holder does not know.
    return hmac.digest(key, b"mintmark sealing key id", hashlib.sha256)[:_ID_BYTES]


def _parts(blob: bytes) -> tuple[bytes, bytes, bytes]:
    sealed_from = _HEAD_BYTES + _NONCE_BYTES
    if blob[:1] != _VERSION or len(blob) < sealed_from + _TAG_BYTES:
        raise WrongSealingKey("this is not a sealed value, or one of a newer version")
    return blob[:_HEAD_BYTES], blob[_HEAD_BYTES:sealed_from], blob[sealed_from:]
