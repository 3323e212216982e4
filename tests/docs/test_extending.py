"""A further grant type costs what docs/extending.md says, on a copy of the tree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import blocks

PAGE = [block for block in blocks.all_blocks() if block.page == "docs/extending.md"]
COPIED = ("src", "tests", "migrations", "pyproject.toml", "alembic.ini")
LEFT = shutil.ignore_patterns("__pycache__", "node_modules", ".lock")


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A repository with the tree as it stands, and then the page's files and patch on top, not yet committed."""
    tree = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        if (blocks.ROOT / name).is_dir():
            shutil.copytree(blocks.ROOT / name, tree / name, ignore=LEFT)
        else:
            shutil.copyfile(blocks.ROOT / name, tree / name)
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "-c", "user.name=page", "-c", "user.email=page@example.org", "commit", "--quiet", "-m", "as it stands")
    for block in PAGE:
        if "file" in block.marks:
            (tree / block.marks["file"]).write_text(block.text)
        elif block.language == "diff":
            git(tree, "apply", "--whitespace=nowarn", "-", stdin=block.text)
    git(tree, "add", ".")
    return tree


def git(tree: Path, *words: str, stdin: str | None = None) -> str:
    command = ["git", "-c", "commit.gpgsign=false", *words]
    done = subprocess.run(command, cwd=tree, input=stdin, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_one_file_one_line_and_one_test_file(tree):
    said = next(block.text for block in PAGE if block.language == "text")

    assert said == git(tree, "diff", "--cached", "--stat=100")


def test_the_new_grant_keeps_its_promises_and_the_house_its_rules(tree):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_"))}
    environment = {**kept, "PYTHONPATH": str(tree / "src")}
    tests = ["tests/endpoints/test_echo.py", "tests/test_house.py::test_every_file_among_the_ways_is_in_their_table"]
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    tested = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    lint = Path(sys.executable).parent / "lint-imports"
    linted = subprocess.run([lint], cwd=tree, env=environment, capture_output=True, text=True, check=False)

    assert 0 == tested.returncode, tested.stdout + tested.stderr
    assert 0 == linted.returncode, linted.stdout + linted.stderr
