"""The JSON doors as apps and APIs use them: every method, header and body arrives, and every answer comes back."""

import httpx2

from mintmark.outside import pages, visit
from mintmark.outside.findings import Findings
from mintmark.outside.visit import Visitor

ELSEWHERE = "https://app.example"  # an app's origin
BIG = 48 * 1024  # bytes of a body that Mintmark takes
LONG = 6000  # characters of a query that an app may need
WRONG = {"grant_type": "client_credentials", "client_id": pages.NO_SUCH_CLIENT, "client_secret": "x"}


def look(visitor: Visitor, found: Findings) -> None:
    answer = visitor.post("/token", WRONG, origin=ELSEWHERE, accept_encoding="gzip, deflate, br, zstd")
    if answer is not None and answer.is_redirect:
        fault = f"POST /token is redirected ({answer.status_code}): clients send a GET after that, without their form."
        found.fault("post-redirect", fault, "Answer POST where it arrives: no redirect to a host, a slash or https.")
        return
    if answer is None or not visit.is_json(answer) or "error" not in visit.document(answer):
        said = "no answer" if answer is None else f"status {answer.status_code}, {_type(answer)}"
        fault = f"/token is not answered by Mintmark ({said})."
        found.fault("token", fault, "Pass POST /token on, and pass answers of 400 and 401 back as they are.")
        return
    pages.not_stored(found, answer, "/token")
    if "content-encoding" in answer.headers:
        pages.compressed(found, "An answer of /token")
    _kept(visitor, found, answer)
    _cors(visitor, found, answer)
    _authorization(visitor, found)
    _sizes(visitor, found)


def _type(answer: httpx2.Response) -> str:
    return str(answer.headers.get("content-type", "no content type"))[:60]


def _kept(visitor: Visitor, found: Findings, answer: httpx2.Response) -> None:
    """Another question has another answer."""
    other = visitor.ask("POST", f"{visitor.issuer}/token", headers={"content-type": "text/plain"}, content=b"x")
    if other is not None and other.content == answer.content:
        pages.kept(found, "An answer of /token is given to the next who asks")


def _cors(visitor: Visitor, found: Findings, answer: httpx2.Response) -> None:
    """What any origin may read says so once (contract: CORS *)."""
    asking = {"origin": ELSEWHERE, "access-control-request-method": "POST"}
    preflight = visitor.ask(
        "OPTIONS", f"{visitor.issuer}/token", headers={**asking, "access-control-request-headers": "authorization"}
    )
    keys = visitor.get("/.well-known/jwks.json", origin=ELSEWHERE)
    for what, one in (("/token", answer), ("the preflight of /token", preflight), ("the keys", keys)):
        allowed = [] if one is None else visit.values(one, "access-control-allow-origin")
        if allowed == ["*"]:
            continue
        said = "twice" if len(allowed) > 1 else f"as {allowed[0]}" if allowed else "not at all"
        fault = f"Access-Control-Allow-Origin comes {said} with {what}, not once as *: browser apps cannot read it."
        found.fault("cors", fault, "Let Mintmark alone send CORS headers and answer OPTIONS.")
    if (
        preflight is not None
        and "authorization" not in preflight.headers.get("access-control-allow-headers", "").lower()
    ):
        fault = "The preflight of /token does not allow Authorization."
        found.fault("cors", fault, "Let Mintmark alone send CORS headers and answer OPTIONS.")


def _authorization(visitor: Visitor, found: Findings) -> None:
    """A token that is none is told apart from none at all (RFC 6750 §3.1)."""
    answer = visitor.get("/userinfo", authorization="Bearer mintmark-check")
    challenge = "" if answer is None else answer.headers.get("www-authenticate", "")
    if "invalid_token" in challenge:
        return
    mending = "Pass Authorization on, and WWW-Authenticate back (nginx: no proxy_set_header Authorization)."
    if answer is not None and answer.status_code == 401 and challenge.lower().startswith("bearer"):
        fault = "The Authorization header does not arrive: no token is seen at /userinfo."
        found.fault("authorization-stripped", fault, mending)
    elif answer is not None and answer.status_code == 401:
        fault = f"A 401 comes with {challenge[:80] or 'no WWW-Authenticate'}, which is not what Mintmark says."
        found.fault("challenge", fault, mending)
    else:
        said = "no answer" if answer is None else f"status {answer.status_code}"
        found.fault("userinfo", f"/userinfo is not answered by Mintmark ({said}).", "Pass it on, and 401 back.")


def _sizes(visitor: Visitor, found: Findings) -> None:
    big = visitor.post("/token", {**WRONG, "assertion": "x" * BIG})
    if not visit.is_json(big):
        said = "no answer" if big is None else f"status {big.status_code}"
        fault = f"A body of {BIG // 1024} KiB does not arrive ({said}), which Mintmark would take."
        found.fault("body-limit", fault, "Let bodies of 64 KiB in (nginx: client_max_body_size 64k).")
    if found.has("authorize"):
        return  # somebody else answers there anyway
    long = visitor.get(f"/authorize?client_id={pages.NO_SUCH_CLIENT}&state={'x' * LONG}")
    if long is None or 'id="error"' not in long.text:
        said = "no answer" if long is None else f"status {long.status_code}"
        fault = f"A request of {LONG} characters does not arrive at /authorize ({said})."
        found.fault("url-limit", fault, "Let longer requests in (nginx: large_client_header_buffers 4 16k).")
