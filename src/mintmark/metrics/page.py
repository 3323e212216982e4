"""The reference page of the documentation, made from the families so that the two cannot differ."""

from collections.abc import Iterator

from mintmark.metrics.families import GROUPS, Family

SEVERAL = {"sum": "added up", "max": "the greatest", "min": "the least"}


def page() -> str:
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Metrics"
    yield ""
    yield "What `/metrics` shows; [observability](../observability.md) says who may ask, and what it is good for. With"
    yield "several workers on one host the answer is about all of them: the last column says what their values become."
    for title, families in GROUPS.items():
        yield from (
            "",
            f"## {title}",
            "",
            "| metric | kind | labels | what it is | several workers |",
            "|---|---|---|---|---|",
        )
        yield from map(_row, families)
    yield ""


def _row(family: Family) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels)
    return f"| `{family.name}` | {family.kind} | {labels} | {family.help} | {SEVERAL[family.several]} |"
