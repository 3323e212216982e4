import ctypes
import gc
import mmap
import resource
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passlib.hash import argon2

from mintmark.factors import hash_memory
from mintmark.factors.hash_memory import HashMemory
from mintmark.protocol.errors import Overloaded

SECRET = b"correct horse"


def parsed(kib=64, passes=1, lanes=1, kind="ID"):
    return argon2.from_string(
        argon2.using(type=kind, memory_cost=kib, time_cost=passes, parallelism=lanes).hash(SECRET)
    )


@pytest.fixture
def memory():
    return HashMemory(64)


@given(
    secret=st.binary(max_size=200).filter(lambda some: b"\0" not in some),
    salt=st.binary(min_size=8, max_size=32),
    kind=st.sampled_from(["I", "D", "ID"]),
    kib=st.integers(16, 200),
    passes=st.integers(1, 3),
    lanes=st.integers(1, 2),
    size=st.integers(16, 40),
)
def test_it_is_what_passlib_makes_of_it_however_much_memory_is_kept(secret, salt, kind, kib, passes, lanes, size):
    made = argon2.using(
        type=kind, memory_cost=kib, time_cost=passes, parallelism=lanes, salt=salt, digest_size=size
    ).hash(secret)
    expected = argon2.from_string(made)
    memory = HashMemory(64)

    assert expected.checksum == memory.checksum(expected, secret)
    assert expected.checksum == memory.checksum(expected, secret)
    assert expected.checksum != memory.checksum(expected, secret + b"x")


def test_a_hash_of_the_first_version_is_computed_as_it_was_then(memory):
    """Of libargon2's own tests."""
    stored = "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY"
    old = argon2.from_string(stored)

    assert old.checksum == memory.checksum(old, b"password")


def test_nothing_of_a_hash_stays_in_memory(memory):
    memory.checksum(parsed(), SECRET)
    (piece,) = memory._free

    assert not any(piece._memory[:])


def test_one_hash_after_another_takes_the_same_memory_and_none_from_the_system():
    memory, dear = HashMemory(32 << 10), parsed(32 << 10)
    memory.checksum(dear, SECRET)
    pieces = list(memory._free)
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    memory.checksum(dear, SECRET)

    assert pieces == memory._free
    assert 100 > resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before  # of 8,192 pages


def test_two_at_once_have_a_piece_each(memory, monkeypatch):
    hashes = threading.Barrier(2)
    compute = hash_memory._checksum

    def at_once(*given):
        hashes.wait(30)
        return compute(*given)

    monkeypatch.setattr(hash_memory, "_checksum", at_once)
    wanted = parsed()
    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(lambda _: memory.checksum(wanted, SECRET), range(2)))

    assert [wanted.checksum] * 2 == made
    assert 2 == len(set(memory._free))


def test_what_needs_more_than_a_hash_of_ours_keeps_nothing(memory):
    dearer = parsed(65)

    assert dearer.checksum == memory.checksum(dearer, SECRET)
    assert [] == memory._free


def test_memory_goes_back_when_no_hash_was_begun_since_it_was_asked(memory):
    memory.checksum(parsed(), SECRET)
    piece = weakref.ref(memory._free[0])
    gc.disable()
    try:
        memory.let_go_if_idle()
        assert piece() is not None
        memory.let_go_if_idle()
        assert piece() is None
    finally:
        gc.enable()


def test_where_no_piece_is_to_be_had_libargon2_asks_the_system_itself(memory, monkeypatch):
    def none(*_):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(mmap, "mmap", none)
    wanted = parsed()

    assert wanted.checksum == memory.checksum(wanted, SECRET)
    assert [] == memory._free


def test_where_there_is_no_memory_at_all_somebody_is_told_to_come_again():
    code = """
import resource
from passlib.hash import argon2
from mintmark.factors.hash_memory import HashMemory
from mintmark.protocol.errors import Overloaded
made, memory = argon2.using(memory_cost=64, time_cost=1).hash("x"), HashMemory(512 << 10)
memory.checksum(argon2.from_string(made), b"x")
memory.let_go()
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
try:
    memory.checksum(argon2.from_string(made.replace("m=64", f"m={512 << 10}")), b"x")
except Overloaded as refused:
    print(refused.status, refused.got)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "503 Memory allocation error" == found.stdout.strip(), found.stderr


def test_what_libargon2_cannot_do_is_said_in_its_words_and_keeps_no_memory(memory):
    wanted = parsed()
    wanted.salt = b"short"

    with pytest.raises(Overloaded) as refused:
        memory.checksum(wanted, SECRET)
    assert "Salt is too short" == refused.value.got
    assert [] == memory._free


def test_a_kernel_without_large_pages_is_good_enough(memory, monkeypatch):
    class Plain(mmap.mmap):
        def madvise(self, *_):
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(mmap, "mmap", Plain)
    wanted = parsed()

    assert wanted.checksum == memory.checksum(wanted, SECRET)


def test_libargon2_gets_no_more_than_there_is(memory):
    piece, where = memory._piece(64 << 10), ctypes.c_void_p()

    assert 0 > piece.allocate(ctypes.byref(where), (64 << 10) + 1)
    assert where.value is None
    assert 0 == piece.allocate(ctypes.byref(where), 64 << 10)
    assert where.value is not None


def test_it_needs_no_memory_that_can_be_written_and_run():
    """As systemd's MemoryDenyWriteExecute has it; a kernel before 6.3 does not refuse it, but shows it."""
    code = """
import ctypes
from pathlib import Path
from passlib.hash import argon2
from mintmark.factors.hash_memory import HashMemory
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN
made = argon2.from_string(argon2.using(memory_cost=64, time_cost=1).hash("x"))
print(HashMemory(64).checksum(made, b"x") == made.checksum, " rwx" in Path("/proc/self/maps").read_text())
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "True False" == found.stdout.strip(), found.stderr
