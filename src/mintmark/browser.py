"""The browser behind a request: its cookie, its session, and whether a form really came from our page in it."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from mintmark.protocol import ids, session_state
from mintmark.protocol import scope as scopes
from mintmark.protocol.authorization_request import AuthorizationRequest
from mintmark.protocol.errors import ForgedForm
from mintmark.protocol.params import Params
from mintmark.protocol.session import Session
from mintmark.server import Server
from mintmark.store import arrivals, sessions
from mintmark.store.changes import Conflict, Unavailable
from mintmark.store.consents import Consent
from mintmark.store.people import Person
from mintmark.store.requests import KeptRequest
from mintmark.texts import _
from mintmark.wire.answer import Answer
from mintmark.wire.asked import Asked

PREFIX = "mms_"
BETWEEN = "."  # the two parts of the cookie; where there is one part, nobody has signed in, and nothing is looked up
STATE = re.compile(r"[0-9a-f]{32}")
DEVICE_AGE = 400 * 24 * 3600  # seconds: the longest that browsers keep a cookie


@dataclass(frozen=True, slots=True)
class Browser:
    """Its cookie has two parts: which browser it is, and from a sign-in on the secret of a session.

    The first stays when somebody signs in, so that what other tabs have under way goes on; it opens nothing by itself.
    """

    secret: str  # both parts: who knows them has the session
    is_new: bool  # the browser has no cookie of ours yet
    session: Session | None  # live
    person: Person | None
    languages: tuple[str, ...] = ()  # that it asks for, the most wanted first

    @property
    def name(self) -> str:
        return self.secret.partition(BETWEEN)[0]

    @property
    def digest(self) -> bytes:
        """Of the part that stays."""
        return ids.digest(self.name)

    def signed_out(self) -> "Browser":
        """As it is for the sign-in form, which is good whether or not somebody signed in in another tab meanwhile."""
        return replace(self, session=None, person=None)


async def read(server: Server, asked: Asked, now: datetime) -> Browser:
    """Who sits there. A session's last use is written down once a minute."""
    secret = _secret(server, asked)
    if secret is None:
        new = ids.secret(PREFIX, server.random(32))
        return Browser(new, is_new=True, session=None, person=None, languages=asked.languages)
    found = await sessions.find(server.store, ids.digest(secret)) if BETWEEN in secret else None
    return await _of(server, asked, secret, found, now)


async def read_arriving(
    server: Server, asked: Asked, client_id: str, request_id: str, now: datetime
) -> tuple[Browser, Consent | None, KeptRequest | None]:
    """Who sits there, what they allowed this client, and the request: in one go, where somebody may be signed in.

    Where nobody is, the request is not looked for.
    """
    secret = _secret(server, asked)
    if secret is None or BETWEEN not in secret:
        return await read(server, asked, now), None, None
    found = await arrivals.find(server.store, ids.digest(secret), client_id, request_id)
    browser = await _of(server, asked, secret, found.session, now)
    return browser, None if browser.person is None else found.consent, found.kept


def _secret(server: Server, asked: Asked) -> str | None:
    secret = asked.cookies.get(server.settings.cookie_name)
    return None if secret is None or not secret.startswith(PREFIX) or len(secret) > 100 else secret


async def _of(
    server: Server, asked: Asked, secret: str, found: tuple[Session, Person] | None, now: datetime
) -> Browser:
    if found is None or not found[0].is_live(now):
        return Browser(secret, is_new=False, session=None, person=None, languages=asked.languages)
    session, person = found
    await _touch(server, session, person, now)
    return Browser(secret, is_new=False, session=session, person=person, languages=asked.languages)


async def _touch(server: Server, session: Session, person: Person, now: datetime) -> None:
    if not session.wants_touch(now):
        return
    limits = server.registry.session_limits(person.holder.groups, now)
    idle = min(now + limits.session_idle, session.expires_at)
    try:
        await server.commit([sessions.touch(session.id, now, idle)], [], None, now)
    except (Conflict, Unavailable):
        return  # it ended meanwhile, or will be written next time: nothing depends on it


def new_secret(server: Server, browser: Browser) -> str:
    """Of a session: nobody who knew the browser before the sign-in knows it."""
    return ids.secret(browser.name + BETWEEN, server.random(32))


def csrf_token(server: Server, browser: Browser) -> str:
    """Bound to the browser and to its session, which may change its secret, and to nothing another site can know."""
    return urlsafe_b64encode(server.registry.mac("csrf", _bound(browser))).rstrip(b"=").decode()


def _bound(browser: Browser) -> bytes:
    return f"{browser.name} {'' if browser.session is None else browser.session.id}".encode()


def check_form(server: Server, asked: Asked, params: Params, browser: Browser) -> None:
    """Every POST that a cookie carries: from our own page, in this very browser (RFC 9700 §4.7, ASVS 3.5)."""
    site, origin = asked.header(b"sec-fetch-site"), asked.header(b"origin")
    if site is not None and site != "same-origin":
        raise ForgedForm(
            _("This form was sent from another site."), check="sec-fetch-site", expected="same-origin", got=site
        )
    if origin is not None and origin != server.settings.origin and not (origin == "null" and site == "same-origin"):
        raise ForgedForm(
            _("This form was sent from another site."), check="origin", expected=server.settings.origin, got=origin
        )
    given = asked.header(b"x-csrf-token") or params.get("csrf_token") or ""
    if browser.is_new or not server.registry.is_mac("csrf", _bound(browser), _decoded(given)):
        raise ForgedForm(
            _("This form is too old, or was made for another browser. Go back and reload."),
            check="csrf",
            expected="the csrf_token of this browser's form",
            got=given,
        )


