"""The name that somebody just tried to sign in with, carried over the redirect from the form's POST back to the form.

For one showing and a minute, in a cookie that only we could have made for this browser. No password, nothing in a URL.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from mintmark import browser as browsers
from mintmark.browser import Browser
from mintmark.server import Server
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked

AGE = 60  # seconds
LONGEST = 320  # characters, as the form shows: a cookie has 4096 bytes


def keep(server: Server, answer: Answer, browser: Browser, username: str) -> Answer:
    name = username[:LONGEST].encode("utf-8", "surrogatepass")
    mark = server.registry.mac("csrf", _bound(browser, name))
    value = f"{_text(name)}.{_text(mark)}"
    return answer.plus((b"set-cookie", browsers.cookie(server, _cookie(server), value, AGE).encode()))


def find(server: Server, asked: Asked, browser: Browser) -> str | None:
    name, _, mark = asked.cookies.get(_cookie(server), "").partition(".")
    try:
        plain, given = urlsafe_b64decode(name + "=="), urlsafe_b64decode(mark + "==")
        right = server.registry.is_mac("csrf", _bound(browser, plain), given)
        return plain.decode("utf-8", "surrogatepass") if right else None
    except ValueError:
        return None


def forget(server: Server, answer: Answer) -> Answer:
    return answer.plus((b"set-cookie", browsers.cookie(server, _cookie(server), "", 0).encode()))


def _cookie(server: Server) -> str:
    return f"{server.settings.cookie_name}-tried"


def _bound(browser: Browser, name: bytes) -> bytes:
    return b"tried " + browser.name.encode() + b" " + name


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
