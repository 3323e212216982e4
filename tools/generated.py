"""The pages that are made from the code, and whether they are fresh: `generated.py --check`, `generated.py --write`."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def settings() -> str:
    return str(importlib.import_module("mintmark.settings").page())


def commands() -> str:
    application = importlib.import_module("mintmark.cli").application([])
    return str(importlib.import_module("mintmark.commands.reference").page(application))


def troubleshooting() -> str:
    """Written by hand, but for its table of checks."""
    start, end = "<!-- checks -->\n", "<!-- end of checks -->"
    before, _, rest = (ROOT / "docs" / "troubleshooting.md").read_text().partition(start)
    table = str(importlib.import_module("mintmark.explanations").page())
    return f"{before}{start}{table}{end}{rest.partition(end)[2]}"


def events() -> str:
    """Every event, in the order of the code: a table."""
    found = importlib.import_module("mintmark.events")
    kinds = [kind for kind in vars(found).values() if isinstance(kind, type) and issubclass(kind, found.Event)]
    rows = [event_row(found, kind) for kind in kinds if kind not in (found.Event, found.Observation)]
    return "\n".join(("| event | what happened | outcome | its own members |", "|---|---|---|---|", *rows, ""))


def event_row(found: Any, kind: Any) -> str:  # Any: a module, and a class of it
    own = " ".join(f"`{name}`" for name in found.own(kind)) or "none"
    written = "" if kind.changes_state else ", observed"
    return f"| `{found.name_of(kind)}` | {' '.join(kind.__doc__.split())} | {kind.outcome}{written} | {own} |"


def metrics() -> str:
    return str(importlib.import_module("mintmark.metrics.page").page())


def admin_api() -> str:
    return str(importlib.import_module("mintmark.admin.reference").page())


def apply_schema() -> str:
    schema = importlib.import_module("mintmark.commands.apply_schema").document()
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


# A page, and what makes its text.
PAGES: dict[str, Callable[[], str]] = {
    "docs/settings.md": settings,
    "docs/reference/commands.md": commands,
    "docs/troubleshooting.md": troubleshooting,
    "docs/events.md": events,
    "docs/reference/metrics.md": metrics,
    "docs/reference/admin-api.md": admin_api,
    "docs/reference/apply.schema.json": apply_schema,
}


def catalogues() -> Iterator[tuple[str, bytes]]:
    """Each language's, and what it compiles to."""
    made = importlib.import_module("catalogues")
    for tag in made.tags():
        yield f"{made.path(tag, 'po').relative_to(ROOT)}", made.written(tag).encode()
        yield f"{made.path(tag, 'mo').relative_to(ROOT)}", made.compiled(tag)


def main(verb: str) -> int:
    stale = []
    for name, content in (*((name, make().encode()) for name, make in PAGES.items()), *catalogues()):
        path = ROOT / name
        if path.exists() and path.read_bytes() == content:
            continue
        stale.append(name)
        if verb == "--write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    if stale:
        print("written:" if verb == "--write" else "not fresh, `make format` mends it:", ", ".join(stale))
    return int(bool(stale) and verb != "--write")


if __name__ == "__main__":
    if sys.argv[1:] not in (["--check"], ["--write"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
