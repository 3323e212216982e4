"""One-time codes: eight digits that follow from a reference of 256 random bits, whom they are for, and a key of ours.
They are kept nowhere.

26 bits, where 20 are asked for (NIST SP 800-63B-4 §3.1.3.2): five tries at one are no way in.
"""

import hmac

from mintmark.server import Server

DIGITS = 8


def code(server: Server, reference: str, person_id: str) -> str:
    """One person's alone: what somebody reads in their own mailbox is good for no account but theirs."""
    mac = server.registry.mac("csrf", f"one-time code {reference} {person_id}".encode())
    return f"{int.from_bytes(mac[:16]) % 10**DIGITS:0{DIGITS}}"


def spaced(code: str) -> str:
    """As people read it."""
    return f"{code[:4]} {code[4:]}"


def is_right(server: Server, reference: str, person_id: str, typed: str) -> bool:
    """With spaces and dashes, or without. Constant time."""
    digits = "".join(sign for sign in typed if sign not in " -\u00a0")
    return hmac.compare_digest(code(server, reference, person_id).encode(), digits.encode("utf-8", "replace"))
