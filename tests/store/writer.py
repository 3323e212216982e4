"""A process that commits without end and says on stdout what was acknowledged: it is there to be killed."""

import asyncio
import itertools
import sys

from mintmark.store.connect import connect
from tests.store import rows


async def main(url, name):
    store = await connect(url)

    async def write(number):
        for step in itertools.count():
            id = f"{name} {number} {step}"
            await store.commit([rows.throttle(id), rows.event(id)])
            print(id, flush=True)

    await asyncio.gather(*[write(number) for number in range(20)])


asyncio.run(main(*sys.argv[1:]))
