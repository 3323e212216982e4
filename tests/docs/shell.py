"""A shell that is pasted what a reader would paste, in a folder of its own, beside a demo server if one is wanted."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import serving
from tests.docs.ready import Ready

PATIENCE = 180  # seconds for all that a page has, on a machine that has other things to do
BIN = Path(sys.executable).parent
END = "--- end of block"


@dataclass
class Folder:
    """Stands for a checkout after `make install`, as far as commands are concerned."""

    path: Path
    ready: Ready | None = None  # None: every command reads the program anew
    demo: Mapping[str, str] = field(default_factory=dict)  # what stands in var/demo.env

    def __post_init__(self) -> None:
        (self.path / ".venv").symlink_to(BIN.parent)
        # A curl that is refused stops the page, as it would stop the reader: curl by itself calls a 400 a success.
        (self.path / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in serving.environment().items() if not name.startswith("DEMO_")}
        first = [] if self.ready is None else [str(self.ready.folder)]
        path = os.pathsep.join([*first, str(BIN), kept.get("PATH", "")])
        return {**kept, "PATH": path, "HOME": str(self.path), "CURL_HOME": str(self.path)}

    def paste(self, blocks: Sequence[str]) -> list[str]:
        """What each block printed. All of them run in one bash, in order; the first that fails fails the test."""
        out, err = self.path / "out.log", self.path / "err.log"
        script = "set -eu -o pipefail\n" + "".join(f"{block}\necho '{END}'\n" for block in blocks)
        with out.open("w") as stdout, err.open("w") as stderr:
            command = ["bash", "-c", script]
            shell = subprocess.Popen(
                command, cwd=self.path, env=self.environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
            )
            code = _wait(shell)
        printed = out.read_text().split(f"{END}\n")
        if code:
            failed = blocks[len(printed) - 1]
            said = f"--- stdout\n{printed[-1]}\n--- stderr\n{err.read_text()}"
            pytest.fail(f"this ended with {code}:\n{failed}\n{said}", pytrace=False)
        return printed[:-1]


def _wait(shell: subprocess.Popen[bytes]) -> int:
    try:
        return shell.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        shell.kill()
        return shell.wait()


@contextlib.contextmanager
def demo(path: Path, ready: Ready | None = None) -> Iterator[Folder]:
    """With a demo server of its own."""
    found = Folder(path, ready)
    port = serving.free_port()
    with serving.running(serving.Served(f"http://localhost:{port}", port, path, found.environment), "--demo"):
        found.demo = serving.demo_environment(path)
        yield found


@contextlib.contextmanager
def serve(found: Folder, block: str, url: str) -> Iterator[None]:
    """A block whose last command serves: it runs until it is answered, and then until it is told to end."""
    with (found.path / "serve.log").open("w") as log:
        shell = subprocess.Popen(
            ["bash", "-c", f"set -eu\n{block}"],
            cwd=found.path,
            env=found.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        port = int(url.rpartition(":")[2])
        serving._wait(shell, serving.Served(url, port, found.path, {}))
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGTERM)
        shell.wait(PATIENCE)
