"""`mintmark serve` that kills itself at a statement: `python -m tests.faults.dying N before|after`, by SIGUSR1."""

import asyncio
import signal
import sys
from typing import Any

from mintmark import app, cli, upkeep
from mintmark.server import Server
from tests.faults import trouble as troubles
from tests.faults.trouble import When

ARMED = "armed"


def main() -> None:
    at = int(sys.argv[1])
    when: When = "before" if sys.argv[2] == "before" else "after"
    opened = app.open_server

    async def open_server(*arguments: Any, **named: Any) -> Server:
        server = await opened(*arguments, **named)
        trouble = troubles.let_into(server.store)

        def arm() -> None:
            trouble.begin(at, when, kills=True)
            print(ARMED, flush=True)

        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, arm)
        return server

    app.open_server = open_server
    upkeep.start = lambda server: ()  # its statements would be counted among those of the request
    cli.main(["serve"])


if __name__ == "__main__":
    main()
