"""A browser without JavaScript, as the suite's is where pages need none: redirects, cookies, plain HTML forms, frames.

It is strict where browsers forgive: an id stands for one element, a form leads only where the page's own policy allows
(also after redirects, as in Chromium), and a frame is loaded only where it does.
"""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx2

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
MOST_STEPS = 20


@dataclass
class Element:
    name: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Form:
    action: str
    method: str
    id: str
    controls: list[Element] = field(default_factory=list)

    def fields(self, filled: dict[str, str], press: str | None) -> list[tuple[str, str]]:
        """What is sent: the boxes that are checked, and the button that was pressed."""
        sent = []
        for control in self.controls:
            name, kind = control.attributes.get("name", ""), control.attributes.get("type", "text").lower()
            if not name or "disabled" in control.attributes:
                continue
            if _is_button(control):
                if control.attributes.get("id") == press:
                    sent.append((name, control.attributes.get("value", "")))
            elif kind in ("checkbox", "radio"):
                if "checked" in control.attributes:
                    sent.append((name, control.attributes.get("value", "on")))
            else:
                value = filled.pop(name, control.attributes.get("value", ""))
                assert value or "required" not in control.attributes, f"{name} is required"
                sent.append((name, value))
        assert not filled, f"the form has no {filled}"
        return sent

    @property
    def buttons(self) -> list[Element]:
        return [control for control in self.controls if _is_button(control)]


class Reader(HTMLParser):
    """Elements with their text, and forms with their controls."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.forms: list[Form] = []
        self._open: list[Element] = []
        self._form: Form | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        assert len(attrs) == len(element.attributes), f"an attribute of {tag} stands there twice"
        self.elements.append(element)
        if tag == "form":
            assert self._form is None, "a form in a form"
            found = element.attributes
            self._form = Form(found.get("action", ""), found.get("method", "get").lower(), found.get("id", ""))
            self.forms.append(self._form)
        if tag in ("input", "button", "select", "textarea") and self._form is not None:
            self._form.controls.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or tag == "path":
            return
        if tag == "form":
            self._form = None
        while self._open and self._open.pop().name != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data


def _is_button(control: Element) -> bool:
    kind = control.attributes.get("type", "submit" if control.name == "button" else "text")
    return kind in ("submit", "button", "image")


@dataclass
class Page:
    """Where a browser is."""

    url: str
    status: int
    headers: httpx2.Headers
    text: str
    came_by: str = "GET"

    def __post_init__(self) -> None:
        is_html = self.headers.get("content-type", "").startswith("text/html")
        self.read = Reader(self.text if is_html else "")
        ids = [element.attributes["id"] for element in self.read.elements if "id" in element.attributes]
        assert len(set(ids)) == len(ids), f"an id stands there twice: {sorted(ids)}"

    def find(self, id: str) -> Element | None:
        return next((one for one in self.read.elements if one.attributes.get("id") == id), None)

    def said(self, id: str) -> str:
        found = self.find(id)
        assert found is not None, f"no #{id} at {self.url}: {self.status}\n{self.text}"
        return found.text.strip()

    def all(self, name: str) -> list[Element]:
        return [one for one in self.read.elements if one.name == name]

    def form(self, id: str) -> Form | None:
        return next((form for form in self.read.forms if form.id == id), None)

    def allows(self, directive: str, address: str) -> bool:
        """Whether the page's policy lets it go, or load from, there (CSP3 §2.3.1: what is used here of it)."""
        policy = self._policy()
        sources = policy.get(directive, policy.get("default-src") if directive.endswith("-src") else None)
        if sources is None:
            return True
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(urljoin(self.url, address)))
        own = "{0.scheme}://{0.netloc}".format(urlsplit(self.url))
        scheme = f"{urlsplit(origin).scheme}:"
        without_path = [source.partition("://")[0] + "://" + source.partition("://")[2].partition("/")[0]
                        if "://" in source else source for source in sources]  # fmt: skip
        return origin in without_path or scheme in sources or "*" in sources or ("'self'" in sources and origin == own)

    def _policy(self) -> dict[str, list[str]]:
        directives = (directive.split() for directive in self.headers.get("content-security-policy", "").split(";"))
        return {words[0]: words[1:] for words in directives if words}

    @property
    def moves_on_to(self) -> str | None:
        """Where a page leads that goes on by itself: a refresh, or none."""
        for element in self.all("meta"):
            if element.attributes.get("http-equiv", "").lower() == "refresh":
                return _address(element.attributes["content"])
        return _address(self.headers["refresh"]) if "refresh" in self.headers else None


