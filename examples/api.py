"""A resource server: an API that lets in access tokens of one issuer that are meant for it, and nothing else.

`make demo` starts it beside the server and the app. By itself: `ISSUER=… AUDIENCE=… uvicorn examples.api:app`.
"""

import os
import time
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ.get("AUDIENCE", f"{ISSUER}/demo")  # this API, as it is registered at the issuer
ALGORITHMS = ["ES256"]  # what this API expects, whatever a token's header says
RECENT = int(os.environ.get("RECENT", "300"))  # seconds: erasing wants somebody who signed in no longer ago
TWO_FACTORS = ("urn:mintmark:acr:2", "urn:mintmark:acr:phr")  # publishing wants one of them, and asks for the first

Claims = dict[str, Any]

app = FastAPI(title="Notes")
keys = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json")  # keeps them; asks again for one that it does not know
bearer = HTTPBearer(auto_error=False)  # the header alone: no token is read from a query string
notes: dict[str, list[str]] = {}
published: dict[str, list[str]] = {}


def challenge(status: int, error: str = "", description: str = "", **parameters: object) -> HTTPException:
    """What tells a client what to do next (RFC 6750 §3). No error where nobody tried: just what is wanted."""
    told = {"realm": "notes", "error": error, "error_description": description, **parameters}
    header = ", ".join(f'{name}="{value}"' for name, value in told.items() if value != "")
    return HTTPException(status, description or "an access token is needed", {"WWW-Authenticate": f"Bearer {header}"})


def claims(sent: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Claims:
    """What a good access token says (RFC 9068 §4). A plain function, so that a fetch of the keys holds nobody up."""
    if sent is None:
        raise challenge(401)
    try:
        key = keys.get_signing_key_from_jwt(sent.credentials)
        token = jwt.decode_complete(
            sent.credentials,
            key,
            algorithms=ALGORITHMS,
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": ["iss", "aud", "exp", "iat", "sub", "jti", "client_id"]},
        )
        # An ID token is for an app, and a logout token for nobody's API.
        if str(token["header"].get("typ")).lower().removeprefix("application/") != "at+jwt":
            raise jwt.InvalidTokenError("not an access token")
    except jwt.PyJWKClientConnectionError as error:
        raise HTTPException(503, "the issuer's keys cannot be read", {"Retry-After": "5"}) from error
    except jwt.PyJWTError as error:
        raise challenge(401, "invalid_token", "the access token is expired, forged, or for somebody else") from error
    found: Claims = token["payload"]
    return found


class Needs:
    """A dependency for one scope: `Depends(Needs("demo:read"))`."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    def __call__(self, token: Annotated[Claims, Depends(claims)]) -> Claims:
        if self.scope not in str(token.get("scope", "")).split():
            raise challenge(403, "insufficient_scope", f"{self.scope} is needed", scope=self.scope)
        return token


def now() -> float:
    return time.time()


class NeedsRecent(Needs):
    """A dependency that wants the person to have signed in lately, too: step-up authentication (RFC 9470 §3)."""

    def __init__(self, scope: str, seconds: int) -> None:
        super().__init__(scope)
        self.seconds = seconds

    def __call__(self, token: Annotated[Claims, Depends(claims)], moment: Annotated[float, Depends(now)] = 0) -> Claims:
        super().__call__(token)
        if token.get("auth_time", 0) + self.seconds < moment:
            words = "the sign-in is too long ago"
            raise challenge(401, "insufficient_user_authentication", words, max_age=self.seconds)
        return token


class NeedsLevel(Needs):
    """A dependency that wants a sign-in of some level, too. A stronger one than what it asks for will do."""

    def __init__(self, scope: str, levels: tuple[str, ...]) -> None:
        super().__init__(scope)
        self.levels = levels

    def __call__(self, token: Annotated[Claims, Depends(claims)]) -> Claims:
        super().__call__(token)
        if token.get("acr") not in self.levels:
            words = "a second factor is needed"
            raise challenge(401, "insufficient_user_authentication", words, acr_values=self.levels[0])
        return token


@app.get("/notes")
def read(token: Annotated[Claims, Depends(Needs("demo:read"))]) -> list[str]:
    return notes.get(token["sub"], [])


@app.post("/notes", status_code=201)
def write(note: dict[str, str], token: Annotated[Claims, Depends(Needs("demo:write"))]) -> list[str]:
    notes.setdefault(token["sub"], []).append(note.get("text", "")[:200])
    return notes[token["sub"]]


@app.delete("/notes")
def erase(token: Annotated[Claims, Depends(NeedsRecent("demo:write", RECENT))]) -> list[str]:
    notes.pop(token["sub"], None)
    return []


@app.post("/published", status_code=201)
def publish(token: Annotated[Claims, Depends(NeedsLevel("demo:write", TWO_FACTORS))]) -> list[str]:
    """For everybody to read, and so nothing that a stolen password should do."""
    published[token["sub"]] = list(notes.get(token["sub"], []))
    return published[token["sub"]]


@app.get("/published")
def read_published() -> list[str]:
    return [note for some in published.values() for note in some]
