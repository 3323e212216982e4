"""Pastes a page's own commands against a running server, as a reader would, and stops at the first that fails.

    python tools/paste_readme.py README.md [--directory CHECKOUT]

A block counts when it is tagged ```sh and stands right under the comment <!-- paste -->. All blocks of a page run in
one bash, in order, in the checkout's top folder, so that a later block may use what an earlier one has set.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"^<!-- paste -->\s*\n```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[str]:
    return BLOCK.findall(page)


def script(found: list[str]) -> str:
    """One bash script: `set -eu`, each block announced, a pipe failing when any part of it does."""
    lines = ["set -eu -o pipefail"]
    for number, block in enumerate(found, 1):
        lines += [f"printf '\\n--- block {number} of {len(found)}\\n' >&2", block]
    return "\n".join(lines) + "\n"


def paste(found: list[str], directory: Path) -> int:
    with tempfile.TemporaryDirectory() as home:
        # A curl that is refused stops the run, as it would stop the reader: curl by itself calls a 400 a success.
        (Path(home) / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
        pasted = subprocess.run(
            ["bash", "-eu", "-c", script(found)],
            cwd=directory,
            env={**os.environ, "CURL_HOME": home},
            stdin=subprocess.DEVNULL,
            check=False,
        )
    return pasted.returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--directory", type=Path, default=Path.cwd())
    asked = parser.parse_args()
    found = blocks((asked.directory / asked.page).read_text())
    if not found:
        print(f"{asked.page} has no block under <!-- paste -->", file=sys.stderr)
        return 1
    failed = paste(found, asked.directory)
    ending = f"one ended with {failed}" if failed else "all of them worked"
    print(f"{asked.page}: {len(found)} blocks pasted, {ending}")
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
