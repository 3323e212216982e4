"""A question that only the server's operator can ask: how did this very request arrive? (`mintmark check --public`)

It is signed with a key made of a sealing key, which whoever runs the check beside the server's settings has, too.
"""

import hmac
import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

HEADER: Final = "mintmark-probe"
GOOD_FOR: Final = 60  # seconds, either way: clocks may differ
_FORM: Final = re.compile(r"([0-9]{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})")


def signed(sealing_key: bytes, issuer: str, now: datetime, random: Callable[[int], bytes] = os.urandom) -> str:
    """The header's value."""
    head = f"{int(now.timestamp())}.{random(16).hex()}"
    return f"{head}.{_mac(sealing_key, issuer, head)}"


def is_signed(sealing_keys: Sequence[bytes], issuer: str, now: datetime, given: str) -> bool:
    """Under any of the keys, and of this minute."""
    found = _FORM.fullmatch(given)
    if found is None or abs(int(found[1]) - now.timestamp()) > GOOD_FOR:
        return False
    head, right = f"{found[1]}.{found[2]}", False
    for key in sealing_keys:
        right |= hmac.compare_digest(_mac(key, issuer, head), found[3])
    return right


def _mac(sealing_key: bytes, issuer: str, head: str) -> str:
    key = hmac.digest(sealing_key, b"mintmark: probe", sha256)
    return hmac.digest(key, f"{issuer} {head}".encode(), sha256).hex()
