"""In processes of their own: nobody forks the one that tests."""

import subprocess
import sys

import pytest

BEFORE = """
import signal, sys
from mintmark.commands.apart import apart
from mintmark.commands.opening import NotFound
def nothing(): pass
"""


def run(code):
    return subprocess.run([sys.executable, "-c", BEFORE + code], capture_output=True, text=True, check=False)


def test_what_it_answers_comes_back_and_what_it_imports_does_not():
    found = run("""
def work():
    import alembic
    return "é" * 100_000
answer = apart(work, lambda: sys.modules.setdefault("meanwhile", sys))
print(answer == "é" * 100_000, "alembic" in sys.modules, "meanwhile" in sys.modules)
""")

    assert "True False True\n" == found.stdout, found.stderr


def test_a_refusal_is_told_once_and_ends_with_its_code():
    found = run("""
def work():
    raise NotFound("no such thing", "try another")
apart(work, nothing)
""")

    assert ("", "mintmark: no such thing\nmintmark: try another\n") == (found.stdout, found.stderr)
    assert found.returncode == 4


def test_what_nobody_foresaw_shows_where_it_was_and_ends_with_1():
    found = run("""
def work():
    raise ZeroDivisionError("unforeseen")
apart(work, nothing)
""")

    assert 1 == found.stderr.count("Traceback")
    assert found.stderr.endswith("ZeroDivisionError: unforeseen\n")
    assert found.returncode == 1


@pytest.mark.parametrize(("sent", "code"), [("SIGINT", 130), ("SIGKILL", 137)])
def test_where_it_was_interrupted_so_is_whoever_waits(sent, code):
    found = run(f"""
def work():
    signal.raise_signal(signal.{sent})
    return "after all"
print(apart(work, nothing))
""")

    assert ("", "", code) == (found.stdout, found.stderr, found.returncode)


def test_whoever_waits_may_be_gone():
    found = run("""
import os
def work():
    return "x" * 1_000_000
def gone():
    os._exit(0)
apart(work, gone)
""")

    assert ("", 0) == (found.stderr, found.returncode)
