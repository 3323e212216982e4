"""A relying party: a web application that signs people in, and calls an API for them. The protocol is in oidc.py.

Tokens stay on this side: a browser holds one random cookie. `make demo` starts it beside the server and the API.
By itself: `ISSUER=… CLIENT_ID=… CLIENT_SECRET=… APP_URL=… API_URL=… uvicorn examples.web_app:app`.
"""

import os
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import parse_qsl

import httpx2
import jwt
from fastapi import Cookie, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from examples.oidc import Issuer, Leaving, SignInFailed

APP_URL, API_URL = os.environ["APP_URL"], os.environ["API_URL"]
SCOPE = os.environ.get("SCOPE", "openid profile email demo:read demo:write")
AFTER_SIGN_OUT = os.environ.get("AFTER_SIGN_OUT", f"{APP_URL}/callback")  # the demo's client has this address alone
SECURE = APP_URL.startswith("https:")
VISIT, LEAVING = ("__Host-visit", "__Host-leaving") if SECURE else ("visit", "leaving")
EARLY = 30  # seconds before its end in which an access token is not used any more

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Call:
    """What the API is asked for; once more, after a sign-in such as it wants."""

    method: str
    path: str = "/notes"
    body: dict[str, str] | None = None


@dataclass(frozen=True)
class Sent:
    """Somebody who was sent to the issuer."""

    leaving: Leaving
    call: Call | None = None  # what they wanted here, and the API wants a better sign-in for
    subject: str = ""  # who that was


@dataclass
class Visit:
    """Somebody who is signed in here."""

    claims: dict[str, Any]  # of the ID token, and of UserInfo
    tokens: dict[str, Any]
    stale_at: float  # when the access token is to be refreshed
    refused: str = ""  # what the API would not do after this very sign-in, to be told once
    lock: threading.Lock = field(default_factory=threading.Lock)


class Kept(Generic[Kind]):
    """Things by a random cookie, in memory: an application of several processes keeps them in its database."""

    def __init__(self, lifetime: float, most: int) -> None:
        self.lifetime, self.most = lifetime, most  # seconds; strangers begin as many sign-ins as they like
        self.found: dict[str, tuple[float, Kind]] = {}  # the oldest first

    def keep(self, value: Kind) -> str:
        key = secrets.token_urlsafe(32)
        self.found[key] = (time.monotonic() + self.lifetime, value)
        while len(self.found) > self.most:
            self.found.pop(next(iter(self.found)), None)
        return key

    def find(self, key: str) -> Kind | None:
        ends_at, value = self.found.get(key, (0.0, None))
        return value if time.monotonic() < ends_at else None

    def take(self, key: str) -> Kind | None:
        """Of two at once, one gets it."""
        ends_at, value = self.found.pop(key, (0.0, None))
        return value if time.monotonic() < ends_at else None


app = FastAPI(openapi_url=None)
issuer = Issuer(os.environ["ISSUER"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], f"{APP_URL}/callback")
visits, leavings = Kept[Visit](8 * 3600, 100_000), Kept[Sent](1800, 10_000)
VisitCookie = Annotated[str, Cookie(alias=VISIT)]
LeavingCookie = Annotated[str, Cookie(alias=LEAVING)]

PAGE = Environment(autoescape=True).from_string(
    """<!doctype html><html lang="en"><meta charset="utf-8"><title>Notes</title><h1>Notes</h1>
{% if problem %}<p id="problem">{{ problem }}</p>{% endif %}
{% if visit %}
<p>Hello, <b id="name">{{ visit.claims.name or visit.claims.sub }}</b>.</p>
<ul>{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
<form method="post" action="/notes"><input name="text" required> <button id="write">Write</button></form>
<form method="post" action="/publish"><button id="publish">Publish</button></form>
<form method="post" action="/erase"><button id="erase">Erase all</button></form>
<form method="post" action="/sign-out"><button id="leave">Sign out</button></form>
{% else %}<p><a id="enter" href="/sign-in">Sign in</a></p>{% endif %}</html>"""
)


def page(visit: Visit | None = None, notes: list[str] | None = None, problem: str = "", status: int = 200) -> Response:
    text = PAGE.render(visit=visit, notes=notes or [], problem=problem)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return HTMLResponse(text, status, headers)


def set_cookie(answer: Response, name: str, value: str, max_age: int | None = None) -> None:
    """Lax: it comes along when the issuer sends the browser back, and with no other site's POST."""
    answer.set_cookie(name, value, max_age=max_age, path="/", secure=SECURE, httponly=True, samesite="lax")


@app.get("/")
def home(visit: VisitCookie = "") -> Response:
    found = visits.find(visit)
    if found is None:
        return page()
    refused, found.refused = found.refused, ""
    return page(found, problem=refused) if refused else call(Call("GET"), visit)


@app.get("/sign-in")
def sign_in() -> Response:
    return leave(SCOPE)


def leave(scope: str, call: Call | None = None, subject: str = "", **more: str) -> Response:
    address, leaving = issuer.leave(scope, **more)
    answer = RedirectResponse(address, 303)
    set_cookie(answer, LEAVING, leavings.keep(Sent(leaving, call, subject)), max_age=1800)
    return answer


