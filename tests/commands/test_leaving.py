"""How a server ends: it says that others should be asked, goes on for a while, and then finishes."""

import asyncio
import json
import os
import signal
import time
from datetime import timedelta

import httpx2
import pytest

from mintmark.commands import serve
from mintmark.keys import sealing
from mintmark.server import Leaving
from tests.commands.test_serve import PATIENCE, ready, run, serving, stop
from tests.databases import *  # noqa: F403
from tests.metrics.scraping import samples, value
from tests.serving import free_port


def health(port, door="ready"):
    return httpx2.get(f"http://127.0.0.1:{port}/health/{door}")


def until_it_leaves(port):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = health(port)
        if answer.status_code == 503:
            return answer.json()["missing"]
        time.sleep(0.02)
    return pytest.fail("it stays ready")


def test_for_a_while_it_serves_and_says_that_others_should_be_asked(tmp_path):
    port = free_port()
    with serving(tmp_path, "--demo", "--port", str(port), MINTMARK_SHUTDOWN_DELAY="3s") as process:
        ready(port, process)
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        missing = until_it_leaves(port)
        alive = health(port, "live").status_code  # over a new connection
        code = process.wait(PATIENCE)
        took = time.monotonic() - told

    assert ["leaving"] == missing
    assert 200 == alive
    assert 0 == code
    assert took >= 3


def test_a_second_signal_does_not_wait(tmp_path):
    port = free_port()
    with serving(tmp_path, "--demo", "--port", str(port), MINTMARK_SHUTDOWN_DELAY="10m") as process:
        ready(port, process)
        process.send_signal(signal.SIGTERM)
        until_it_leaves(port)
        code = stop(process)

    assert 0 == code


@pytest.fixture
def told():
    """What SIGTERM does before: it says so."""
    said = []
    old = signal.signal(signal.SIGTERM, lambda number, frame: said.append(number))
    yield said
    signal.signal(signal.SIGTERM, old)


async def signalled(*pauses):
    for pause in pauses:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(pause)


async def test_without_a_delay_it_leaves_at_once(told):
    leaving = Leaving()
    serve.leave_slowly(leaving, timedelta(0), heeds_a_second=True)
    await signalled(0.01)

    assert leaving.begun
    assert [signal.SIGTERM] == told


async def test_the_delay_is_kept(told):
    leaving = Leaving()
    serve.leave_slowly(leaving, timedelta(seconds=0.2), heeds_a_second=True)
    await signalled(0.05)
    before = (leaving.begun, list(told))
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.01)

    assert (True, []) == before
    assert [signal.SIGTERM] == told


async def test_a_second_signal_comes_through_once(told):
    serve.leave_slowly(Leaving(), timedelta(seconds=0.2), heeds_a_second=True)
    await signalled(0.01, 0.4)

    assert [signal.SIGTERM] == told, "not again when the delay is over: that would cut off what is in flight"


async def test_a_worker_is_told_twice_and_keeps_the_delay(told):
    serve.leave_slowly(Leaving(), timedelta(seconds=0.2), heeds_a_second=False)
    await signalled(0.01, 0.05)
    early = list(told)
    await asyncio.sleep(0.4)

    assert [] == early
    assert [signal.SIGTERM] == told


def test_workers_answer_as_one_and_what_one_counted_outlives_it(tmp_path, postgresql_database):
    port = str(free_port())
    (tmp_path / "tmp").mkdir()
    settings = {
        "MINTMARK_ISSUER": f"http://localhost:{port}",
        "MINTMARK_SEALING_KEYS": sealing.generate(),
        "MINTMARK_DATABASE_URL": postgresql_database.url,
        "TMPDIR": str(tmp_path / "tmp"),
    }
    machine = {"client_id": "c", "client_secret": "s" * 32, "grant_types": ["client_credentials"], "scope": "a"}
    wanted = {"resources": [{"resource": "https://a.example", "scopes": ["a"]}], "clients": [machine]}
    (tmp_path / "a.json").write_text(json.dumps(wanted))
    assert 0 == run(tmp_path, "apply", "a.json", **settings).returncode
    with serving(tmp_path, "--port", port, "--workers", "2", **settings) as process:
        ready(port, process)
        form = {"grant_type": "client_credentials"}
        for _ in range(20):
            httpx2.post(f"http://127.0.0.1:{port}/token", data=form, auth=("c", "s" * 32))
        before = scraped(port, lambda found: issued(found) == 20 and value(found, "mintmark_workers") == 2)
        folder = next((tmp_path / "tmp").glob("mintmark-*"))
        mode = folder.stat().st_mode & 0o777
        os.kill(int(next(folder.glob("*.alive")).name.partition("-")[0]), signal.SIGKILL)
        alone = scraped(port, lambda found: value(found, "mintmark_workers") == 1)
        again = scraped(port, lambda found: value(found, "mintmark_workers") == 2)
        code = stop(process)

    assert [20, 20, 20] == [issued(found) for found in (before, alone, again)]
    assert 0o700 == mode
    assert 0 == code
    assert not folder.exists()


def issued(found):
    return value(found, "mintmark_tokens_issued_total")


def scraped(port, until):
    """Whichever worker answers."""
    end = time.monotonic() + PATIENCE
    found = {}
    while time.monotonic() < end:
        try:
            answer = httpx2.get(f"http://127.0.0.1:{port}/metrics")
        except httpx2.TransportError:  # it was given to the worker that was killed
            continue
        found = samples(answer.text)
        if until(found):
            return found
        time.sleep(0.05)
    return pytest.fail(f"never: {found}")


def test_traces_that_cannot_be_had_are_said_and_it_serves(tmp_path):
    port = free_port()
    wanted = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with serving(tmp_path, "--demo", "--port", str(port), **wanted) as process:
        ready(port, process)
        stop(process)

    assert "warning: traces are off" in (tmp_path / "serve.log").read_text()
