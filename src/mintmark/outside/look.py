"""The whole look, in the order in which one fault would hide the next."""

from datetime import datetime

from mintmark.outside import documents, doors, pages, probing, proxies, tls
from mintmark.outside.findings import Findings
from mintmark.outside.visit import Visitor


def at(visitor: Visitor, sealing_key: bytes | None, now: datetime) -> Findings:
    """sealing_key: of the server that has this issuer; None: its settings are not here."""
    found = Findings()
    with visitor:
        if not tls.look(visitor, found, now) or not documents.look(visitor, found):
            return found
        pages.look(visitor, found)
        doors.look(visitor, found)
        proxies.look(visitor, found, now)
        probing.look(visitor, found, sealing_key, now)
    return found
