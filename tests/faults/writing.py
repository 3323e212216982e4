"""A command that writes beside a running server: `python -m tests.faults.writing N` adds N people, a commit each."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime

from mintmark.events import SessionEnded
from mintmark.protocol import ids
from mintmark.store import audit, people
from mintmark.store.connect import connect


async def main(count: int) -> None:
    store = await connect(os.environ["MINTMARK_DATABASE_URL"], connections=2)
    longest = 0.0
    for n in range(count):
        now, began = datetime.now(UTC), time.monotonic()
        record = people.Record(f"new-{n}", f"new-{n}", None, None, "{}", "{}", ())
        fact = SessionEnded(person_id=f"new-{n}", reason="an experiment", actor="tests")
        row = audit.add(ids.uuid7(now, os.urandom(10)), fact, now, request_id=None, address=None)
        await store.commit([people.add(f"new-{n}", record, None, now), row])
        longest = max(longest, time.monotonic() - began)
    await store.close()
    print(longest)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
