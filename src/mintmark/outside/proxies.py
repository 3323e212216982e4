"""What a proxy may not change or believe, what it should keep to itself, and whether the clocks agree."""

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from mintmark.outside import visit
from mintmark.outside.findings import Findings
from mintmark.outside.visit import Visitor
from mintmark.settings.issuer import is_loopback

FORGED_HOST = "forged.example"
MOST_SKEW = 5.0  # seconds


def look(visitor: Visitor, found: Findings, moment: Callable[[], datetime]) -> None:
    _forged_host(visitor, found)
    _slashes(visitor, found)
    _plain(visitor, found)
    _inside_only(visitor, found)
    answer = visitor.ask("HEAD", f"{visitor.issuer}/.well-known/jwks.json")
    if answer is not None and "date" in answer.headers:
        clock(found, _date(answer.headers["date"]), moment())


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def clock(found: Findings, theirs: datetime | None, ours: datetime) -> None:
    if theirs is None or theirs.tzinfo is None:
        found.warn("date", "The Date header is none.", "Let the proxy pass it on, or send its own.")
    elif abs(skew := (theirs - ours).total_seconds()) > MOST_SKEW:
        fault = f"The clock there is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the one here."
        found.fault("clock", fault, "Let both follow NTP: tokens are valid by the clock.")


def _forged_host(visitor: Visitor, found: Findings) -> None:
    """Whoever names another host is sent nowhere else: a link that somebody else gets would be theirs (CWE-644)."""
    forged = {
        "x-forwarded-host": FORGED_HOST,
        "x-forwarded-proto": "http",
        "forwarded": f"for=203.0.113.9;host={FORGED_HOST};proto=http",
        "x-forwarded-prefix": "/forged",
        "x-original-url": "/health/live",
        "x-rewrite-url": "/health/live",
    }
    for path in ("/account", "/.well-known/openid-configuration"):
        honest = visitor.get(path)
        answer = visitor.ask("GET", visitor.issuer + path, headers=forged)
        if answer is None or honest is None:
            continue
        changed = answer.status_code != honest.status_code
        changed |= answer.headers.get("location") != honest.headers.get("location")
        changed |= visit.is_json(honest) and answer.content != honest.content
        if changed or FORGED_HOST in answer.text or FORGED_HOST in answer.headers.get("location", ""):
            fault = f"A forged X-Forwarded-Host, Forwarded or X-Original-URL changes what {path} answers."
            found.fault("forged-host", fault, "Let the proxy drop these headers, or set them itself.")
    location = "" if (answer := visitor.get("/account")) is None else answer.headers.get("location", "")
    if answer is not None and location != f"{visitor.issuer}/login":
        fault = f"A redirect of Mintmark's arrives as {location[:200] or 'none'}, not {visitor.issuer}/login."
        found.fault("redirect-rewritten", fault, "Let the proxy leave Location alone (nginx: proxy_redirect off).")


def _slashes(visitor: Visitor, found: Findings) -> None:
    """What is not exactly a path of ours is nothing of ours: two programs that disagree on that can be played off."""
    answer = visitor.get("//login")
    if answer is not None and answer.status_code == 200 and 'id="sign-in"' in answer.text:
        fault = "//login is answered as /login: the proxy rewrites paths."
        found.warn("path-rewritten", fault, "Pass the path on as it came (nginx: proxy_pass without a path).")


def _plain(visitor: Visitor, found: Findings) -> None:
    """http leads to https, at the same host, or nowhere."""
    if not visitor.is_https or (visitor.port != 443 and (visitor.host, 80) not in visitor.places):
        return
    answer = visitor.ask("GET", f"http://{visitor.host}{visitor.path}/login")
    if answer is None:
        return
    to = urlsplit(answer.headers.get("location", ""))
    if answer.status_code == 200 and 'id="sign-in"' in answer.text:
        fault = "The sign-in page is served over http, where passwords can be read on their way."
        found.fault("http", fault, "Answer http with a redirect to https and nothing else (301 or 308).")
    elif answer.is_redirect and (to.scheme != "https" or to.hostname != visitor.host):
        fault = f"http://{visitor.host} leads to {to.geturl()[:200]}, not to https at the same host."
        found.fault("http-redirect", fault, "Redirect to https://$host$request_uri, and to no other place.")
    elif not answer.is_redirect:
        fault = f"http://{visitor.host} answers {answer.status_code}, and does not lead to https."
        found.warn("http-dead-end", fault, "Answer http with a redirect to https (301 or 308).")


def _inside_only(visitor: Visitor, found: Findings) -> None:
    admin = visitor.get("/admin/api/openapi.json")
    if admin is not None and admin.status_code == 200:
        fault = "The admin API can be reached from here."
        mending = f"If operators come from inside only, let the proxy answer {visitor.path}/admin/ with 404."
        found.warn("admin", fault, mending)
    if is_loopback(visitor.host):  # from this machine they may be read: nothing is to be learnt of the proxy
        return
    for url in {f"{visitor.origin}/metrics", f"{visitor.issuer}/metrics"}:
        answer = visitor.ask("GET", url)
        if answer is not None and answer.status_code == 200 and "# TYPE" in answer.text:
            fault = "/metrics can be read from here: the proxy makes everybody a caller from this machine."
            found.warn("metrics", fault, "Let the proxy answer /metrics with 404.")
