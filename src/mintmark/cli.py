"""The command line. Each command is a module; only the one that was typed is imported, so that `serve` starts fast."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

# A module of `commands` each: with a function of its own name, or with `app`, a set of verbs.
COMMANDS = ("serve", "migrate", "check", "apply", "export", "drift")
GROUPS = ("users", "clients", "policies", "keys", "sessions", "audit")


def main(typed: Sequence[str] | None = None) -> None:
    """Ends the process with the exit code of the contract. typed: None, what stands behind the program's name."""
    words = list(sys.argv[1:] if typed is None else typed)
    try:
        application(words)(words, prog_name="mintmark")
    except Exception as error:  # noqa: BLE001  `tell` raises again what it does not know
        from mintmark.commands import opening

        sys.exit(opening.tell(error))


def application(words: Sequence[str]) -> typer.Typer:
    """The commands that these words need: the one that they name, or all of them for the help."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

    @app.callback()
    def mintmark() -> None:
        """An OAuth 2 and OpenID Connect authorization server."""

    named = words[0] if words and words[0] in (*COMMANDS, *GROUPS) else None
    for name in COMMANDS:
        if named in (name, None):
            app.command(name)(getattr(import_module(f"mintmark.commands.{name}"), name))
    for name in GROUPS:
        if named in (name, None):
            app.add_typer(import_module(f"mintmark.commands.{name}").app, name=name)
    return app
