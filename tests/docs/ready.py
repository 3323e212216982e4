"""A process that has read all of Mintmark, and a copy of which becomes the command that a page has typed.

To read it anew for each of a page's commands takes longer than the command. What a copy does is what the program does,
in its own process, folder and environment; `serve` is the program itself.

    python -m tests.docs.ready SOCKET      listens there until its standard input ends
"""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from mintmark import cli

ROOT = Path(__file__).parents[2]
# What stands in the place of the program: hands over what it was given, and ends as the copy ends.
TYPED = """#!{python} -ISE
import json, os, socket, sys
if sys.argv[1:2] == ["serve"]:
    os.execv({program!r}, sys.argv)
with socket.socket(socket.AF_UNIX) as there:
    there.connect({address!r})
    said = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(there, [len(said).to_bytes(8, "big")], [0, 1, 2])
    there.sendall(said)
    code = there.recv(1)
sys.exit(code[0] if code else 137)
"""
# Read when they are needed, which is always here.
LATE = ("mintmark.app", "mintmark.store.migrate", "alembic.command", "yaml", "rich.table", "sqlalchemy.dialects.sqlite")


class Ready:
    """`Ready(folder, program)` starts it and writes `folder/mintmark`; `close` ends it."""

    def __init__(self, folder: Path, program: Path) -> None:
        address = str(folder / "ready.sock")
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.docs.ready", address], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        typed = folder / "mintmark"
        typed.write_text(TYPED.format(python=sys.executable, program=str(program), address=address))
        typed.chmod(0o755)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def main(address: str) -> None:
    for name in (*cli.COMMANDS, *cli.GROUPS):
        import_module(f"mintmark.commands.{name}")
    for name in LATE:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a copy
    with socket.socket(socket.AF_UNIX) as here:
        here.bind(address)
        here.listen(64)
        print("ready", flush=True)
        while here in (asked := select.select([here, sys.stdin], [], [])[0]) and sys.stdin not in asked:
            there, _ = here.accept()
            if os.fork() == 0:
                here.close()
                _become(there)
            there.close()


def _become(there: socket.socket) -> None:
    """Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, given, _, _ = socket.recv_fds(there, 8, 3)
    said = b""
    while len(said) < int.from_bytes(size, "big"):
        said += there.recv(1 << 16)
    words, folder, environment = json.loads(said)
    for number, one in enumerate(given):
        os.dup2(one, number)
        os.close(one)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["mintmark", *words]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  it ends with the process
    code = _ran(words)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    with contextlib.suppress(OSError):
        there.send(bytes([code & 0xFF]))
    os._exit(code)


def _ran(words: Sequence[str]) -> int:
    try:
        cli.main(words)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does before it ends
        atexit._run_exitfuncs()
    return 0


if __name__ == "__main__":
    main(sys.argv[1])
