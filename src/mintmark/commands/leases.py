"""When a change of the configuration holds on every node: once the lease of what they keep has run out (house)."""

import asyncio

from mintmark.registry import SETTLED


async def run_out() -> None:
    """After the commit: nothing is issued any more by what the nodes knew before it."""
    await asyncio.sleep(SETTLED)
