"""Lists as a person reads them on a terminal; a pipe gets plain columns, and never this."""

from collections.abc import Sequence


def show(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Long cells are folded, so that nothing is cut off that somebody may want to copy."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.upper().replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: what stands in brackets is no markup
    Console(highlight=False, soft_wrap=False).print(table)
