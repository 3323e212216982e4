"""The wheel is all that it takes: in a clean environment outside the checkout it migrates, serves and gives a token.

There, too, a project of somebody else tests its API with the plugin: the one of docs/testing.md.
"""

import base64
import contextlib
import json
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import blocks
from tools import install

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60  # seconds: the contract's minute from nothing to the first token


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder that holds an environment with the wheel in it, and nothing of the checkout."""
    place = tmp_path_factory.mktemp("elsewhere")
    uv = str(Path(sys.executable).parent / "uv")
    env = {**install.uv_environment(), "VIRTUAL_ENV": str(place / "venv")}
    build = [uv, "build", "-q", "--wheel", "--offline", "--no-build-isolation", "--python", sys.executable]
    run(*build, "--out-dir", str(place), env=env)
    (wheel,) = place.glob("mintmark-*.whl")
    run(uv, "venv", "-q", "--python", sys.executable, str(place / "venv"), env=env)
    run(uv, "pip", "install", "-q", "--require-hashes", "-r", str(ROOT / "requirements" / "runtime.lock"), env=env)
    run(uv, "pip", "install", "-q", "--offline", "--no-deps", str(wheel), env=env)
    return place


def run(*command: str, env: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def clean(**settings: str) -> dict[str, str]:
    """This environment less whatever could lead back into the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MINTMARK_", "PYTHON", "COV_"))}
    return {**kept, **settings}


def test_it_migrates_an_empty_database(place):
    settings = {
        "MINTMARK_ISSUER": "http://localhost:8000",
        "MINTMARK_DATABASE_URL": f"sqlite:///{place / 'migrated.db'}",
        "MINTMARK_SEALING_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("="),
    }
    command = [str(place / "venv" / "bin" / "mintmark"), "migrate"]
    first = subprocess.run(command, cwd=place, env=clean(**settings), capture_output=True, text=True, check=False)
    plan = [*command, "--plan"]
    second = subprocess.run(plan, cwd=place, env=clean(**settings), capture_output=True, text=True, check=False)

    assert 0 == first.returncode, first.stderr
    assert (place / "migrated.db").stat().st_size > 0
    assert 0 == second.returncode, f"nothing is left to do: {second.stdout}{second.stderr}"


def test_the_demo_gives_a_token(place):
    with demo(place) as values:
        answer = token(values)

    assert "bearer" == answer["token_type"].lower()
    assert 3 == len(answer["access_token"].split("."))


def test_a_project_tests_its_api_with_the_plugin(place, tmp_path):
    uv = str(Path(sys.executable).parent / "uv")
    env = {**install.uv_environment(), "VIRTUAL_ENV": str(place / "venv")}
    lock = str(ROOT / "requirements" / "dev.lock")
    run(uv, "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", str(only_pytest(lock, tmp_path)), env=env)
    api, tests = (block.text for block in blocks.all_blocks() if block.run == "testing")
    (tmp_path / "api.py").write_text(api)
    (tmp_path / "test_api.py").write_text(tests)
    command = [str(place / "venv" / "bin" / "python"), "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(command, cwd=tmp_path, env=clean(), capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def only_pytest(lock: str, folder: Path) -> Path:
    """The lines of the lock that pytest needs, with their hashes."""
    needed = re.findall(
        r"^(?:pytest|pluggy|iniconfig|packaging|pygments)==(?:.*\\\n)*.*$", Path(lock).read_text(), re.MULTILINE
    )
    found = folder / "pytest.lock"
    found.write_text("\n".join(needed) + "\n")
    return found


@contextlib.contextmanager
def demo(place: Path) -> Iterator[dict[str, str]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [str(place / "venv" / "bin" / "mintmark"), "serve", "--demo", "--port", port]
    log = place / "serve.log"
    with log.open("w") as out:
        serving = subprocess.Popen(command, cwd=place, env=clean(), stdout=out, stderr=subprocess.STDOUT)
    try:
        yield when_ready(serving, place / "var" / "demo.env", port, log)
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(timeout=PATIENCE)


def when_ready(serving: subprocess.Popen[bytes], written: Path, port: str, log: Path) -> dict[str, str]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and serving.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
            return shell_values(written.read_text())
        time.sleep(0.1)
    pytest.fail(f"the demo did not come up:\n{log.read_text()}")


def shell_values(text: str) -> dict[str, str]:
    words = shlex.split(text, comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)


def token(values: dict[str, str]) -> dict[str, str]:
    name, secret = (urllib.parse.quote_plus(values[key]) for key in ("DEMO_CLIENT_ID", "DEMO_CLIENT_SECRET"))
    asked = urllib.request.Request(
        f"{values['DEMO_ISSUER']}/token",
        data=b"grant_type=client_credentials&scope=demo:read",
        headers={"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()},
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.loads(answer.read())
