"""The command line. Each command is a module; only the one that was typed is imported, so that `serve` starts fast."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import typer

# A module of `commands` each: with a function of its own name, or with `app`, a set of verbs.
COMMANDS = ("serve", "migrate", "check", "apply", "export", "drift", "backup", "restore", "why")
GROUPS = (
    "users", "clients", "registration", "policies", "keys", "sessions", "throttles", "audit", "webhooks", "outbox",
    "upkeep",
)  # fmt: skip
COMPLETE = "_MINTMARK_COMPLETE"  # set where a shell asks what may follow


def main(typed: Sequence[str] | None = None) -> None:
    """Ends the process with the exit code of the contract. typed: None, what stands behind the program's name."""
    words = list(sys.argv[1:] if typed is None else typed)
    completing = COMPLETE in os.environ
    try:
        application(_being_typed(os.environ) if completing else words, completing=completing)(
            words, prog_name="mintmark"
        )
    except Exception as error:  # noqa: BLE001  `tell` raises again what it does not know
        from mintmark.commands import opening

        sys.exit(opening.tell(error))


def application(words: Sequence[str], *, completing: bool = False) -> typer.Typer:
    """The commands that these words need: the one that they name, or all of them for the help.

    completing: a shell asks what may follow; where that is a command, its name and a line are enough.
    """
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

    @app.callback()
    def mintmark() -> None:
        """An OAuth 2 and OpenID Connect authorization server."""

    named = words[0] if words and words[0] in (*COMMANDS, *GROUPS) else None
    if named is None and (completing or words[:1] in (["--install-completion"], ["--show-completion"])):
        for name in (*COMMANDS, *GROUPS):
            app.command(name, help=_line(name))(_nothing)
        return app
    for name in COMMANDS:
        if named in (name, None):
            app.command(name)(getattr(import_module(f"mintmark.commands.{name}"), name))
    for name in GROUPS:
        if named in (name, None):
            app.add_typer(import_module(f"mintmark.commands.{name}").app, name=name)
    return app


def _being_typed(environ: Mapping[str, str]) -> Sequence[str]:
    """What stands on the line of a shell that asks: bash has its own variable, the others typer's."""
    return (environ.get("COMP_WORDS") or environ.get("_TYPER_COMPLETE_ARGS", "")).split()[1:]


def _line(name: str) -> str:
    """Of a command that is not imported: what the first line of its module says of it."""
    with (Path(__file__).parent / "commands" / f"{name}.py").open(encoding="utf-8") as module:
        return module.readline().strip('" \n').partition("`: ")[2].partition(" (")[0].rstrip(".")


def _nothing() -> None:
    """Stands for a command while its name is being typed."""
