"""`mintmark migrate`: the database gets this version's tables (contract, "Commands")."""

from typing import Annotated

import typer

from mintmark.commands import opening

PlanOption = Annotated[bool, typer.Option("--plan", help="Only say what is missing; exit 3 if it is something.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def migrate(plan: PlanOption = False, json: JsonOption = False) -> None:
    """Bring the database to this version's schema."""
    settings = opening.load()
    from mintmark.store import migrate as migrations

    url = settings.database_url.get_secret_value()
    steps = migrations.pending(url) if plan else migrations.migrate(url)
    if json:
        opening.show({"revision": migrations.HEAD, "pending" if plan else "applied": steps})
    else:
        for step in steps:
            opening.print_line(f"{'missing' if plan else 'applied'}: {step}")
        if not steps:
            opening.print_line(f"nothing to do: the database is at revision {migrations.HEAD}")
    if plan and steps:
        raise typer.Exit(opening.CHANGES)
