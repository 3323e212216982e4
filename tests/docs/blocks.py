"""The code blocks of the pages, and what the comments above each say is to be done with it.

<!-- run: demo -->      pasted, with the page's others in order, beside a demo server of the page's own
<!-- paste -->          the same; `.ci/run` pastes these from a clean clone, too
<!-- run: folder -->    pasted, with the page's others in order, in a folder without a server
<!-- run: WORD -->      what test_code_blocks.py knows under that word
<!-- from: PATH -->     stands so in that file of the tree, which a test runs
<!-- file: NAME -->     lies in the page's folder under that name before anything is pasted
<!-- printed -->        text that the command above it has printed, but for moments
<!-- answer -->         JSON with the members, and the types, of what the command above it has printed
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_COMMENT = re.compile(r"<!-- ([a-z]+)(?:: (.+?))? -->")


@dataclass(frozen=True)
class Block:
    page: str
    line: int  # of its first fence
    language: str  # "" where nobody said
    marks: dict[str, str]
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def run(self) -> str:
        return "demo" if "paste" in self.marks else self.marks.get("run", "")


def of(text: str, page: str) -> Iterator[Block]:
    """A fence may be indented, as below an item of a list; its block is what stands as far in."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        fence = re.fullmatch(r"( *)(```+)(.*)", lines[number])
        if fence is None:
            number += 1
            continue
        indent, ticks, language = fence.groups()
        end = next(n for n in range(number + 1, len(lines)) if lines[n].strip() == ticks)
        body = "".join(f"{line.removeprefix(indent)}\n" for line in lines[number + 1 : end])
        yield Block(page, number + 1, language.strip(), _marks(lines[:number]), body)
        number = end + 1


def _marks(above: list[str]) -> dict[str, str]:
    """Of the comments that stand right above the fence."""
    found: dict[str, str] = {}
    for line in reversed(above):
        comment = _COMMENT.fullmatch(line.strip())
        if comment is None:
            break
        found[comment[1]] = comment[2] or ""
    return found


def all_blocks() -> list[Block]:
    return [block for path in PAGES for block in of(path.read_text(), str(path.relative_to(ROOT)))]