@app.get("/callback")
def callback(request: Request, leaving: LeavingCookie = "", visit: VisitCookie = "") -> Response:
    answer = request.query_params
    if not answer.keys() & {"code", "error"}:  # back from the sign-out
        return RedirectResponse("/", 303)
    sent = leavings.take(leaving)
    tokens, claims = issuer.come_back(answer, sent.leaving if sent else None)
    visits.take(visit)
    signed_in = Visit(claims, tokens, stale_at(tokens))
    if sent and sent.call and sent.subject == claims["sub"]:  # not for another person who came back instead
        answered = ask(signed_in, sent.call)
        # Once is enough: whoever is refused with a new sign-in will be refused with the next.
        signed_in.refused = "" if answered.is_success else refusal(answered)
    back = RedirectResponse("/", 303)
    set_cookie(back, VISIT, visits.keep(signed_in))  # a new value: what somebody planted before is worth nothing
    back.delete_cookie(LEAVING, path="/", secure=SECURE, httponly=True, samesite="lax")
    return back


def stale_at(tokens: dict[str, Any]) -> float:
    return time.monotonic() + float(tokens.get("expires_in", 0)) - EARLY


async def form(request: Request) -> dict[str, str]:
    """What a plain form sent. (FastAPI's own `Form()` wants the package python-multipart.)"""
    return dict(parse_qsl((await request.body()).decode()))


Form = Annotated[dict[str, str], Depends(form)]


@app.post("/notes")
def write(sent: Form, visit: VisitCookie = "") -> Response:
    return call(Call("POST", body={"text": sent.get("text", "")}), visit)


@app.post("/publish")
def publish(visit: VisitCookie = "") -> Response:
    return call(Call("POST", "/published"), visit)


@app.post("/erase")
def erase(visit: VisitCookie = "") -> Response:
    return call(Call("DELETE"), visit)


def call(wanted: Call, key: str) -> Response:
    """Asks the API in the person's name, and does what its challenge says."""
    visit = visits.find(key)
    if visit is None:
        return leave(SCOPE)
    try:
        answer = ask(visit, wanted)
    except SignInFailed as failure:
        if failure.error != "invalid_grant":
            raise
        visits.take(key)  # it was ended at the issuer
        return leave(SCOPE)
    if answer.is_success:
        return page(visit, answer.json())
    told, subject = challenge(answer), visit.claims["sub"]
    match told.get("error"):
        case "insufficient_user_authentication":  # RFC 9470 §4
            stronger = {name: told[name] for name in ("acr_values", "max_age") if name in told}
            return leave(SCOPE, wanted, subject, **stronger)
        case "insufficient_scope":
            return leave(f"{SCOPE} {told.get('scope', '')}".strip(), wanted, subject)
        case "invalid_token":
            return leave(SCOPE, wanted, subject)
    return page(visit, problem=refusal(answer))


def ask(visit: Visit, wanted: Call) -> httpx2.Response:
    bearer = {"Authorization": f"Bearer {access_token(visit)}"}
    return issuer.http.request(wanted.method, f"{API_URL}{wanted.path}", json=wanted.body, headers=bearer)


def refusal(answer: httpx2.Response) -> str:
    return f"The API refuses this: {challenge(answer).get('error_description', answer.status_code)}."


def challenge(answer: httpx2.Response) -> dict[str, str]:
    """The parameters of `WWW-Authenticate: Bearer`."""
    return dict(re.findall(r'([a-z_]+)="([^"]*)"', answer.headers.get("www-authenticate", "")))


def access_token(visit: Visit) -> str:
    """A fresh one. One request of a visit refreshes, the others wait for what it gets."""
    with visit.lock:
        if visit.stale_at < time.monotonic() and "refresh_token" in visit.tokens:
            visit.tokens = issuer.refresh(visit.tokens, visit.claims["sub"])
            visit.stale_at = stale_at(visit.tokens)
        return str(visit.tokens["access_token"])


@app.post("/sign-out")
def sign_out(visit: VisitCookie = "") -> Response:
    """Here first, whatever becomes of the rest; then there."""
    found = visits.take(visit)
    answer = RedirectResponse((found and issuer.sign_out(found.tokens, AFTER_SIGN_OUT)) or "/", 303)
    answer.delete_cookie(VISIT, path="/", secure=SECURE, httponly=True, samesite="lax")
    return answer


@app.post("/backchannel-logout")
def backchannel_logout(sent: Form) -> Response:
    """The issuer says that a session is over. Its `backchannel_logout_uri` of this client leads here."""
    try:
        sid, sub = issuer.signed_out(sent.get("logout_token", ""))
    except jwt.PyJWTError:
        return Response(status_code=400, headers={"Cache-Control": "no-store"})
    for key, (_, visit) in list(visits.found.items()):
        if visit.claims.get("sid") == sid if sid else visit.claims["sub"] == sub:
            visits.take(key)
    return Response(headers={"Cache-Control": "no-store"})


@app.exception_handler(SignInFailed)
def failed(_: Request, error: SignInFailed) -> Response:
    return page(problem=f"You are not signed in: {error}.", status=400)


@app.exception_handler(jwt.PyJWTError)
def forged(_: Request, error: jwt.PyJWTError) -> Response:
    return page(problem="You are not signed in: the issuer's answer cannot be trusted.", status=502)


@app.exception_handler(httpx2.HTTPError)
def out_of_reach(_: Request, error: httpx2.HTTPError) -> Response:
    return page(problem="The issuer or the API does not answer; try again in a moment.", status=503)
