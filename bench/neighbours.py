"""`python -m bench.neighbours`: what slow and huge things of others cost a client that has nothing to do with them.

One Mintmark as it is shipped, but that it may fetch from this machine, and that nobody's registrations are throttled.
Rounds without and with the neighbours take turns, so that a noisy minute is in both. The neighbours: addresses that
take a connection and never say a word (`jwks_uri`, `request_uri`, `sector_identifier_uri`, receivers of back-channel
logouts), and registrations with 10,000 redirect addresses, one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import secrets
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2

from bench.load import Report, drive
from bench.peers.mintmark import Mintmark
from bench.targets import API, CALLBACK, MACHINE, WEB
from bench.workloads import client_credentials

ALLOWED = 2.0  # times the p99 of the rounds without neighbours
AT_ONCE = 16  # requests of each kind of neighbour that waits
SESSIONS = 5  # that end in each round
ADDRESSES = 10_000
VAR = Path(__file__).parent / "var"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SETTINGS = {"MINTMARK_OUTBOUND_ALLOW": "127.0.0.0/8", "MINTMARK_THROTTLE_REGISTRATION": "off"}

Ask = Callable[[httpx2.AsyncClient, str], Awaitable[httpx2.Response]]


class Neighboured(Mintmark):
    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), **SETTINGS}


async def by_sector(http: httpx2.AsyncClient, trap: str) -> httpx2.Response:
    two = [CALLBACK, "https://another.example/callback"]
    uri = f"{trap}/sector/{secrets.token_hex(4)}"
    return await register(http, redirect_uris=two, subject_type="pairwise", sector_identifier_uri=uri)


async def by_jwks(http: httpx2.AsyncClient, trap: str) -> httpx2.Response:
    """A client of its own each time: an address that did not answer is left alone for a while."""
    uri = f"{trap}/jwks/{secrets.token_hex(4)}"
    told = await register(http, token_endpoint_auth_method="private_key_jwt", jwks_uri=uri)
    form = {
        "grant_type": "authorization_code",
        "code": "none",
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion(told.json()["client_id"], str(http.base_url).rstrip("/")),
    }
    return await http.post("/token", data=form)


async def by_request(http: httpx2.AsyncClient, trap: str) -> httpx2.Response:
    uri = f"{trap}/request/{secrets.token_hex(4)}"
    told = await register(http, request_uris=[uri])
    asked = {"client_id": told.json()["client_id"], "request_uri": uri, "response_type": "code", "scope": "openid"}
    return await http.get("/authorize", params={**asked, "redirect_uri": CALLBACK})


async def by_size(http: httpx2.AsyncClient, trap: str) -> httpx2.Response:
    return await http.post("/register", content=HUGE, headers={"content-type": "application/json"})


HUGE = json.dumps({"redirect_uris": [f"https://app.example/{number}" for number in range(ADDRESSES)]}).encode()
# What each does, and how many of it go on at once.
NEIGHBOURS: Mapping[str, tuple[Ask, int]] = {
    "sector_identifier_uri that hangs": (by_sector, AT_ONCE),
    "jwks_uri that hangs": (by_jwks, AT_ONCE),
    "request_uri that hangs": (by_request, AT_ONCE),
    f"registration with {ADDRESSES:,} addresses": (by_size, 1),
}


async def register(http: httpx2.AsyncClient, **members: Any) -> httpx2.Response:
    return await http.post("/register", json={"redirect_uris": [CALLBACK], **members})


def assertion(client_id: str, issuer: str) -> str:
    """With a signature that no key made: before it is looked at, the keys are fetched."""

    def part(value: Mapping[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    expires_at = int(time.time()) + 60
    claims = {"iss": client_id, "sub": client_id, "aud": issuer, "jti": secrets.token_hex(8), "exp": expires_at}
    return f"{part({'alg': 'ES256', 'kid': 'none'})}.{part(claims)}.{'A' * 86}"


@contextlib.contextmanager
def neighbours(target: Mintmark, trap: str) -> Iterator[Counter[str]]:
    """They go on in a thread until the block ends; what they were answered, counted."""
    seen: Counter[str] = Counter()
    begun, ended = Event(), Event()
    thread = Thread(target=lambda: asyncio.run(_go_on(target, trap, seen, begun, ended)), daemon=True)
    thread.start()
    if not begun.wait(60):
        raise RuntimeError("the neighbours did not begin")
    try:
        yield seen
    finally:
        ended.set()
        thread.join(30)


async def _go_on(target: Mintmark, trap: str, seen: Counter[str], begun: Event, ended: Event) -> None:
    async with httpx2.AsyncClient(base_url=target.url, timeout=30, limits=NO_LIMITS) as http:
        await asyncio.to_thread(_sign_out, target, seen)
        tasks = [
            asyncio.create_task(_repeat(name, ask, http, trap, seen))
            for name, (ask, count) in NEIGHBOURS.items()
            for _ in range(count)
        ]
        await asyncio.sleep(1)  # until all of them wait
        begun.set()
        while not ended.is_set():
            await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _sign_out(target: Mintmark, seen: Counter[str]) -> None:
    """Sessions that end, each with a logout token for a receiver that will not take it."""
    for _ in range(SESSIONS):
        with target.browser() as browser:
            hint = browser.code_flow("openid api:read", resource=API)["id_token"]
            left = browser.client.get(f"{target.url}/end_session", params={"id_token_hint": hint})
            seen[f"back-channel receiver that hangs: sign-out {left.status_code}"] += 1


NO_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=100)


@contextlib.contextmanager
def trap() -> Iterator[str]:
    """Nobody ever accepts: the system takes the connections, and not even the handshake of TLS is answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


