"""Every code block of README.md and docs/ is run, in the way that blocks.py lists."""

import itertools
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mintmark.keys import sealing
from mintmark.settings import Settings
from tests import serving
from tests.docs import blocks, shell
from tests.docs.blocks import Block
from tests.docs.ready import Ready

BLOCKS = blocks.all_blocks()
# Words after `run:` that other files of this folder know.
ELSEWHERE = {
    "fastapi": "test_verifying.py",
    "express": "test_verifying.py",
    "spring": "test_verifying.py",
    "sign-in": "test_sign_in.py",
    "extending": "test_extending.py",
    "testing": "test_wheel.py",
    "why": "test_why.py",
    "template": "test_people.py",
}
# A page, how a block of it begins, and why it cannot be run here.
NOT_RUN = {
    ("README.md", 'git clone "$REPOSITORY"'): ".ci/run clones and serves, and then pastes the README's other commands",
    ("docs/operations.md", "docker compose up"): "needs a Docker daemon, and fetches images",
    ("docs/operations/compose.md", "docker compose"): "needs a Docker daemon, and fetches images",
    ("docs/operations/kubernetes.md", "kubectl create secret"): "needs a cluster",
    ("docs/operations/systemd.md", "mintmark_once()"): "needs a machine that systemd has started",
    ("docs/sign-up.md", "mintmark users invite --admin"): "needs a terminal: tests/commands/test_terminal.py has one",
    (
        "docs/backups.md",
        "pg_dump",
    ): "tests/journeys/test_a_backup_is_restored.py dumps and restores a PostgreSQL of its own",
}
LANGUAGES = {"apache", "sh", "html", "json", "toml", "yaml", "python", "javascript", "java", "diff", "text"}


def ids(block: Block) -> str:
    return block.where


def is_left_out(block: Block) -> bool:
    return any(block.page == page and block.text.startswith(start) for page, start in NOT_RUN)


def pages(*runs: str) -> list[str]:
    return list(dict.fromkeys(block.page for block in BLOCKS if block.run in runs))


def of(page: str) -> list[Block]:
    return [block for block in BLOCKS if block.page == page]


@pytest.mark.parametrize("block", BLOCKS, ids=ids)
def test_every_block_says_its_language_and_is_run_somehow(block):
    assert block.language in LANGUAGES, "no language that is run here; what is no code is no block"
    assert fate(block), "nothing runs it: see blocks.py for what to write above it"


def fate(block: Block) -> str:
    """What runs it; "" where nothing does."""
    if is_left_out(block):
        return "left out"
    if block.run in ELSEWHERE:
        return ELSEWHERE[block.run]
    if "from" in block.marks:
        return "looked for"
    if "file" in block.marks:
        others = (other.text for other in of(block.page) if other is not block)
        return "used" if any(block.marks["file"] in text for text in others) else ""
    if "printed" in block.marks:
        return "compared"
    if block.language == "sh":
        return block.run if block.run in ("demo", "folder", "serve") else ""
    return "read" if block.language in ("json", "toml") else ""


def test_what_is_not_run_is_still_there():
    assert [] == [start for page, start in NOT_RUN if not any(b.text.startswith(start) for b in of(page))]


@pytest.mark.parametrize("block", [b for b in BLOCKS if "from" in b.marks], ids=ids)
def test_what_a_page_shows_of_a_file_stands_there(block):
    """Line by line; how far in is no matter."""
    shown, there = lines(block.text), lines((blocks.ROOT / block.marks["from"]).read_text())

    assert any(shown == there[start : start + len(shown)] for start in range(len(there)))


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    found = Ready(tmp_path_factory.mktemp("ready"), shell.BIN / "mintmark")
    yield found
    found.close()


@pytest.mark.parametrize("page", pages("demo"))
def test_the_commands_of_a_page_work_beside_a_demo(page, tmp_path, ready):
    with shell.demo(tmp_path, ready) as folder:
        paste(page, "demo", folder)


@pytest.mark.parametrize("page", pages("folder"))
def test_the_commands_of_a_page_work_in_an_empty_folder(page, tmp_path, ready):
    paste(page, "folder", shell.Folder(tmp_path, ready))


def paste(page: str, run: str, folder: shell.Folder) -> None:
    for block in of(page):
        if "file" in block.marks:
            (folder.path / block.marks["file"]).write_text(block.text)
    pasted = [block for block in of(page) if block.run == run]
    printed = folder.paste([block.text for block in pasted])
    for block, answer in answers(of(page), "printed"):
        if block.run == run:
            assert timeless(answer.text) == timeless(printed[pasted.index(block)]), answer.where
    for block, answer in answers(of(page)):
        if block.run == run:
            assert shape(json.loads(answer.text)) == shape(json.loads(printed[pasted.index(block)])), answer.where


def answers(found: list[Block], mark: str = "answer") -> list[tuple[Block, Block]]:
    """Each command that a page shows the answer of, with that answer."""
    return [(before, block) for before, block in itertools.pairwise(found) if mark in block.marks]


def timeless(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "MOMENT", text)


def shape(value: Any) -> Any:
    """Members and types, at every depth; the first of a list stands for all of it."""
    match value:
        case dict():
            return {name: shape(member) for name, member in value.items()}
        case [first, *_]:
            return [shape(first)]
        case _:
            return value if value == [] or isinstance(value, bool) else type(value).__name__


@pytest.mark.parametrize("page", pages("serve"))
def test_a_block_that_serves_does_serve(page, tmp_path):
    port = serving.free_port()
    found = next(block for block in of(page) if block.run == "serve")
    url = f"http://localhost:{port}"
    text = found.text.replace("http://localhost:8000", url).replace("mintmark serve", f"mintmark serve --port {port}")
    with shell.serve(shell.Folder(tmp_path), text, url):
        pass


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "json"], ids=ids)
def test_json_is_json(block):
    json.loads(block.text)


# Another program's, or an apply file.
NO_SETTINGS = [b for b in BLOCKS if "from" in b.marks or b.marks.get("file") == "shop.toml"]


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "toml" and b not in NO_SETTINGS], ids=ids)
def test_toml_is_a_settings_file(block, tmp_path):
    tomllib.loads(block.text)
    file = tmp_path / "mintmark.toml"
    file.write_text(block.text)

    Settings.load({"MINTMARK_SEALING_KEYS": sealing.generate()}, file)


@pytest.mark.parametrize("page", blocks.PAGES, ids=lambda path: path.name)
def test_a_link_leads_to_something(page):
    """Files and folders of the tree; a heading only within the page itself."""
    text = page.read_text()
    links = [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'src="([^"]+)"', text)]
    headings = {anchor(line) for line in text.splitlines() if line.startswith("#")}
    missing = [link for link in links if not leads(link, page, headings)]

    assert [] == missing


def leads(link: str, page: Path, headings: set[str]) -> bool:
    if re.match(r"https?://", link):
        return True
    name, _, heading = link.partition("#")
    return (page.parent / name).exists() if name else heading in headings


def anchor(heading: str) -> str:
    words = re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower())
    return words.replace(" ", "-")
