"""`make demo`: the server's demo, the app of web_app.py and the API of api.py, until Ctrl-C or until one ends."""

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
VALUES = Path("var/demo.env")
PATIENCE = 60  # seconds for a start


def main() -> int:
    options = argparse.ArgumentParser(prog="make demo")
    options.add_argument("--port", type=int, default=8000, help="of the server")
    options.add_argument("--app-port", type=int, help="of the app; otherwise the next but one")
    options.add_argument("--api-port", type=int, help="of the API; otherwise the next")
    asked = options.parse_args()
    api_port, app_port = asked.api_port or asked.port + 1, asked.app_port or asked.port + 2
    # Two names for this machine, and so two sites: neither gets the other's cookies.
    issuer, app, api = f"http://localhost:{asked.port}", f"http://127.0.0.1:{app_port}", f"http://127.0.0.1:{api_port}"
    signal.signal(signal.SIGTERM, interrupted)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            running([sys.executable, "-m", "mintmark", "serve", "--demo", "--port", str(asked.port)])
        )
        wait_for(f"{issuer}/health/ready", server)
        values = demo_values()
        there = {
            "ISSUER": values["DEMO_ISSUER"],
            "CLIENT_ID": values["DEMO_CLIENT_ID"],
            "CLIENT_SECRET": values["DEMO_CLIENT_SECRET"],
            "APP_URL": app,
            "API_URL": api,
        }
        started = [
            server,
            *(stack.enter_context(uvicorn(*one, there)) for one in (("api", api_port), ("web_app", app_port))),
        ]
        for process, address in zip(started[1:], (f"{api}/openapi.json", app), strict=True):
            wait_for(address, process)
        print(f"\nThe app is at {app} and asks the API at {api}.", flush=True)
        print(f"Sign in with DEMO_USERNAME and DEMO_PASSWORD of {VALUES}. Ctrl-C ends all three.\n", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while all(process.poll() is None for process in started):
                time.sleep(0.2)
            return 1
    return 0


def interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def uvicorn(
    name: str, port: int, environment: Mapping[str, str]
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "uvicorn", f"examples.{name}:app", "--port", str(port), "--log-level", "warning"]
    return running([*command, "--app-dir", str(ROOT)], environment)


@contextlib.contextmanager
def running(command: list[str], environment: Mapping[str, str] = {}) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing answers at {address}")


def demo_values() -> dict[str, str]:
    words = shlex.split(VALUES.read_text(), comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)


if __name__ == "__main__":
    raise SystemExit(main())
