"""`mintmark check`: the settings in effect, what is wrong and what is unwise (contract, "Commands")."""


def check() -> None:
    """Show the effective settings."""
