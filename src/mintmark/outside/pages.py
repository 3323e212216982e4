"""What a browser gets: cookies, the headers that guard a page, and nothing that was kept for somebody else."""

import re

import httpx2

from mintmark.outside import visit
from mintmark.outside.findings import Findings
from mintmark.outside.visit import Visitor

YEAR = 365 * 24 * 3600  # seconds
GUARDS = (
    ("content-security-policy", "frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
)
NO_SUCH_CLIENT = "mintmark-check-no-such-client"


def look(visitor: Visitor, found: Findings) -> None:
    page = visitor.get("/login", accept_encoding="gzip, deflate, br, zstd")
    if page is None or page.status_code != 200 or 'id="sign-in"' not in page.text:
        said = "no answer" if page is None else f"status {page.status_code}"
        found.fault("login", f"The sign-in page is not there ({said}).", "Pass every path on to Mintmark as it came.")
        return
    _cookie(visitor, found, page)
    _guards(found, page)
    if "access-control-allow-origin" in page.headers:
        fault = "The sign-in page says Access-Control-Allow-Origin: other sites' scripts may read it."
        found.fault("cors-pages", fault, "Let Mintmark alone send CORS headers: take the proxy's away.")
    if "content-encoding" in page.headers:
        compressed(found, "The sign-in page")
    hsts(visitor, found, page)
    _kept(visitor, found, page)


def _cookie(visitor: Visitor, found: Findings, page: httpx2.Response) -> None:
    """Exactly as Mintmark sends it."""
    sent = [value for value in visit.values(page, "set-cookie") if "mintmark" in value.partition("=")[0]]
    mending = "Pass Set-Cookie on as it is (nginx: no proxy_cookie_path, _domain or _flags, no proxy_hide_header)."
    if not sent:
        found.fault("cookie", "The sign-in page sets no cookie, so nobody can sign in.", mending)
        return
    name, _, rest = sent[0].partition("=")
    attributes = {word.strip().lower() for word in rest.split(";")[1:]}
    wrong = []
    if visitor.is_https:
        wrong += [] if name == "__Host-mintmark" else [f"its name is {name}"]
        wrong += [] if "secure" in attributes else ["Secure is missing"]
        wrong += [] if "path=/" in attributes else ["its Path is not /"]
    wrong += [] if "httponly" in attributes else ["HttpOnly is missing"]
    wrong += ["it has a Domain"] if any(one.startswith("domain") for one in attributes) else []
    wrong += [] if {"samesite=lax", "samesite=none"} & attributes else ["SameSite is not the one that was sent"]
    if wrong:
        found.fault("cookie", f"The session's cookie was changed on its way: {', '.join(wrong)}.", mending)


def _guards(found: Findings, page: httpx2.Response) -> None:
    for name, part in GUARDS:
        if not any(part in value for value in visit.values(page, name)):
            fault = f"The sign-in page comes without the {name} that Mintmark sends."
            found.fault("page-headers", fault, "Let the proxy pass it on (nginx: no proxy_hide_header).")


def hsts(visitor: Visitor, found: Findings, answer: httpx2.Response) -> None:
    if not visitor.is_https:
        return
    sent = visit.values(answer, "strict-transport-security")
    if not sent:
        fault = "Strict-Transport-Security is missing: a browser may be led to http."
        found.fault("hsts", fault, "Let the proxy pass it on, which Mintmark sends with every https issuer.")
    elif len(sent) > 1:
        fault = "Strict-Transport-Security comes twice, from Mintmark and from the proxy: browsers take the first."
        found.warn("hsts-twice", fault, "Take the proxy's away (nginx: add_header Strict-Transport-Security).")
    elif (age := re.search(r"max-age=\"?([0-9]+)", sent[0])) is None or int(age[1]) < YEAR:
        fault = f"Strict-Transport-Security is {sent[0][:100]}: less than a year."
        found.warn("hsts-short", fault, "Let the proxy pass Mintmark's own on.")


def compressed(found: Findings, what: str) -> None:
    fault = f"{what} is compressed: its length tells of the secrets in it (BREACH)."
    mending = "Compress nothing that Mintmark answers (nginx: gzip off; Caddy: no encode in this site)."
    found.fault("compression", fault, mending)


def _kept(visitor: Visitor, found: Findings, page: httpx2.Response) -> None:
    """Two who ask the same get two answers, each with a number of its own."""
    again = visitor.get("/login")
    if again is not None and _cookies(page) & _cookies(again):
        kept(found, "The sign-in page of one browser is given to the next")
    asked = f"/authorize?response_type=code&client_id={NO_SUCH_CLIENT}"
    first, second = visitor.get(asked), visitor.get(asked)
    if first is None or second is None:
        found.fault("authorize", "/authorize does not answer.", "Pass every path on to Mintmark as it came.")
        return
    if 'id="error"' not in first.text:
        fault = f"/authorize is answered by somebody else (status {first.status_code})."
        found.fault("authorize", fault, "Pass /authorize on to Mintmark, and its error pages back.")
    elif first.text == second.text:
        kept(found, "An answer of /authorize is given to the next who asks")
    not_stored(found, first, "/authorize")


def _cookies(answer: httpx2.Response) -> set[str]:
    return {value.partition(";")[0] for value in visit.values(answer, "set-cookie")}


def kept(found: Findings, what: str) -> None:
    mending = "Cache nothing that says no-store (nginx: no proxy_ignore_headers Cache-Control, no proxy_cache here)."
    found.fault("cached", f"{what}: the proxy keeps answers.", mending)


def not_stored(found: Findings, answer: httpx2.Response, what: str) -> None:
    if not any("no-store" in value for value in visit.values(answer, "cache-control")):
        fault = f"{what} does not say Cache-Control: no-store, as Mintmark does: what is secret may be kept."
        found.fault("no-store", fault, "Let the proxy pass Cache-Control on (nginx: no expires, no proxy_hide_header).")
    if "hit" in answer.headers.get("x-cache", "").lower() or answer.headers.get("age", "0") != "0":
        kept(found, f"{what} comes from a cache")
