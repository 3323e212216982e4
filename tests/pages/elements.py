"""What a page is made of, for tests that look at it without a browser."""

from html.parser import HTMLParser
from typing import Any

from tests.pages.samples import shown

Attributes = dict[str, Any]  # Any: text, or None of one that has no value, which tests know


class Elements(HTMLParser):
    """Every start tag with its attributes, in order; `labelled` are the fields that stand within a label."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, Attributes]] = []
        self.labelled: list[Attributes] = []
        self._in_label = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.all.append((tag, found))
        self._in_label = self._in_label or tag == "label"
        if self._in_label:
            self.labelled.append(found)

    def handle_endtag(self, tag: str) -> None:
        self._in_label = self._in_label and tag != "label"

    def of(self, *tags: str) -> list[Attributes]:
        return [attributes for tag, attributes in self.all if tag in tags]

    def named(self, name: str) -> list[Attributes]:
        return [attributes for _, attributes in self.all if attributes.get("name") == name]

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.all if "id" in attributes]

    def with_id(self, wanted: str) -> Attributes:
        return next(attributes for _, attributes in self.all if attributes.get("id") == wanted)

    def fields(self) -> list[Attributes]:
        """What a person fills in."""
        return [one for one in self.of("input", "select") if one.get("type") != "hidden" and "hidden" not in one]


def elements(name: str) -> Elements:
    return Elements(shown(name))
