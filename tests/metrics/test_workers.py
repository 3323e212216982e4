"""Several workers of one host answer as one, and what one counted stays counted when it has ended."""

import asyncio
import fcntl
import json
import os

import pytest

from mintmark.counting import Histogram
from mintmark.metrics.values import Values
from mintmark.metrics.workers import ENDED, Folder

NAME, SECONDS = "mintmark_events_total", "mintmark_database_commit_seconds"


def counted(number, waiting=0, *seconds):
    found = Values()
    found.put(NAME, number, "token_issued")
    found.put("mintmark_database_waiting", waiting)
    found.put("mintmark_registry_age_seconds", number / 10)
    found.put("process_max_fds", number * 100)
    histogram = Histogram((1.0, 2.0))
    for one in seconds:
        histogram.add(one)
    found.put_histogram(SECONDS, histogram)
    return found


def number(values, name=NAME, *labels):
    return values.numbers[name][labels or (("token_issued",) if name == NAME else ())]


def end(folder):
    """As the kernel does it when a process ends, however it ends."""
    os.close(folder._alive)


def test_counters_are_added_and_gauges_as_their_family_says(tmp_path):
    one, other = Folder(tmp_path), Folder(tmp_path)
    other._write(counted(5, 2, 0.5, 3.0))
    found = one.together(counted(3, 1, 1.5))

    assert 8 == number(found)
    assert 3 == number(found, "mintmark_database_waiting")
    assert 0.5 == number(found, "mintmark_registry_age_seconds")
    assert 300 == number(found, "process_max_fds")
    assert ([1, 1, 1], 5.0) == found.histograms[SECONDS][()]


def test_whoever_is_asked_says_the_same(tmp_path):
    one, other = Folder(tmp_path), Folder(tmp_path)
    first = one.together(counted(3))
    second = other.together(counted(5))
    third = one.together(counted(3))

    assert [3, 8, 8] == [number(found) for found in (first, second, third)]


def test_what_a_worker_counted_stays_when_it_has_ended(tmp_path):
    one, other = Folder(tmp_path), Folder(tmp_path)
    other._write(counted(5, 2, 0.5))
    before = one.together(counted(3, 1))
    end(other)
    after = one.together(counted(3, 1))
    again = one.together(counted(4, 1))

    assert [8, 8, 9] == [number(found) for found in (before, after, again)]
    assert [3, 1] == [number(found, "mintmark_database_waiting") for found in (before, after)]
    assert ([1, 0, 0], 0.5) == again.histograms[SECONDS][()]
    assert {ENDED, "lock", f"{one._name}.json", f"{one._name}.alive"} == {path.name for path in tmp_path.iterdir()}


def test_many_that_end_leave_one_file(tmp_path):
    one = Folder(tmp_path)
    for _ in range(20):
        short = Folder(tmp_path)
        short._write(counted(1))
        end(short)
        one.together(counted(0))

    assert 20 == number(one.together(counted(0)))
    assert 4 == len(list(tmp_path.iterdir()))


def test_one_that_was_killed_between_two_steps_is_counted_once(tmp_path, monkeypatch):
    one, other = Folder(tmp_path), Folder(tmp_path)
    other._write(counted(5))
    end(other)
    left = (tmp_path / f"{other._name}.json").read_bytes()
    one.together(counted(0))
    (tmp_path / f"{other._name}.json").write_bytes(left)  # it was written down as ended, and not yet taken away

    assert 5 == number(one.together(counted(0)))


def test_two_who_are_asked_at_once_take_turns(tmp_path):
    one = Folder(tmp_path)
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    with one._locked(), pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


async def test_a_worker_writes_at_once_and_at_its_end(tmp_path):
    one, other, moment = Folder(tmp_path), Folder(tmp_path), [1]
    async with other.kept(lambda: counted(moment[0])):
        async with asyncio.timeout(5):
            while not (tmp_path / f"{other._name}.json").exists():
                await asyncio.sleep(0.01)
        first = one.together(counted(0))
        moment[0] = 7
    last = one.together(counted(0))

    assert 1 == number(first)
    assert 7 == number(last)


def test_values_are_read_as_they_were_written():
    values = counted(3, 1, 0.5)
    values.put("mintmark_registry_age_seconds", float("inf"))

    assert values == Values.read(json.loads(values.to_json()))


def test_only_its_owner_may_read_the_folder_of_a_start(tmp_path):
    one = Folder(tmp_path)

    assert 0o600 == (tmp_path / f"{one._name}.alive").stat().st_mode & 0o777
