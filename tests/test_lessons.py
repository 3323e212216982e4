"""What went wrong at other servers is shown not to go wrong here: each lesson of lessons.toml has its tests."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LESSONS = tomllib.loads((ROOT / "tests" / "lessons.toml").read_text())["lesson"]
IDS = [one["id"] for one in LESSONS]
# As in `test_wa_03_wa_04_whatever_…`, and in what says why a test is there: "BF-14".
IN_NAMES, IN_WORDS = re.compile(r"(?<=_)([a-z]{2})_([0-9]{2})(?=_)"), re.compile(r"\b([A-Z]{2}-[0-9]{2})\b")
PREFIXES = {id.partition("-")[0] for id in IDS}


@cache
def named_in(path: Path) -> frozenset[str]:
    """Names of its tests: functions of the module, and of its classes."""
    nodes = ast.walk(ast.parse(path.read_text()))
    found = (node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(name for name in found if name.startswith("test_"))


def files():
    return sorted((ROOT / "tests").rglob("test_*.py"))


def borne(name: str) -> set[str]:
    """The ids that a test bears in its name."""
    return {f"{letters.upper()}-{digits}" for letters, digits in IN_NAMES.findall(name)}


@pytest.mark.parametrize("lesson", LESSONS, ids=IDS)
def test_a_lesson_has_tests_that_are_there_or_a_reason(lesson):
    assert lesson["lesson"].strip().endswith(".")
    assert lesson["seen"]
    assert ("tests" in lesson) != ("reason" in lesson)
    for named in lesson.get("tests", ()):
        path, _, name = named.partition("::")
        assert name in named_in(ROOT / path), named
    if "reason" in lesson:
        assert lesson["reason"].strip()
        assert not (ROOT / lesson.get("until", "no/such/file")).exists(), "the reason is void: name the tests"


def test_no_lesson_stands_there_twice_and_none_says_more_than_it_may():
    known = {"id", "seen", "lesson", "tests", "reason", "until"}

    assert sorted(set(IDS)) == sorted(IDS)
    for lesson in LESSONS:
        assert set(lesson) <= known, lesson["id"]
        for several in (lesson["seen"], lesson.get("tests", [])):
            assert len(set(several)) == len(several), lesson["id"]


def test_a_test_that_bears_an_id_is_named_by_its_lesson():
    named = {(test, lesson["id"]) for lesson in LESSONS for test in lesson.get("tests", ())}
    for path in files():
        for name in named_in(path):
            for id in borne(name):
                assert (f"{path.relative_to(ROOT)}::{name}", id) in named, name


def test_whatever_a_test_says_it_is_there_for_is_a_lesson():
    for path in files():
        cited = {id for id in IN_WORDS.findall(path.read_text()) if id.partition("-")[0] in PREFIXES}
        assert cited <= set(IDS), path
