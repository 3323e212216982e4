"""One believable context for every page: what the tests render and the pictures show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from mintmark import devices
from mintmark.languages import Languages
from mintmark.pages import words
from mintmark.pages.account import frame
from mintmark.pages.render import Pages
from mintmark.store.enrolled import EnrolledCodes
from mintmark.texts import _, listed
from tests.pages import enrolled

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
        "passkeys": True,
        "rp_id": "accounts.acme.example",
        "useless": "",
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

LINUX, IPHONE, WINDOWS = (devices.name(name) for name in ("Firefox/ Linux", "Safari/ iPhone", "Chrome/ Windows"))
NOON: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)


def _session(id: str, title: str, device: str, address: str, since: timedelta, *, current: bool = False) -> object:
    detail = listed([device, address, words.ago(NOON - since, NOON)])
    return {"id": id, "title": title, "detail": detail, "current": current}


def _app(id: str, title: str, scope: str, since: timedelta) -> object:
    return {"id": id, "title": title, "detail": listed([scope, words.ago(NOON - since, NOON)])}


ACCOUNT_FRAME: Final = MappingProxyType(
    {
        "person": {"name": "Ada Lovelace", "email": "ada@example.org"},
        "places": tuple(frame.PLACES.items()),
        "leaving": None,
        "done": None,
        "prove_url": None,
        "csrf_token": "a-csrf-token",
    }
)

SESSIONS: Final = (
    {"id": "s1", "title": "This browser", "detail": "Firefox on Linux · 192.0.2.7 · now", "current": True},
    {"id": "s2", "title": "Safari on iOS", "detail": "198.51.100.7 · yesterday", "current": False},
    {"id": "s3", "title": "Chrome on Windows", "detail": "203.0.113.40 · 12 days ago", "current": False},
)

ACCOUNT: Final = MappingProxyType(
    {
        **ACCOUNT_FRAME,
        "place": "",
        "few_codes": 2,
        "sessions": SESSIONS,
        "apps": (
            {"id": "a1", "title": "Harbour Notes", "detail": "name, e-mail, notes · used today"},
            {"id": "a2", "title": "Build agent", "detail": "api:read · used 3 days ago"},
        ),
        "allowed": ({"id": "c1", "title": "Harbour Notes", "detail": "openid · Example API: api:read · 3 days ago"},),
    }
)

ACCOUNT_PROFILE: Final = MappingProxyType(
    {
        **ACCOUNT_FRAME,
        "place": "profile",
        "fields": tuple(
            {"name": name, "label": label, "value": value, "autocomplete": "off", "refused": name == "birthdate"}
            for name, label, value in (
                ("name", "Name", "Ada Lovelace"),
                ("nickname", "Nickname", ""),
                ("birthdate", "Date of birth, such as 1990-12-31", "10 December"),
            )
        ),
        "facts": (("Username", "ada"), ("E-mail address", "ada@example.org"), ("Groups", "staff, harbour")),
        "email": "",
        "email_refused": False,
        "may_change_email": True,
        "prove_url": "/login?fresh=profile",
    }
)

ACCOUNT_FACTORS: Final = MappingProxyType(
    {
        **ACCOUNT_FRAME,
        "place": "factors",
        "has_password": True,
        "passkeys": (
            {"id": "p1", "title": "Phone", "detail": "added 3 months ago · last used: yesterday · synchronised"},
        ),
        "authenticators": ({"id": "t1", "title": "Aegis", "detail": "added 12 days ago · not used yet"},),
        "codes": EnrolledCodes(10, 2, None, None),
        "codes_detail": "added 12 days ago · last used: yesterday",
        "few": True,
        "browsers": (
            {"id": "b1", "title": "Firefox on Linux", "detail": "192.0.2.7 · added 2 days ago · until 2026-12-20"},
        ),
    }
)

PASSKEYS: Final = MappingProxyType(
    {
        **ACCOUNT_FRAME,
        "place": "passkeys",
        "message": None,
        "passkeys": (
            {"id": "p1", "title": "Phone", "detail": "added: 3 months ago · last used: yesterday · synchronised"},
            {"id": "p2", "title": "Blue key", "detail": "added: 2 days ago · not used yet · second step only"},
        ),
        "gone": None,
        "rp_id": "accounts.acme.example",
        "handle": "aWQ",
        "known": "AAE AAI",
        "most_name": 60,
    }
)

ACCOUNT_APPS: Final = MappingProxyType(
    {
        **ACCOUNT_FRAME,
        "place": "apps",
        "done": frame.DONE["app"],
        "apps": (
            {
                "id": "notes",
                "title": "Harbour Notes",
                "since": "3 months ago",
                "may": "Know who you are · See your e-mail address · Read and change notes",
                "holds": ("Access without you being here, until 2027-02-01 · last used: yesterday",),
            },
            {"id": "agent", "title": "Build agent", "since": "2 days ago", "may": "api:read", "holds": ()},
        ),
    }
)

ACCOUNT_ACTIVITY: Final = MappingProxyType(
    {
        **ACCOUNT_FRAME,
        "place": "activity",
        "first": True,
        "next": "/account/activity?after=x",
        "rows": tuple(
            {"title": title, "detail": detail, "at": "2026-11-25T12:00:00Z", "alarm": alarm}
            for title, detail, alarm in (
                ("Harbour Notes renewed its access", "now · 14 times", False),
                ("You signed in", "2 hours ago · Firefox on Linux · 192.0.2.7", False),
                ("A sign-in failed", "yesterday · 203.0.113.9", True),
                ("Your account was changed", "3 days ago · by whoever runs this place", False),
            )
        ),
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
        "account": ("account/overview.html", ACCOUNT),
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
        **enrolled.samples(ACCOUNT_FRAME, SECOND_STEP),
        "second-step-passkey": (
            "second_step.html",
            MappingProxyType({**SECOND_STEP, "factor": "passkey", "fields": "factors/passkey.html"}),
        ),
        "set-up": (
            "set_up.html",
            MappingProxyType(
                {
                    "client": HARBOUR,
                    "account": "/account/factors",
                    "here": "/login?request=a-request",
                    "another": "/login?request=a-request&another=1",
                }
            ),
        ),
        "consent-local": (
            "consent.html",
            MappingProxyType({**CONSENT, "redirect_host": "127.0.0.1", "localhost_warning": True}),
        ),
        "account-new": (
            "account/overview.html",
            MappingProxyType(
                {**ACCOUNT, "person": {"name": "demo", "email": None}, "apps": (), "leaving": "2026-12-09"}
            ),
        ),
        "account-profile": ("account/profile.html", ACCOUNT_PROFILE),
        "account-factors": ("account/factors.html", ACCOUNT_FACTORS),
        "account-passkeys": ("account/passkeys.html", PASSKEYS),
        "account-passkeys-refused": (
            "account/passkeys.html",
            MappingProxyType({**PASSKEYS, "message": "Your device gave no passkey that works here."}),
        ),
        "account-passkeys-new": ("account/passkeys.html", MappingProxyType({**PASSKEYS, "passkeys": ()})),
        "account-passkey-gone": (
            "account/passkeys.html",
            MappingProxyType({**PASSKEYS, "gone": {"id": "p1", "title": "Phone", "last_way": False, "last": True}}),
        ),
        "account-sessions": (
            "account/sessions.html",
            MappingProxyType(
                {
                    **ACCOUNT_FRAME,
                    "place": "sessions",
                    "sessions": tuple({**one, "began": "2 days ago"} for one in SESSIONS),
                }
            ),
        ),
        "account-apps": ("account/apps.html", ACCOUNT_APPS),
        "account-activity": ("account/activity.html", ACCOUNT_ACTIVITY),
        "account-download": ("account/download.html", MappingProxyType({**ACCOUNT_FRAME, "place": "download"})),
        "account-delete": (
            "account/delete.html",
            MappingProxyType({**ACCOUNT_FRAME, "place": "delete", "refused": None, "unsure": True, "grace_days": 14}),
        ),
        "account-keep": (
            "account/keep.html",
            MappingProxyType({**ACCOUNT_FRAME, "place": "keep", "leaving": "2026-12-09", "request": "a-request"}),
        ),
        "account-leaving": ("account/leaving.html", MappingProxyType({"day": "2026-12-09"})),
        "signed-out-going-on": ("signed_out.html", GOING_ON),
        "sign-out-alone": ("sign_out.html", MappingProxyType({**SIGN_OUT, "client": None})),
        "forgot": (
            "forgot.html",
            MappingProxyType(
                {"csrf_token": "a-csrf-token", "action": "/forgot", "username": "ada", "message": None, "mail": True}
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
                    "csrf_token": "a-csrf-token",
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


def shown(name: str, path: str = "", language: str = "") -> str:
    template, context = SAMPLES[name]
    return pages(path).page(template, Languages().best([language]), **context).decode()
