"""A person at a browser without scripts, for apps that are driven over HTTP: redirects, cookies, forms."""

import html
import re
from collections.abc import Callable
from urllib.parse import urljoin

import httpx2

from tests.issuer import boxes, hidden
from tests.serving import PASSWORD

# What our script submits as soon as the page is there (OAuth 2.0 Form Post Response Mode §4).
_FORM_POST = re.compile(r'<form id="form-post" method="post" action="([^"]*)"')


class Visitor:
    def __init__(self, issuer: str, name: str, password: str = PASSWORD, decision: str = "allow") -> None:
        self.issuer, self.name, self.password, self.decision = issuer, name, password, decision
        self.http = httpx2.Client(verify=False, timeout=30)
        self.seen: list[str] = []  # addresses, in order
        self.asked: list[str] = []  # what was asked on the way: "sign-in", "code", "consent"
        self.code: Callable[[], str] | None = None  # of an authenticator app; None: they have none

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def go(self, address: str) -> httpx2.Response:
        """To the page where nothing more is asked. Signs in and decides wherever the issuer wants it."""
        return self._follow(self.http.get(address))

    def post(self, address: str, **form: str) -> httpx2.Response:
        return self._follow(self.http.post(address, data=form, headers={"Origin": _origin(address)}))

    def forget(self, host: str, name: str = "") -> None:
        """Drops the cookies of a host whose name has `name` in it."""
        kept = [cookie for cookie in self.http.cookies.jar if not (host in cookie.domain and name in cookie.name)]
        self.http.cookies.jar.clear()
        for cookie in kept:
            self.http.cookies.jar.set_cookie(cookie)

    def _follow(self, answer: httpx2.Response) -> httpx2.Response:
        for _ in range(25):
            self.seen.append(str(answer.url))
            if answer.is_redirect:
                answer = self.http.get(urljoin(str(answer.url), answer.headers["location"]))
            elif form := self._form(answer):
                answer = self.http.post(form[0], data=form[1], headers={"Origin": _origin(str(answer.url))})
            else:
                return answer
        raise AssertionError(f"this does not end: {self.seen}")

    def _form(self, answer: httpx2.Response) -> tuple[str, dict[str, object]] | None:
        page, here = answer.text, str(answer.url)
        if here.startswith(f"{self.issuer}/"):
            if 'name="code"' in page and self.code is not None:
                self.asked.append("code")
                return f"{self.issuer}/login", {**hidden(page), "code": self.code()}
            if 'id="sign-in"' in page:
                self.asked.append("sign-in")
                return f"{self.issuer}/login", {"username": self.name, "password": self.password, **hidden(page)}
            if 'id="consent"' in page:
                self.asked.append("consent")
                decided = {"scope": boxes(page), "decision": self.decision}
                return f"{self.issuer}/consent", {**hidden(page), **decided}
            if action := _FORM_POST.search(page):
                return html.unescape(action[1]), {name: html.unescape(value) for name, value in hidden(page).items()}
        return None


def _origin(address: str) -> str:
    url = httpx2.URL(address)
    return f"{url.scheme}://{url.netloc.decode()}"
