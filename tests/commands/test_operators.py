"""`serve` on a database that nobody may operate names the command that makes the first operator."""

import asyncio

from mintmark.commands import opening, operators
from tests.commands.line import *  # noqa: F403


def test_nobody_operates_a_new_server_and_the_command_is_named(line):
    async def there():
        async with opening.opened(opening.load(), changing=False) as opened:
            return await operators.are_there(opened)

    before = asyncio.run(there())
    line.ok("users add root groups=admins")
    after = asyncio.run(there())
    line.ok("users disable root")

    assert (False, True, False) == (before, after, asyncio.run(there()))
    assert "mintmark users invite --admin" in operators.HINT
