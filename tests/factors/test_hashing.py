import asyncio
import threading
import unicodedata

import pytest
from passlib import hash as passlib

from mintmark.factors import hashing
from mintmark.factors.hash_formats import Hash
from mintmark.factors.hashing import Hashing, Verdict
from mintmark.protocol.errors import Overloaded

CHEAP = {"memory_cost": 64, "time_cost": 1, "parallelism": 1}
COMPOSED = "caf\u00e9 noir"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


class Clock:
    """Moves only when somebody sleeps."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def made(clock):
    """A maker of Hashing with cheap parameters."""
    all_made = []

    def make(memory=64, passes=1, lanes=1, *, threads=1, queue=8):
        all_made.append(Hashing(memory, passes, lanes, threads, queue, clock=clock, sleep=clock.sleep))
        return all_made[-1]

    yield make
    for one in all_made:
        one.close()


async def test_a_password_matches_its_own_hash_only(made):
    ours = made()
    stored = await ours.hash("correct horse")

    assert stored.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert Verdict(True) == await ours.verify("correct horse", stored)
    assert Verdict(False) == await ours.verify("correct hors", stored)
    assert Verdict(False) == await ours.verify("Correct horse", stored)
    assert Verdict(False) == await ours.verify(" correct horse", stored)


async def test_two_hashes_of_one_password_differ(made):
    ours = made()

    assert await ours.hash("correct horse") != await ours.hash("correct horse")


@pytest.mark.parametrize("stored", [None, "", "plain", "$2b$12$broken", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="])
async def test_whoever_has_no_hash_is_checked_against_one_of_the_current_parameters(made, monkeypatch, stored):
    checked = []
    matches = Hash.matches

    def watched(self, form, memory):
        checked.append(self.cost)
        return matches(self, form, memory)

    monkeypatch.setattr(Hash, "matches", watched)

    assert Verdict(False) == await made(128, 2).verify("plain", stored)
    assert [("id", 19, 128, 2, 1)] == checked


@pytest.mark.parametrize("password", ["", "x" * 1025, "\N{GRINNING FACE}" * 1024 + "x", "nul\0byte", "half \ud800"])
async def test_what_can_be_no_password_is_never_hashed(made, monkeypatch, password):
    monkeypatch.setattr(Hash, "matches", lambda *_: pytest.fail("hashed"))
    ours = made()

    with pytest.raises(ValueError, match=r"^must "):
        await ours.hash(password)
    assert Verdict(False) == await ours.verify(password, None)


@pytest.mark.parametrize("password", ["x", "x" * 1024, "\N{GRINNING FACE}" * 1024, " ", "tab\t and newline\n"])
async def test_any_text_up_to_the_limit_is_a_password(made, password):
    ours = made()

    assert Verdict(True) == await ours.verify(password, await ours.hash(password))


async def test_a_password_is_looked_at_to_its_end(made):
    ours = made()
    stored = await ours.hash("x" * 1023 + "y")

    assert not (await ours.verify("x" * 1023 + "z", stored)).matches


async def test_a_keyboard_that_decomposes_accents_signs_in_too(made):
    ours = made()

    for set_as in (COMPOSED, DECOMPOSED):
        stored = await ours.hash(set_as)
        assert Verdict(True) == await ours.verify(COMPOSED, stored)
        assert Verdict(True) == await ours.verify(DECOMPOSED, stored)


async def test_an_imported_hash_of_a_decomposed_password_matches_and_is_made_anew(made):
    ours = made()
    stored = passlib.argon2.using(type="ID", **CHEAP).hash(DECOMPOSED)
    verdict = await ours.verify(DECOMPOSED, stored)

    assert verdict.matches
    assert Verdict(True) == await ours.verify(COMPOSED, verdict.rehashed)


@pytest.mark.parametrize(
    "stored",
    [
        passlib.bcrypt.using(rounds=4).hash("correct horse"),
        passlib.django_pbkdf2_sha256.using(rounds=10).hash("correct horse"),
        passlib.django_argon2.using(type="ID", **CHEAP).hash("correct horse"),
        passlib.ldap_salted_sha1.hash("correct horse"),
        passlib.argon2.using(type="I", **CHEAP).hash("correct horse"),
    ],
    ids=["bcrypt", "django pbkdf2", "django argon2", "salted LDAP", "argon2i"],
)
async def test_an_imported_hash_is_replaced_at_the_first_sign_in(made, stored):
    ours = made()
    verdict = await ours.verify("correct horse", stored)

    assert verdict.matches
    assert verdict.rehashed.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert Verdict(True) == await ours.verify("correct horse", verdict.rehashed)
    assert Verdict(False) == await ours.verify("wrong", stored)


async def test_a_long_password_of_bcrypt_is_kept_whole_from_then_on(made):
    ours = made()
    long = "x" * 100
    verdict = await ours.verify(long, passlib.bcrypt.using(rounds=4).hash(long[:72]))

    assert verdict.matches
    assert Verdict(True) == await ours.verify(long, verdict.rehashed)
    assert Verdict(False) == await ours.verify(long[:72], verdict.rehashed)


@pytest.mark.parametrize(("memory", "passes"), [(128, 1), (64, 2), (128, 2), (32, 3)])
async def test_when_parameters_rise_a_hash_is_made_anew(made, memory, passes):
    stored = await made().hash("correct horse")
    verdict = await made(memory, passes).verify("correct horse", stored)

    assert verdict.rehashed.startswith(f"$argon2id$v=19$m={memory},t={passes},p=1$")


@pytest.mark.parametrize(("memory", "passes"), [(64, 1), (32, 1), (32, 2)])
async def test_when_parameters_fall_or_one_is_changed_for_the_other_a_hash_is_kept(made, memory, passes):
    stored = await made().hash("correct horse")

    assert Verdict(True) == await made(memory, passes).verify("correct horse", stored)


async def test_a_failure_takes_as_long_as_the_dearest_hash_that_is_stored(made, clock):
    ours = made()
    await ours.note_schemes([passlib.bcrypt.using(rounds=8).hash("x"), "plain", "{SSHA}AAAA"])
    ours_only = made()
    await ours_only.note_schemes([])

    await ours.verify("wrong", None)
    assert [pytest.approx(ours.dearest)] == clock.slept
    assert ours.dearest > 5 * ours_only.dearest > 0


async def test_a_failure_of_a_dear_hash_raises_the_floor_for_all(made, clock):
    ours = made()
    await ours.note_schemes([])
    before = ours.dearest
    await ours.verify("wrong", passlib.bcrypt.using(rounds=8).hash("x"))

    assert ours.dearest > before


async def test_a_password_in_two_forms_takes_the_dearest_hash_twice(made, clock):
    ours = made()
    await ours.note_schemes([])
    await ours.verify(DECOMPOSED, None)

    assert [pytest.approx(2 * ours.dearest)] == clock.slept


async def test_a_success_does_not_wait(made, clock):
    ours = made()
    await ours.note_schemes([passlib.bcrypt.using(rounds=8).hash("x")])
    await ours.verify("correct horse", await ours.hash("correct horse"))

    assert [] == clock.slept


async def test_what_can_be_no_password_is_answered_as_late_as_any(made, clock):
    ours = made()
    await ours.note_schemes([])
    await ours.verify("x" * 1025, None)

    assert [pytest.approx(ours.dearest)] == clock.slept


async def test_the_floor_is_counted_from_the_start(made, clock):
    ours = made()
    await ours.note_schemes([])
    await ours.floor(clock.now - ours.dearest / 2)
    await ours.floor(clock.now - 10)

    assert [pytest.approx(ours.dearest / 2, rel=0.01)] == clock.slept


async def test_no_measurement_makes_failures_wait_longer_than_any_hash_may_take(made):
    ours = made()
    ours._note(("freak",), 100.0)

    assert hashing.LONGEST_FLOOR == ours.dearest


async def test_a_kind_is_measured_once(made, monkeypatch):
    ours = made()
    measured = []
    seconds = hashing._seconds

    def watched(known, memory):
        measured.append(known.scheme)
        return seconds(known, memory)

    monkeypatch.setattr(hashing, "_seconds", watched)
    samples = [passlib.bcrypt.using(rounds=4).hash("x") for _ in range(3)]
    await ours.note_schemes(samples)
    await ours.note_schemes([*samples, passlib.bcrypt.using(rounds=5).hash("x")])

    assert ["argon2", "bcrypt", "bcrypt"] == measured


async def test_lanes_are_measured_too(made):
    ours = made(64, 1, 2)
    await ours.note_schemes([])

    assert ours.dearest > 0
    assert Verdict(True) == await ours.verify("correct horse", await ours.hash("correct horse"))


@pytest.fixture
def gate(monkeypatch):
    """Holds every hash back until it is opened."""
    opened = threading.Event()
    matches = Hash.matches
    monkeypatch.setattr(Hash, "matches", lambda self, *given: opened.wait(30) and matches(self, *given))
    yield opened
    opened.set()


async def test_whoever_comes_when_the_queue_is_full_is_refused_at_once(made, gate):
    ours = made(threads=2, queue=3)
    waiting = [asyncio.create_task(ours.verify("x", None)) for _ in range(5)]
    await asyncio.sleep(0)

    with pytest.raises(Overloaded) as refused:
        await ours.verify("x", None)
    assert (503, 1) == (refused.value.status, refused.value.retry_after)
    gate.set()
    assert {Verdict(False)} == set(await asyncio.gather(*waiting))
    assert Verdict(False) == await ours.verify("x", None)


async def test_whoever_goes_away_leaves_room_in_the_queue(made, gate):
    ours = made(threads=1, queue=1)
    running, waiting = (asyncio.create_task(ours.verify("x", None)) for _ in range(2))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    another = asyncio.create_task(ours.verify("x", None))
    gate.set()

    assert {Verdict(False)} == set(await asyncio.gather(running, another))


async def test_the_loop_goes_on_while_a_password_is_checked(made, gate):
    ours = made()
    task = asyncio.create_task(ours.verify("x", None))
    for _ in range(10):
        await asyncio.sleep(0)

    assert not task.done()
    gate.set()
    await task


async def test_a_machine_that_lacks_memory_is_overloaded_and_says_nothing_of_the_hash(made, monkeypatch):
    ours = made()
    stored = passlib.scrypt.using(rounds=4).hash("correct horse")

    def fail(secret, hash):
        raise ValueError(f"Memory allocation error: hash={hash!r}")

    monkeypatch.setattr(passlib.scrypt, "verify", fail)
    with pytest.raises(Overloaded) as refused:
        await ours.verify("correct horse", stored)

    assert stored not in repr(refused.value) + str(refused.value.__context__)


async def test_a_measurement_keeps_no_memory_and_a_password_keeps_it_until_nobody_comes(made):
    ours = made()
    await ours.note_schemes([])
    assert [] == ours._memory._free

    await ours.verify("correct horse", await ours.hash("correct horse"))
    ours.let_go_if_idle()
    assert 1 == len(ours._memory._free)
    ours.let_go_if_idle()
    assert [] == ours._memory._free


async def test_without_a_number_there_is_a_thread_for_each_core():
    ours = Hashing(64, 1, 1, None, 1)
    stored = await ours.hash("correct horse")

    assert Verdict(True) == await ours.verify("correct horse", stored)
    ours.close()


def test_passlib_is_not_imported_before_the_first_hash():
    import subprocess
    import sys

    code = "import sys; from mintmark.factors import hashing, hash_formats; hashing.Hashing(64, 1, 1, 1, 1)"
    found = subprocess.run(
        [sys.executable, "-c", f"{code}; print('passlib' in sys.modules)"], capture_output=True, check=True
    )

    assert b"False" == found.stdout.strip()
