"""Whether a password that somebody chose may be theirs: length, common ones, names, and a list that is asked if the
operator wants it (NIST SP 800-63B-4 §3.1.1.2)."""

import asyncio
import gzip
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from mintmark.passwords import ranges
from mintmark.protocol import password_rules
from mintmark.protocol.authorization import Holder
from mintmark.protocol.password_rules import Rules
from mintmark.server import Server
from mintmark.settings import Settings
from mintmark.texts import _

FOUND = _("This password was in a leak: it is tried first. Choose another.")


def rules(settings: Settings, *, two: bool) -> Rules:
    """two: who has it needs a second factor as well."""
    least = settings.password_min_length_two if two else settings.password_min_length
    return Rules(least, settings.password_max_length)


async def refusal(
    server: Server, password: str, holder: Holder | None, *, two: bool, names: Iterable[str | None] = ()
) -> str | None:
    """Why it may not be, as a sentence for whoever chose it; None: it may.

    holder: whose it is to be; None: somebody's who is not there yet, and will have these names. A list that does not
    answer refuses nothing.
    """
    settings = server.settings
    known = names if holder is None else (holder.username, holder.email)
    words = password_rules.words_of(settings.operator_name, urlsplit(settings.issuer).hostname, *known)
    listed = await asyncio.to_thread(common)
    found = password_rules.refusal(password, rules(settings, two=two), listed, words)
    if found is None and settings.password_range_url is not None:
        leaked = await ranges.holds(server, settings.password_range_url, password_rules.normalised(password))
        return FOUND if leaked else None
    return found


@cache
def common() -> frozenset[str]:
    """What is tried first, folded. Read once."""
    text = gzip.decompress((files("mintmark.passwords") / "common.txt.gz").read_bytes()).decode()
    return frozenset(line for line in text.splitlines() if not line.startswith("# "))
