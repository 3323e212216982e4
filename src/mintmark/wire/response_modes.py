"""How an answer travels back to the client: a function a response mode (OAuth 2.0 Multiple Response Types §2.1)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from mintmark.protocol.return_address import ReturnAddress
from mintmark.server import Server
from mintmark.wire.answer import Answer, redirect

Members: TypeAlias = Sequence[tuple[str, str]]
Mode: TypeAlias = Callable[[Server, ReturnAddress, Members, Sequence[str]], Answer]


def query(server: Server, address: ReturnAddress, members: Members, wanted: Sequence[str]) -> Answer:
    return redirect(address.with_query(members))


def fragment(server: Server, address: ReturnAddress, members: Members, wanted: Sequence[str]) -> Answer:
    return redirect(address.with_fragment(members))


def form_post(server: Server, address: ReturnAddress, members: Members, wanted: Sequence[str]) -> Answer:
    """A page with a form that sends itself, or by its button where no script runs (OAuth 2.0 Form Post §2, §4)."""
    language = server.languages.best(wanted)
    body = server.pages.page(
        "form_post.html", language, action=address.uri, members=members, redirect_host=address.host
    )
    headers = server.pages.headers((address.form_action,), here=False)
    return Answer(200, tuple((name.encode(), value.encode()) for name, value in headers), body)


MODES: Mapping[str, Mode] = MappingProxyType({"query": query, "fragment": fragment, "form_post": form_post})


def answer(server: Server, mode: str, address: ReturnAddress, members: Members, wanted: Sequence[str] = ()) -> Answer:
    """To the client by way of its browser. mode: one that was checked. wanted: languages, should a page be needed."""
    return MODES[mode](server, address, members, wanted)
