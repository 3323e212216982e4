"""Templates become pages: autoescape, hash-named static files, a page's security headers (OWASP ASVS 5.0 §3.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from gettext import NullTranslations
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mintmark.languages import ENGLISH, Language
from mintmark.pages import words
from mintmark.pages.branding import Look
from mintmark.pages.skeletons import Skeletons

if TYPE_CHECKING:
    from jinja2 import Environment

OURS: Final = Look()

Headers = tuple[tuple[str, str], ...]

_CONTENT_TYPES: Final = MappingProxyType(
    {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
)

# No XSS can start where nothing inline runs, nothing foreign loads and no string becomes script.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "{frame_src}form-action {form_action}; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

_PERMISSIONS: Final = ", ".join(
    [f"{feature}=()" for feature in ("camera", "microphone", "geolocation", "payment", "usb", "serial", "hid")]
    + [f"{feature}=()" for feature in ("midi", "display-capture", "accelerometer", "gyroscope", "magnetometer")]
    + ["publickey-credentials-get=(self)", "publickey-credentials-create=(self)"]
)

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:")
_ORIGIN: Final = re.compile(r"(https?://)([a-z0-9._-]+|(?P<literal>\[[0-9a-f:.]+\]))(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file whose name carries the digest of its content, so it may be kept for good."""

    content_type: str
    body: bytes
    etag: str

    @property
    def headers(self) -> Headers:
        return (
            ("content-type", self.content_type),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("etag", self.etag),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        )


class Pages:
    """The pages of one issuer, made once at start. `path` is the issuer's path, empty at the root."""

    def __init__(
        self,
        operator_name: str,
        path: str,
        privacy_url: str | None,
        terms_url: str | None,
        look: Look = OURS,
        *,
        sign_up: bool = False,
    ) -> None:
        names, self.static = _static(look)
        self._own = look.templates
        self._skeletons = Skeletons(self._render)
        self._shared: Mapping[str, object] = MappingProxyType(
            {
                "operator_name": operator_name,
                "path": path,
                "privacy_url": privacy_url,
                "terms_url": terms_url,
                "sign_up": sign_up,
                "css_url": f"{path}/static/{names['mintmark.css']}",
                "sheet_url": f"{path}/static/{names['sheet.css']}",
                "js_url": f"{path}/static/{names['mintmark.js']}",
                "passkey_url": f"{path}/static/{names['passkey.js']}",
                "password_js_url": f"{path}/static/{names['password.js']}",
                "farewell_url": f"{path}/static/{names['farewell.js']}",
                "check_session_url": f"{path}/static/{names['check_session.js']}",
                "form_post_js_url": f"{path}/static/{names['form_post.js']}",
                "icon_url": f"{path}/static/{names['coin.svg']}"
                if look.logo is None
                else f"{path}/static/{look.logo[0]}",
                "logo_url": None if look.logo is None else f"{path}/static/{look.logo[0]}",
                "explained": words.problem,
                "initial": words.initial,
            }
        )

    def page(self, template: str, language: Language | None = None, /, **context: object) -> bytes:
        """The page as UTF-8. A context that lacks a name raises: better a test fails than a page says nothing.

        language: None, English.
        """
        language = language or Language(ENGLISH, NullTranslations())
        make = self._skeletons.page if self._own is None else self._render
        # A lone surrogate in what somebody typed must not become a 500.
        return make(template, language, context).encode("utf-8", errors="replace")

    def _render(self, template: str, language: Language, context: Mapping[str, object]) -> str:
        return self._environment.get_template(template).render(context, language=language)

    def warm(self) -> None:
        """Compiles every template, for whoever has a quiet moment before the first person comes."""
        for name in self._environment.list_templates(extensions=["html"]):
            self._environment.get_template(name)

    def csp(self, form_action: Sequence[str] = (), *, here: bool = True, frame_origins: Sequence[str] = ()) -> str:
        """`form_action`: the origins (`https://app.example`) or schemes (`com.example.app:`) where a form may end.

        `here`: and at this server. `frame_origins`: what the page's frames may load.
        """
        sources = dict.fromkeys([*(["'self'"] if here else []), *(_source(target) for target in form_action)])
        frames = dict.fromkeys(_source(origin) for origin in frame_origins)
        frame_src = f"frame-src {' '.join(frames)}; " if frames else ""
        return _POLICY.format(form_action=" ".join(sources), frame_src=frame_src)

    def headers(
        self,
        form_action: Sequence[str] = (),
        coop: bool = False,
        *,
        here: bool = True,
        frame_origins: Sequence[str] = (),
    ) -> Headers:
        """All headers of an HTML page but HSTS, which the wire adds. `coop`: never where an app's pop-up passes."""
        isolation: Headers = (("cross-origin-opener-policy", "same-origin"),) if coop else ()
        return (
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("content-security-policy", self.csp(form_action, here=here, frame_origins=frame_origins)),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", _PERMISSIONS),
            *isolation,
        )

    @cached_property
    def _environment(self) -> Environment:
        # Imported here: Jinja2 costs a tenth of a second, which the first token should not wait for.
        from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        from mintmark import spoken

        ours = FileSystemLoader(str(files("mintmark.pages") / "templates"))
        own = [] if self._own is None else [FileSystemLoader(str(self._own))]
        # Who replaces `sign_in.html` may extend ours: `{% extends "mintmark/sign_in.html" %}`.
        environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([*own, ours, PrefixLoader({"mintmark": ours})]),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(self._shared)
        spoken.teach(environment)
        environment.tests["web"] = _is_web
        return environment


def _static(look: Look) -> tuple[Mapping[str, str], Mapping[str, StaticFile]]:
    """Plain name to hash name, hash name to file."""
    names: dict[str, str] = {}
    found: dict[str, StaticFile] = {}
    for entry in sorted((files("mintmark.pages") / "static").iterdir(), key=lambda entry: entry.name):
        stem, dot, suffix = entry.name.rpartition(".")
        if dot + suffix not in _CONTENT_TYPES:
            continue
        body = entry.read_bytes()
        if suffix == "css":
            body = _squeezed(body) + look.style
        digest = sha256(body).hexdigest()[:16]
        names[entry.name] = f"{stem}.{digest}.{suffix}"
        found[names[entry.name]] = StaticFile(_CONTENT_TYPES[dot + suffix], body, f'"{digest}"')
    if look.logo is not None:
        name, kind, body = look.logo
        found[name] = StaticFile(kind, body, f'"{name.split(".")[1]}"')
    return MappingProxyType(names), MappingProxyType(found)


def _squeezed(sheet: bytes) -> bytes:
    """The style sheet without the white space that is for its readers."""
    return re.sub(rb"(?<=:)\s+|;?\s*(?=})|(?<=[{};,])\s+|\s+(?={)", b"", sheet)


def _source(target: str) -> str:
    """A form-action source, or ValueError: whatever could end the directive must not get in."""
    lowered = target.lower()
    if _SCHEME.fullmatch(lowered):
        return lowered
    origin = _ORIGIN.fullmatch(lowered)
    if not origin:
        raise ValueError(f"not an origin or a scheme: {target!r}")
    # CSP3 §2.3.1 has no form for an IPv6 literal, and browsers drop the source; its scheme is the narrowest that works.
    return origin[1].removesuffix("//") if origin["literal"] else lowered


def _is_web(url: object) -> bool:
    """Whether a link from a client's registration may stand on our page: never `javascript:` and its kin."""
    return isinstance(url, str) and url.lower().startswith(("https://", "http://"))
