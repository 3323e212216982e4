"""The pages that are made from the code, and whether they are fresh: `generated.py --check`, `generated.py --write`."""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def settings() -> str:
    return str(importlib.import_module("mintmark.settings").page())


def apply_schema() -> str:
    schema = importlib.import_module("mintmark.commands.apply_schema").document()
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


# A page, and what makes its text.
PAGES: dict[str, Callable[[], str]] = {
    "docs/settings.md": settings,
    "docs/reference/apply.schema.json": apply_schema,
}


def main(verb: str) -> int:
    stale = []
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if verb == "--write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        print("written:" if verb == "--write" else "not fresh, `make format` mends it:", ", ".join(stale))
    return int(bool(stale) and verb != "--write")


if __name__ == "__main__":
    if sys.argv[1:] not in (["--check"], ["--write"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
