"""Work that is done in a process of its own: what it takes in memory goes back with it."""

import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from mintmark.commands import opening


def apart(work: Callable[[], str], meanwhile: Callable[[], object]) -> str:
    """What `work` answers, done in a copy of this process, while this one does something else.

    Raises SystemExit with its exit code where it failed; it has said why. Not to be called once there are threads.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _do(work, writing)
    os.close(writing)
    meanwhile()
    with os.fdopen(reading, encoding="utf-8") as pipe:
        answer = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise SystemExit(code if code > 0 else 128 - code)  # a signal ended it: as shells have it
    return answer


def _do(work: Callable[[], str], writing: int) -> NoReturn:
    """Ends here, however it goes: nothing of what waits in the other process happens a second time."""
    code = 1
    try:
        answer = work()
        with suppress(BrokenPipeError), os.fdopen(writing, "w", encoding="utf-8") as pipe:  # nobody waits any more
            pipe.write(answer)
        code = 0
    except KeyboardInterrupt:
        code = 130  # the other process was interrupted too, and says so
    except Exception as error:  # noqa: BLE001  `tell` raises again what it does not know
        try:
            code = opening.tell(error)
        except Exception:  # noqa: BLE001  what nobody foresaw
            traceback.print_exc()
    finally:
        os._exit(code)