def _address(refresh: str) -> str | None:
    """Of `3; url=…` (HTML §4.2.5.3)."""
    _, _, address = refresh.partition(";")
    name, _, value = address.strip().partition("=")
    return value.strip().strip("'\"") if name.strip().lower() == "url" else None


class Browser:
    """`signed_in` and `allowed` count how often a person had to do something."""

    def __init__(
        self, issuer: str, trusted: ssl.SSLContext, username: str, password: str, *, tells_origin: bool
    ) -> None:
        """tells_origin: False, it sends neither `Origin` nor `Sec-Fetch-Site`, as some programs do."""
        self.issuer, self.username, self.password = issuer, username, password
        self.tells_origin = tells_origin
        self._http = httpx2.Client(verify=trusted, follow_redirects=False, headers={"accept-language": "en-US"})
        self.signed_in = self.allowed = 0
        self.last_sign_in: Page | None = None

    def close(self) -> None:
        self._http.close()

    def go(self, address: str) -> Page:
        return self._follow(self._http.get(address), None)

    def post(self, address: str, fields: dict[str, str]) -> Page:
        """From a page of somebody else's."""
        headers = {"origin": "https://rp.example", "sec-fetch-site": "cross-site"} if self.tells_origin else {}
        return self._follow(self._http.post(address, data=fields, headers=headers), None)

    def submit(self, page: Page, form: Form, press: str | None = None, **filled: str) -> Page:
        if press is not None:
            assert any(button.attributes.get("id") == press for button in form.buttons), f"no #{press} in {form.id}"
        target = urljoin(page.url, form.action)
        self._may_lead(page, target)
        fields: dict[str, str | list[str]] = {}
        for name, value in form.fields(dict(filled), press):
            fields[name] = [*fields.get(name, []), value]
        if form.method == "get":
            return self._follow(self._http.get(target, params=fields), page)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        # `no-referrer` makes browsers that know it say `null` where they would name the page's origin (Fetch §3.2).
        is_quiet = page.headers.get("referrer-policy") == "no-referrer"
        site = "same-origin" if target.startswith(f"{origin}/") else "cross-site"
        headers = {"origin": "null" if is_quiet else origin, "sec-fetch-site": site} if self.tells_origin else {}
        return self._follow(self._http.post(target, data=fields, headers=headers), page)

    def through(self, page: Page) -> Page:
        """Signs in and allows where that is asked for, and goes on where a page goes on by itself."""
        for _ in range(MOST_STEPS):
            step = self._step(page)
            if step is None:
                return page
            page = step
        raise AssertionError(f"it does not end: {page.url}")

    def _step(self, page: Page) -> Page | None:
        sign_in, consent = page.form("sign-in"), page.form("consent")
        if sign_in is not None:
            self.signed_in += 1
            self.last_sign_in = page
            return self.submit(page, sign_in, "submit", username=self.username, password=self.password)
        if consent is not None:
            self.allowed += 1
            return self.submit(page, consent, "allow")
        frames = [frame.attributes["src"] for frame in page.all("iframe") if "src" in frame.attributes]
        for frame in frames:
            assert page.allows("frame-src", frame), f"the page's policy forbids its own frame {frame}"
            self._http.get(urljoin(page.url, frame))
        if page.moves_on_to is not None:
            return self.go(urljoin(page.url, page.moves_on_to))
        returning = [form for form in page.read.forms if self._is_returning(page, form)]
        if returning:
            assert 1 == len(page.read.forms), "one form, and nothing to choose"
            assert returning[0].buttons, "without JavaScript a person presses a button"
            return self.submit(page, returning[0])
        return None

    def _is_returning(self, page: Page, form: Form) -> bool:
        """A form_post answer (OAuth 2.0 Form Post Response Mode §2)."""
        return page.url.startswith(f"{self.issuer}/") and not urljoin(page.url, form.action).startswith(
            f"{self.issuer}/"
        )

    def _may_lead(self, page: Page | None, address: str) -> None:
        if page is not None:
            assert page.allows("form-action", address), f"the policy of {page.url} lets no form lead to {address}"

    def _follow(self, answer: httpx2.Response, page: Page | None) -> Page:
        method = answer.request.method
        for _ in range(MOST_STEPS):
            if not answer.is_redirect:
                return Page(str(answer.request.url), answer.status_code, answer.headers, answer.text, method)
            assert answer.status_code in (302, 303), "after a POST a browser must come by GET (RFC 9700 §4.12)"
            target = urljoin(str(answer.request.url), answer.headers["location"])
            self._may_lead(page, target)
            answer, method = self._http.get(target), "GET"
        raise AssertionError("redirects without an end")

    def cookies(self) -> Iterator[tuple[str, str]]:
        yield from ((cookie.name, cookie.value or "") for cookie in self._http.cookies.jar)
