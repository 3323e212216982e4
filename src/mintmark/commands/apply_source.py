"""Where an apply file comes from, in which language, and at which line of it a refusal speaks of something."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mintmark.commands import apply_file, forms
from mintmark.commands.apply_file import ApplyFile
from mintmark.commands.forms import FORMS, Form, Spot, Unreadable
from mintmark.commands.forms.spots import at, find
from mintmark.commands.opening import Refused

LONGEST = 256 << 20  # bytes of an apply file
LONGEST_VALUE = 1 << 20  # bytes of a file that it names
MOST_TOLD = 20  # refusals; whoever has more begins with these
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    name: str  # as people know it
    folder: Path  # where the files lie that it names
    text: str
    form: Form

    def wanted(self) -> ApplyFile:
        """Raises Refused, with lines."""
        try:
            return apply_file.read(self.text, os.environ.__getitem__, self._reader(), self.form)
        except Unreadable as refusal:
            before = f"{self.name}, " if refusal.line is not None else f"{self.name}: "
            raise Refused(before + refusal.sentences[0]) from None
        except Refused as refusal:
            raise self.located(refusal) from None

    def located(self, refusal: Refused) -> Refused:
        """The same, each sentence with the line of the path that it begins with."""
        whole = self.form.spots(self.text)
        told = [self._located(sentence, whole) for sentence in refusal.sentences[:MOST_TOLD]]
        more = len(refusal.sentences) - MOST_TOLD
        return Refused(*told, *([f"and {more} more of the kind"] if more > 0 else []))

    def _located(self, sentence: str, whole: Spot) -> str:
        spot = find(sentence, whole)
        return f"{self.name}: {sentence}" if spot is None else f"{self.name}, {at(spot.line, spot.column)}: {sentence}"

    def _reader(self) -> Callable[[str], str]:
        """A relative path is one beside the apply file."""

        def read(name: str) -> str:
            content = _bytes(self.folder / name, LONGEST_VALUE)
            if len(content) > LONGEST_VALUE:
                raise OSError(f"longer than {LONGEST_VALUE} bytes")
            return content.decode("utf-8")

        return read


def read(file: Path, format: str | None) -> Source:
    """format: json, toml or yaml; None: the file's ending says it."""
    is_stdin = str(file) == STDIN
    name = "stdin" if is_stdin else str(file)
    form = FORMS[format] if format else forms.of_name(name)
    if form is None:
        whose = "stdin has no ending" if is_stdin else f"{name} ends in none of .json, .toml, .yaml and .yml"
        raise Refused(f"{whose}: say --format json, toml or yaml")
    folder = Path() if is_stdin else file.parent
    return Source(name, folder, _text(file, name, is_stdin=is_stdin), form)


def _text(file: Path, name: str, *, is_stdin: bool) -> str:
    try:
        content = sys.stdin.buffer.read(LONGEST + 1) if is_stdin else _bytes(file, LONGEST)
    except OSError as error:
        raise Refused(f"{name} cannot be read: {error.strerror}") from None
    if len(content) > LONGEST:
        raise Refused(f"{name} is longer than {LONGEST} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused(f"{name}, line {line}: this is not UTF-8 text") from None


def _bytes(file: Path, most: int) -> bytes:
    with file.open("rb") as opened:
        return opened.read(most + 1)
