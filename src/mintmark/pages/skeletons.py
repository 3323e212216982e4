"""Sign-in pages that nobody has filled in differ in their tokens alone: one is rendered, and tokens are put into it.

What a person typed or a letter brought is rendered each time, and so is every page of an operator's own making, which
may do with a token what it likes.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType

from mintmark.languages import Language

Render = Callable[[str, Language, Mapping[str, object]], str]

TOKENS = ("csrf_token", "request")  # of a browser, and of a request
# Pages that are kept, each with what must not be there.
KEPT = MappingProxyType({"sign_in.html": ("username", "message", "step", "fresh", "useless")})
MOST = 64  # of a few apps, in a few languages
# Nothing of it is escaped in HTML or in an address: it looks the same wherever it stands.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")


class Skeletons:
    """Of one issuer. The oldest gives way to the newest."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._marks = {name: secrets.token_urlsafe(32) for name in TOKENS}  # stand where tokens will
        self._mark = re.compile(f"({'|'.join(self._marks.values())})")
        self._kept: dict[object, list[str]] = {}

    def page(self, template: str, language: Language, context: Mapping[str, object]) -> str:
        """What rendering makes of it."""
        if template not in KEPT or any(context.get(name) for name in KEPT[template]):
            return self._render(template, language, context)
        tokens = {name: found for name in TOKENS if (found := _token(context.get(name))) is not None}
        marked = self._marked(context, tokens)
        key = (template, language.tag, language.catalogue, *marked, *map(_frozen, marked.values()))
        parts = self._kept.get(key)
        if parts is None:
            parts = self._mark.split(self._render(template, language, marked))
            self._keep(key, parts)
        by_mark = {self._marks[name]: token for name, token in tokens.items()}
        return "".join([by_mark.get(part, part) for part in parts])

    def _marked(self, context: Mapping[str, object], tokens: Mapping[str, str]) -> Mapping[str, object]:
        """With marks for tokens, also within an address that is in the context."""
        found: dict[str, object] = {}
        for name, value in context.items():
            if type(value) is str:
                for one, token in tokens.items():
                    value = value.replace(token, self._marks[one])  # noqa: PLW2901
            found[name] = value
        return found

    def _keep(self, key: object, parts: list[str]) -> None:
        if len(self._kept) >= MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = parts


def _token(value: object) -> str | None:
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


def _frozen(value: object) -> object:
    """Something that is equal where this is, and can be looked up."""
    if type(value) is dict:
        return (*value, *map(_frozen, value.values()))
    return tuple(map(_frozen, value)) if type(value) is list or type(value) is tuple else value
