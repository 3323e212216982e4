"""The page of all commands, made from what typer knows of them, so that it cannot be out of date (docs/reference)."""

import re
from collections.abc import Iterator
from typing import Any

import typer

EXIT_CODES = (
    ("0", "done; of `check`, nothing is wrong"),
    ("1", "refused, or a fault was found; each sentence on stderr says what to do next. Nothing was changed"),
    ("2", "a mistake of usage: an unknown option, a missing argument"),
    ("3", "`--plan` has changes"),
    ("4", "what was named does not exist"),
    ("5", "the database cannot be reached"),
)
HEAD = """# Commands

<!-- Made by tools/generated.py from the commands themselves: change those, and run make format. -->

Every command reads the [settings](../settings.md) from the environment or from `mintmark.toml`. Answers go to stdout,
everything else to stderr; on a terminal lists are tables, in a pipe plain columns. `--json` answers one object, or
`{"items": […]}`. A secret is read from stdin or shown once, and is never an argument. `mintmark --install-completion`
teaches your shell the commands and their options.

## Exit codes

| code | meaning |
|---|---|
"""
Command = Any  # one of typer's own, whose classes it keeps to itself


def page(app: typer.Typer) -> str:
    """Of an application with all of its commands."""
    root = typer.main.get_command(app)
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES)
    return HEAD + codes + "".join(_command(root, ("mintmark",)))


def _command(command: Command, names: tuple[str, ...]) -> Iterator[str]:
    """Its section, and those of the commands under it."""
    context = command.make_context(names[-1], [], resilient_parsing=True)
    under = getattr(command, "commands", {})
    if len(names) > 1:
        level = "#" * len(names)
        usage = " ".join([*names, *command.collect_usage_pieces(context)])
        yield f"\n{level} `{' '.join(names)}`\n\n{_words(command.help or '')}\n"
        if not under:
            yield f"\n    {usage}\n"
            yield from _parameters(command, context)
    for name in under:
        yield from _command(under[name], (*names, name))


def _parameters(command: Command, context: Any) -> Iterator[str]:
    records = (one.get_help_record(context) for one in command.get_params(context) if one.name != "help")
    rows = [record for record in records if record is not None]  # None: hidden
    if rows:
        yield "\n| argument or option | meaning |\n|---|---|\n"
        yield from (f"| `{_words(name)}` | {_words(meaning)} |\n" for name, meaning in rows)


def _words(text: str) -> str:
    """On one line, and harmless inside a table."""
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")