def _decoded(token: str) -> bytes:
    try:
        return urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return b""


def with_cookie(server: Server, answer: Answer, secret: str) -> Answer:
    """HttpOnly, for the whole host; Lax, so that the way back from a client still brings it."""
    return answer.plus((b"set-cookie", _cookie(server, server.settings.cookie_name, secret).encode()))


def without_cookie(server: Server, answer: Answer) -> Answer:
    return answer.plus((b"set-cookie", _cookie(server, server.settings.cookie_name, "", age=0).encode()))


def _cookie(server: Server, name: str, value: str, age: int | None = None) -> str:
    settings = server.settings
    same_site = settings.session_cookie_samesite.capitalize()
    parts = [f"{name}={value}", "Path=/" if settings.is_https else f"Path={settings.issuer_path or '/'}", "HttpOnly"]
    parts.append(f"SameSite={same_site}")
    if settings.is_https:
        parts.append("Secure")
    if age is not None:
        parts.append(f"Max-Age={age}")
    return "; ".join(parts)


# ── the browser's state, which scripts may read (OIDC Session Management §3.2)


def state_cookie(server: Server) -> str:
    return f"{server.settings.cookie_name}-state"


def with_state(server: Server, asked: Asked, answer: Answer, session_id: str) -> Answer:
    """A session's state in the cookie, where it is not there yet."""
    state = _state_of(server, session_id)
    return answer if asked.cookies.get(state_cookie(server)) == state else _stated(server, answer, state)


def with_new_state(server: Server, answer: Answer) -> Answer:
    """Nobody's: whoever looks sees that it changed, and not that it could not be read."""
    return _stated(server, answer, server.random(16).hex())


def told_state(server: Server, asked: Asked, browser: Browser, request: AuthorizationRequest) -> list[tuple[str, str]]:
    """`session_state` of the answer to an OpenID request; nothing where it goes to no page of the web."""
    origin = session_state.origin(request.return_address.uri)
    if origin is None or scopes.OPENID not in request.scope:
        return []
    if browser.session is not None:
        state = _state_of(server, browser.session.id)
    else:
        cookie = asked.cookies.get(state_cookie(server), "")
        state = cookie if STATE.fullmatch(cookie) else ""
    return [("session_state", session_state.state(request.client_id, origin, state, server.random(8).hex()))]


def _state_of(server: Server, session_id: str) -> str:
    """Opens nothing, and nobody can tell the session by it."""
    return server.registry.mac("csrf", f"state {session_id}".encode())[:16].hex()


def _stated(server: Server, answer: Answer, state: str) -> Answer:
    """Readable, and in frames of other sites, wherever browsers allow that: only over https."""
    settings = server.settings
    path = "/" if settings.is_https else settings.issuer_path or "/"
    rest = "SameSite=None; Secure" if settings.is_https else "SameSite=Lax"
    return answer.plus((b"set-cookie", f"{state_cookie(server)}={state}; Path={path}; {rest}".encode()))


# ── the link that somebody opened, kept out of the address


LINK_AGE = 3600  # seconds: as long as somebody may think about a new password


def link_cookie(server: Server) -> str:
    return f"{server.settings.cookie_name}-link"


def with_link(server: Server, answer: Answer, secret: str) -> Answer:
    return answer.plus((b"set-cookie", _cookie(server, link_cookie(server), secret, LINK_AGE).encode()))


def without_link(server: Server, answer: Answer) -> Answer:
    return answer.plus((b"set-cookie", _cookie(server, link_cookie(server), "", age=0).encode()))


# ── browsers where somebody signed in before


def device_cookie(server: Server, person_id: str) -> str:
    """One cookie for each account that signed in here."""
    return f"{server.settings.cookie_name}-{sha256(person_id.encode()).hexdigest()[:8]}"


def with_device(server: Server, answer: Answer, person_id: str) -> Answer:
    """Remembers that this account signed in here, so that a stranger's guesses do not keep its owner out."""
    mark = server.registry.mac("device", person_id.encode()).hex()
    return answer.plus((b"set-cookie", _cookie(server, device_cookie(server, person_id), mark, DEVICE_AGE).encode()))


def is_known_device(server: Server, asked: Asked, person_id: str) -> bytes | None:
    """The mark of a browser where this account signed in before; None: a stranger's."""
    given = asked.cookies.get(device_cookie(server, person_id), "")
    try:
        mark = bytes.fromhex(given)
    except ValueError:
        return None
    return mark if server.registry.is_mac("device", person_id.encode(), mark) else None


# ── browsers that need no second factor of a person for a while


def trust_cookie(server: Server, person_id: str) -> str:
    """One cookie for each account that trusts this browser."""
    return f"{device_cookie(server, person_id)}-trust"


def trust_digest(secret: str, person_id: str) -> bytes:
    """Of this browser and this person: the same secret in another account's cookie is none."""
    return sha256(f"{secret} {person_id}".encode("utf-8", "surrogatepass")).digest()


def with_trust(server: Server, answer: Answer, person_id: str, secret: str, lasts: timedelta) -> Answer:
    cookie = _cookie(server, trust_cookie(server, person_id), secret, int(lasts.total_seconds()))
    return answer.plus((b"set-cookie", cookie.encode()))


def compare(one: bytes | None, other: bytes) -> bool:
    """Constant time."""
    return one is not None and hmac.compare_digest(one, other)
