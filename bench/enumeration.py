"""`python -m bench.enumeration`: whether the time of an answer tells who has an account.

One Mintmark as it is shipped, but that its throttles let everybody through (they still count), and that it sends mail,
to a server that throws it away. At each door that takes a name, requests with names that somebody has and with names
that nobody has take turns in pairs, each pair in an order of its own, from one connection. That the work is the same
is shown by tests (tests/endpoints/test_equal_work.py); this looks at what is left.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import re
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from urllib.parse import urlencode

from bench.load import last_core
from bench.peers.mintmark import PASSWORD, Mintmark, apply_file
from bench.postgres import free_port

VAR = Path(__file__).parent / "var"
PEOPLE = 8  # names of each kind: no single row is asked for again and again
DOMAIN = "people.example"
# How far from a coin's 0.5 the chance may be that a request with a known name takes longer than one with an unknown
# name; and in standard errors, so that a short run does not cry wolf.
ALLOWED, SIGMAS = 0.10, 4.0
TRIES = 4  # at one code, of the five that it has
OPEN = "1000000/1h"

Form = Callable[[int], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Door:
    path: str
    status: int  # of both
    known: Form
    unknown: Form


@dataclass(slots=True)
class Times:
    """Seconds."""

    known: list[float] = field(default_factory=list)
    unknown: list[float] = field(default_factory=list)


class Asked(Mintmark):
    """With people whose addresses are verified, and mail that goes nowhere."""

    def __init__(self, folder: Path, smtp_port: int, *, on_postgres: bool) -> None:
        super().__init__("mintmark", folder, on_postgres=on_postgres)
        self.smtp_port = smtp_port

    def environment(self) -> Mapping[str, str]:
        throttles = ("SIGN_IN", "SIGN_IN_ADDRESS", "SIGN_IN_EVERYBODY", "MAIL", "MAIL_ASKED", "SIGN_UP")
        return {
            **super().environment(),
            "MINTMARK_ISSUER": f"http://localhost:{self.port}",  # passkeys are of a named host
            **{f"MINTMARK_THROTTLE_{name}": OPEN for name in throttles},
            "MINTMARK_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "MINTMARK_EMAIL_CODE": "on",
            "MINTMARK_SIGN_UP": "open",
        }

    def prepare(self) -> None:
        super().prepare()
        wanted = self.folder / "people.json"
        users = [
            {"username": name, "password": PASSWORD, "email": f"{name}@{DOMAIN}", "email_verified": True}
            for name in map(known, range(PEOPLE))
        ]
        wanted.write_text(json.dumps({**apply_file(), "users": users}))
        self.run("apply", str(wanted))


def known(number: int) -> str:
    return f"known-{number % PEOPLE}"


def unknown(number: int) -> str:
    return f"ghost-{number % PEOPLE}"


class Visitor:
    """One browser on one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    def post(self, path: str, form: Mapping[str, str]) -> tuple[float, int, str]:
        """Seconds, status, and where it leads."""
        body = urlencode({"csrf_token": self._token(path), **form})
        began = time.perf_counter()
        status, location, _ = self._ask("POST", path, body)
        return time.perf_counter() - began, status, location

    def _token(self, path: str) -> str:
        """Of the page's form: good for as long as the browser has its cookie."""
        if path not in self._tokens:
            _, _, page = self._ask("GET", path.removesuffix("/passkey"))
            found = re.search(r'name="csrf_token" value="([^"]+)"', page)
            if found is None:
                raise RuntimeError(f"no form at {path}: {page[:500]}")
            self._tokens[path] = found[1]
        return self._tokens[path]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        page = answer.read().decode()
        for cookie in answer.headers.get_all("set-cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.headers.get("location", ""), page


def doors(port: int, requests: int, arrived: Callable[[], int]) -> Mapping[str, Callable[[], tuple[Visitor, Door]]]:
    """Made when their turn comes: some want something done before."""
    stranger = Visitor(port)
    return {
        "sign-in, wrong password": lambda: (stranger, _signing_in()),
        "forgotten password": lambda: (stranger, _named("/forgot", 200)),
        "code by mail, asked for": lambda: (stranger, _named("/code", 303)),
        "code by mail, tried": lambda: (stranger, _tried(stranger, requests, arrived)),
        "passkey options": lambda: (stranger, _named("/login/passkey", 200)),
        "sign-up": lambda: (stranger, _addressed("/sign-up", 200)),
        "another address for an account": lambda: (
            _signed_in(port), _addressed("/account/profile", 303, change="email")
        ),
    }  # fmt: skip


def _signed_in(port: int) -> Visitor:
    person = Visitor(port)
    _, status, _ = person.post("/login", {"username": known(0), "password": PASSWORD})
    if status != 303:
        raise RuntimeError(f"nobody was signed in: {status}")
    return person


def _signing_in() -> Door:
    wrong = {"password": "not the right password"}
    return Door(
        "/login",
        400,
        lambda number: {"username": known(number), **wrong},
        lambda number: {"username": unknown(number), **wrong},
    )


def _named(path: str, status: int) -> Door:
    return Door(path, status, lambda number: {"username": known(number)}, lambda number: {"username": unknown(number)})


def _addressed(path: str, status: int, **more: str) -> Door:
    return Door(
        path,
        status,
        lambda number: {"email": f"{known(1 + number % (PEOPLE - 1))}@{DOMAIN}", **more},
        lambda number: {"email": f"{unknown(1 + number % (PEOPLE - 1))}@{DOMAIN}", **more},
    )


def _tried(visitor: Visitor, requests: int, arrived: Callable[[], int]) -> Door:
    """Wrong codes: for each few of them a letter was asked for before, and is there."""
    letters, references = math.ceil(requests / TRIES), dict[str, list[str]]()
    settle(arrived)
    before = arrived()
    for naming in (known, unknown):
        led = (visitor.post("/code", {"username": naming(number)})[2] for number in range(letters))
        references[naming.__name__] = [location.partition("reference=")[2] for location in led]
    deadline = time.monotonic() + 120
    while arrived() < before + letters and time.monotonic() < deadline:
        time.sleep(0.1)  # letters come from another process, in its own time
    settle(arrived)
    code = {"code": "0000 0000"}
    return Door(
        "/code",
        400,
        lambda number: {"reference": references["known"][number // TRIES], **code},
        lambda number: {"reference": references["unknown"][number // TRIES], **code},
    )


def settle(arrived: Callable[[], int]) -> None:
    """Until no letter has come for two seconds: what is on its way is work beside what is measured."""
    last, since = arrived(), time.monotonic()
    while time.monotonic() < since + 2:
        time.sleep(0.1)  # letters come from another process, in its own time
        if arrived() != last:
            last, since = arrived(), time.monotonic()


def measured(visitor: Visitor, door: Door, requests: int) -> Times:
    times, random = Times(), SystemRandom()
    if door.known(0).keys().isdisjoint({"reference"}):  # a code has few tries: none is for warming up
        for number in range(PEOPLE):
            visitor.post(door.path, door.known(number))
            visitor.post(door.path, door.unknown(number))
    for number in range(requests):
        pair = [(door.known, times.known), (door.unknown, times.unknown)]
        random.shuffle(pair)
        for form, kept in pair:
            seconds, status, _ = visitor.post(door.path, form(number))
            if status != door.status:
                raise RuntimeError(f"{door.path}: {status} instead of {door.status}")
            kept.append(seconds)
    return times


def chance(times: Times) -> tuple[float, float]:
    """Mann and Whitney's U as the chance that a known name takes longer, and its z: times may have any shape."""
    ranked = sorted([(one, True) for one in times.known] + [(one, False) for one in times.unknown])
    ranks = sum(rank for rank, (_, is_known) in enumerate(ranked, 1) if is_known)
    some, others = len(times.known), len(times.unknown)
    share = (ranks - some * (some + 1) / 2) / (some * others)
    return share, (share - 0.5) / error(some, others)


def error(some: int, others: int) -> float:
    """The standard error of that chance where there is no difference."""
    return math.sqrt((some + others + 1) / (12 * some * others))


@contextmanager
def nowhere() -> Iterator[tuple[int, Callable[[], int]]]:
    """A mail server that throws away what it takes: its port, and how many letters came."""
    from aiosmtpd.controller import Controller

    came: list[str] = []

    class Sink:
        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
            came.append("")
            return "250 taken"

    port = free_port()
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port, lambda: len(came)
    finally:
        controller.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="bench.enumeration")
    options.add_argument("--requests", type=int, default=400, help="of each kind at each door (400)")
    options.add_argument("--only", action="append", metavar="WORD", help="doors whose names hold it; may be repeated")
    options.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    asked = options.parse_args(arguments)
    os.sched_setaffinity(0, {last_core()})  # the server has the first one
    VAR.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=secrets.token_hex(2), dir=VAR))
    folder.chmod(0o755)  # PostgreSQL runs as somebody else
    found: list[tuple[str, Times]] = []
    with nowhere() as (smtp_port, arrived):
        target = Asked(folder / "mintmark", smtp_port, on_postgres=asked.postgresql)
        try:
            target.prepare()
            target.start()
            for name, made in doors(target.port, asked.requests, arrived).items():
                if asked.only and not any(word in name for word in asked.only):
                    continue
                print(f"measuring: {name}", file=sys.stderr, flush=True)
                visitor, door = made()
                settle(arrived)
                found.append((name, measured(visitor, door, asked.requests)))
        finally:
            target.close()
            shutil.rmtree(folder)
    return _print(found)


def _print(found: Sequence[tuple[str, Times]]) -> int:
    print("| door | requests | median known | median unknown | difference | known takes longer | z | |")
    print("|---|---|---|---|---|---|---|---|")
    worst = False
    for name, times in found:
        one, other = (statistics.median(kept) * 1000 for kept in (times.known, times.unknown))
        share, z = chance(times)
        differs = abs(share - 0.5) > max(ALLOWED, SIGMAS * error(len(times.known), len(times.unknown)))
        worst |= differs
        told = "DIFFERS" if differs else "same"
        print(
            f"| {name} | 2 x {len(times.known)} | {one:.2f} ms | {other:.2f} ms | {one - other:+.3f} ms "
            f"| {share:.3f} | {z:+.1f} | {told} |"
        )
    print(f"\nOne kind takes longer by chance 0.5; a door differs beyond {ALLOWED:g} from it and {SIGMAS:g} errors.")
    return 1 if worst else 0


if __name__ == "__main__":
    raise SystemExit(main())
