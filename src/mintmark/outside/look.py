"""The whole look, in the order in which one fault would hide the next."""

import time
from datetime import datetime, timedelta

from mintmark.outside import documents, doors, pages, probing, proxies, tls
from mintmark.outside.findings import Findings
from mintmark.outside.visit import Visitor


def at(visitor: Visitor, sealing_key: bytes | None, now: datetime) -> Findings:
    """sealing_key: of the server that has this issuer; None: its settings are not here. now: when it begins."""
    found, began = Findings(), time.monotonic()

    def moment() -> datetime:
        """A look takes seconds, where the server is slow: no fault of its clock."""
        return now + timedelta(seconds=time.monotonic() - began)

    with visitor:
        if not tls.look(visitor, found, now) or not documents.look(visitor, found):
            return found
        pages.look(visitor, found)
        doors.look(visitor, found)
        proxies.look(visitor, found, moment)
        probing.look(visitor, found, sealing_key, moment)
    return found