async def _repeat(name: str, ask: Ask, http: httpx2.AsyncClient, trap: str, seen: Counter[str]) -> None:
    while True:
        seen[f"{name}: begun"] += 1
        try:
            answer = await ask(http, trap)
            seen[f"{name}: {answer.status_code}"] += 1
        except (httpx2.HTTPError, KeyError) as failure:
            seen[f"{name}: {type(failure).__name__}"] += 1
            await asyncio.sleep(0.1)


def main() -> int:
    options = argparse.ArgumentParser(prog="bench.neighbours")
    options.add_argument("--rounds", type=int, default=5, help="of each kind (5)")
    options.add_argument("--seconds", type=float, default=6, help="length of a round (6)")
    options.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    asked = options.parse_args()
    VAR.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=VAR))
    folder.chmod(0o755)  # PostgreSQL runs as somebody else
    target = Neighboured("mintmark", folder / "mintmark", on_postgres=asked.postgresql)
    alone: list[Report] = []
    beside: list[Report] = []
    seen: Counter[str] = Counter()
    try:
        with trap() as nowhere:
            target.prepare()
            target.run("clients", "set", WEB, f"backchannel_logout_uri={nowhere}/logout")
            target.start()
            request = client_credentials(target, asked.seconds)
            drive(target.url, request, 2)  # warms up
            for number in range(asked.rounds):
                print(f"round {number + 1} of {asked.rounds}", file=sys.stderr, flush=True)
                alone.append(drive(target.url, request, asked.seconds))
                with neighbours(target, nowhere) as told:
                    beside.append(drive(target.url, request, asked.seconds))
                seen += told
    finally:
        target.close()
        shutil.rmtree(folder)
    return _print(alone, beside, seen)


def _print(alone: list[Report], beside: list[Report], seen: Counter[str]) -> int:
    print(f"Tokens of `{MACHINE}` (client_credentials), medians of {len(alone)} rounds.\n")
    print("| | requests/s | p50 | p99 | failures |\n|---|---|---|---|---|")
    for name, reports in (("alone", alone), ("beside bad neighbours", beside)):
        rate = statistics.median(one.requests / one.microseconds * 1e6 for one in reports)
        p50, p99 = (statistics.median(getattr(one, name) for one in reports) / 1000 for name in ("p50", "p99"))
        print(f"| {name} | {rate:,.0f} | {p50:.1f} ms | {p99:.1f} ms | {sum(one.failures for one in reports)} |")
    ratio = statistics.median(one.p99 for one in beside) / statistics.median(one.p99 for one in alone)
    print(f"\np99 beside / alone: {ratio:.2f} (allowed: {ALLOWED:g}). What the neighbours were answered:\n")
    for name, count in sorted(seen.items()):
        print(f"- {name}: {count}")
    return 1 if ratio > ALLOWED or any(one.failures for one in [*alone, *beside]) else 0


if __name__ == "__main__":
    raise SystemExit(main())
