"""One believable context for every page: what the tests render and the pictures show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from mintmark.pages import words
from mintmark.pages.render import Pages
from mintmark.texts import _, listed

HARBOUR: Final = MappingProxyType(
    {
        "name": "Harbour Notes",
        "logo_url": None,
        "policy_url": "https://notes.harbour.example/privacy",
        "tos_url": "https://notes.harbour.example/terms",
    }
)

SIGN_IN: Final = MappingProxyType(
    {
        "client": HARBOUR,
        "username": "ada@example.org",
        "message": None,
        "csrf_token": "a-csrf-token",
        "request": "a-request",
        "step": "",
        "fresh": False,
        "action": "/login",
        "reauthenticate": False,
    }
)

SECOND_STEP: Final = MappingProxyType(
    {
        **{name: value for name, value in SIGN_IN.items() if name not in ("username", "reauthenticate")},
        "step": "a-step",
        "factor": "totp",
        "fields": "factors/code.html",
        "trust_days": 30,
        "others": ({"label": _("Use a recovery code"), "url": "/login?step=a-step&factor=recovery_code"},),
    }
)

NEW_PASSWORD: Final = MappingProxyType(
    {
        "username": "ada",
        "message": None,
        "csrf_token": "a-csrf-token",
        "link": "0011223344556677",
        "action": "/link",
        "least": 15,
        "most": 256,
    }
)

SIGN_UP: Final = MappingProxyType(
    {
        "client": HARBOUR,
        "is_open": True,
        "email": "ada@example.org",
        "message": None,
        "csrf_token": "a-csrf-token",
        "request": "a-request",
        "action": "/sign-up",
    }
)

JOIN: Final = MappingProxyType(
    {
        "email": "ada@example.org",
        "email_is_fixed": True,
        "username": "ada",
        "name": "Ada Lovelace",
        "least": 15,
        "most": 1024,
        "message": None,
        "csrf_token": "a-csrf-token",
        "link": "00",
        "action": "/link",
    }
)

CONSENT: Final = MappingProxyType(
    {
        "client": HARBOUR,
        "person_name": "Ada Lovelace",
        "groups": (
            {
                "title": words.group(["Example API"], before=False),
                "scopes": (words.scope("api:write", description="Read and change notes"),),
            },
            {
                "title": words.group([], before=False),
                "scopes": (
                    words.scope("email", email="ada@example.org"),
                    words.scope("offline_access", idle=timedelta(days=30)),
                ),
            },
            {
                "title": words.group([], before=True),
                "scopes": (words.scope("openid"), words.scope("profile")),
            },
        ),
        "redirect_host": "notes.harbour.example",
        "localhost_warning": False,
        "someone_else_url": "/login?request=a-request",
        "csrf_token": "a-csrf-token",
        "request": "a-request",
        "action": "/consent",
    }
)

LINUX, IPHONE, WINDOWS = (words.device_name(name) for name in ("Firefox/ Linux", "Safari/ iPhone", "Chrome/ Windows"))
NOON: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)


def _session(id: str, title: str, device: str, address: str, since: timedelta, *, current: bool = False) -> object:
    detail = listed([device, address, words.ago(NOON - since, NOON)])
    return {"id": id, "title": title, "detail": detail, "current": current}


def _app(id: str, title: str, scope: str, since: timedelta) -> object:
    return {"id": id, "title": title, "detail": listed([scope, words.ago(NOON - since, NOON)])}


ACCOUNT: Final = MappingProxyType(
    {
        "person": {"name": "Ada Lovelace", "email": "ada@example.org"},
        "sessions": (
            _session("s1", _("This browser"), LINUX, "192.0.2.14", timedelta(0), current=True),
            _session("s2", IPHONE, IPHONE, "198.51.100.7", timedelta(days=1)),
            _session("s3", WINDOWS, WINDOWS, "203.0.113.40", timedelta(days=12)),
        ),
        "apps": (
            _app("a1", "Harbour Notes", "openid email api:write", timedelta(hours=3)),
            _app("a2", "Build agent", "api:read", timedelta(days=3)),
        ),
        "allowed": (_app("c1", "Harbour Notes", "openid · Example API: api:read", timedelta(days=3)),),
        "csrf_token": "a-csrf-token",
    }
)

SIGN_OUT: Final = MappingProxyType({"client": HARBOUR, "csrf_token": "a-csrf-token", "action": "/logout"})

GOING_ON: Final = MappingProxyType(
    {
        "client": HARBOUR,
        "frames": ("https://notes.harbour.example/logout?iss=https%3A%2F%2Faccounts.acme.example&sid=s1",),
        "onward": "https://notes.harbour.example/goodbye?state=x",
        "patience": 2,
    }
)

ERROR: Final = MappingProxyType(
    {
        "code": "invalid_request",
        "description": _("The return address is not one that this app has registered."),
        "trace_id": "7f3c2a9d41b0",
    }
)

# Page name to template and context; the first six are also the pictures in docs/pages.
FORM_POST: Final = MappingProxyType(
    {
        "action": "https://notes.harbour.example/cb?tenant=1",
        "redirect_host": "notes.harbour.example",
        "members": (("code", "a-code"), ("state", "a-state"), ("iss", "https://accounts.acme.example")),
    }
)

SAMPLES: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = MappingProxyType(
    {
        "sign-in": ("sign_in.html", SIGN_IN),
        "consent": ("consent.html", CONSENT),
        "account": ("account.html", ACCOUNT),
        "sign-out": ("sign_out.html", SIGN_OUT),
        "signed-out": ("signed_out.html", MappingProxyType({})),
        "error": ("error.html", ERROR),
        "sign-in-refused": (
            "sign_in.html",
            MappingProxyType({**SIGN_IN, "message": _("That name or password is not right.")}),
        ),
        "sign-in-alone": ("sign_in.html", MappingProxyType({**SIGN_IN, "client": None, "username": "", "request": ""})),
        "sign-in-again": ("sign_in.html", MappingProxyType({**SIGN_IN, "reauthenticate": True})),
        "second-step": ("second_step.html", SECOND_STEP),
        "set-up": (
            "set_up.html",
            MappingProxyType(
                {"client": HARBOUR, "account": "/account", "another": "/login?request=a-request&another=1"}
            ),
        ),
        "consent-local": (
            "consent.html",
            MappingProxyType({**CONSENT, "redirect_host": "127.0.0.1", "localhost_warning": True}),
        ),
        "account-new": (
            "account.html",
            MappingProxyType({**ACCOUNT, "person": {"name": "demo", "email": None}, "apps": ()}),
        ),
        "signed-out-going-on": ("signed_out.html", GOING_ON),
        "sign-out-alone": ("sign_out.html", MappingProxyType({**SIGN_OUT, "client": None})),
        "forgot": (
            "forgot.html",
            MappingProxyType(
                {"csrf_token": "t", "action": "/forgot", "username": "ada", "message": None, "mail": True}
            ),
        ),
        "new-password": ("new_password.html", NEW_PASSWORD),
        "new-password-refused": (
            "new_password.html",
            MappingProxyType({**NEW_PASSWORD, "message": "Use at least 15 characters."}),
        ),
        "link": (
            "link.html",
            MappingProxyType(
                {
                    "title": "Sign out everywhere?",
                    "lead": "Every browser is signed out.",
                    "button": "Sign out everywhere",
                    "csrf_token": "t",
                    "link": "00",
                    "action": "/link",
                }
            ),
        ),
        "done": (
            "done.html",
            MappingProxyType(
                {"title": "Look into your mail", "lead": "A letter is on its way.", "onward": "/login", "label": "Back"}
            ),
        ),
        "sign-up": ("sign_up.html", SIGN_UP),
        "sign-up-invited": ("sign_up.html", MappingProxyType({**SIGN_UP, "is_open": False, "client": None})),
        "join": ("join.html", JOIN),
        "join-refused": ("join.html", MappingProxyType({**JOIN, "message": _("Choose a username.")})),
        "form-post": ("form_post.html", FORM_POST),
        "error-ours": (
            "error.html",
            MappingProxyType({"code": "server_error", "description": "The answer could not be made.", "trace_id": ""}),
        ),
    }
)


def pages(path: str = "") -> Pages:
    return Pages("Acme accounts", path, "https://acme.example/privacy", "https://acme.example/terms")


def shown(name: str, path: str = "") -> str:
    template, context = SAMPLES[name]
    return pages(path).page(template, **context).decode()
