"""Seeds of authenticator apps at the command line: sealed anew with everything else, and in no file that is written."""

import asyncio
import base64
import os
from datetime import UTC, datetime

from mintmark.keys import sealing
from mintmark.keys.sealing import Sealer
from mintmark.store import totps
from tests.commands.line import *  # noqa: F403

SEED = b"a-seed-of-an-app-001"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def sealer():
    return Sealer(sealing.parse(os.environ["MINTMARK_SEALING_KEYS"]))


def in_store(line, work):
    async def run():
        store = await line.database.connect()
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def add(line, person_id, id="t"):
    async def work(store):
        sealed = sealer().seal(SEED, bound_to=totps.bound_to(id))
        await store.commit(totps.add(id, person_id, "Phone", sealed, NOW))

    in_store(line, work)


def seed(line, person_id="p"):
    return in_store(line, lambda store: totps.of_person(store, person_id))[0].seed


def test_a_reseal_takes_the_seeds_along(both_lines, monkeypatch):
    line = both_lines
    line("keys rotate")
    add(line, "p")
    old, new = os.environ["MINTMARK_SEALING_KEYS"], sealing.generate()
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", f"{new},{old}")
    line("keys reseal")
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", new)

    assert 0 == line("check").code
    assert SEED == sealer().open(seed(line), bound_to=totps.bound_to("t"))


def test_a_seed_under_an_older_key_alone_is_told_and_sealed_anew(line, monkeypatch):
    line("keys rotate")
    old, new = os.environ["MINTMARK_SEALING_KEYS"], sealing.generate()
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", f"{new},{old}")
    line("keys reseal")
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", f"{old},{new}")
    add(line, "p")
    monkeypatch.setenv("MINTMARK_SEALING_KEYS", f"{new},{old}")

    assert "1 of " in line("check").out
    assert 1 == line.ok("keys reseal")["resealed"]
    assert 0 == line.ok("keys reseal")["resealed"]


def test_no_file_that_is_written_holds_a_seed(line, tmp_path):
    line("keys rotate")
    line("users add alice email=alice@example.org")
    id = line.ok("users show alice")["id"]
    add(line, id)
    sealed = seed(line, id)
    secrets = [
        SEED.decode(),
        SEED.hex(),
        base64.b32encode(SEED).decode(),
        base64.b64encode(sealed).decode(),
        sealed.hex(),
    ]
    told = [
        line("export --users").out,
        line("users show alice --json").out,
        line("audit list --json").out,
        line("users list --json").out,
    ]

    assert [] == [secret for secret in secrets for one in told if secret in one]
