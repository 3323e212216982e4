"""One believable context for every page: what the tests render and the pictures show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from mintmark import devices
from mintmark.languages import Languages
from mintmark.pages import forgot, words
from mintmark.pages.account import frame, profile
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

TOO_SHORT: Final = "Use at least %(least)s characters. A few words that do not belong together are easy to remember."

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
        "wrong": "",
        "csrf_token": "a-csrf-token",
        "link": "00",
        "action": "/link",
    }
)

CODE: Final = MappingProxyType(
    {
        "client": HARBOUR,
        "sent": False,
        "username": "ada@example.org",
        "message": None,
        "csrf_token": "a-csrf-token",
        "request": "a-request",
        "fresh": "",
        "reference": "a-reference",
        "action": "/code",
        "again_url": "/code?request=a-request",
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


def _ago(**since: float) -> str:
    return words.ago(NOON - timedelta(**since), NOON)


def _session(id: str, device: str, address: str, used: str, began: str, *, current: bool = False) -> dict[str, object]:
    title = _("This browser") if current else device
    detail = listed([device, address, used] if current else [address, used])
    return {"id": id, "title": title, "detail": detail, "current": current, "began": began}


def _app(id: str, title: str, scope: str, since: str) -> dict[str, object]:
    return {"id": id, "title": title, "detail": listed([scope, since])}


def _factor(id: str, title: str, added: str, used: str | None, *more: str) -> dict[str, object]:
    last = _("not used yet") if used is None else _("last used: %(when)s", when=used)
    return {"id": id, "title": title, "detail": listed([_("added: %(when)s", when=added), last, *more])}


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
    _session("s1", LINUX, "192.0.2.7", _ago(), _ago(days=2), current=True),
    _session("s2", IPHONE, "198.51.100.7", _ago(days=1), _ago(days=30)),
    _session("s3", WINDOWS, "203.0.113.40", _ago(days=12), _ago(days=12)),
)

ACCOUNT: Final = MappingProxyType(
    {
        **ACCOUNT_FRAME,
        "place": "",
        "few_codes": 2,
        "sessions": SESSIONS,
        "apps": (
            _app("a1", "Harbour Notes", "openid profile email api:write", _ago(hours=3)),
            _app("a2", "Build agent", "api:read", _ago(days=3)),
        ),
        "allowed": (_app("c1", "Harbour Notes", "openid · Example API: api:write", _ago(days=90)),),
    }
)

ACCOUNT_PROFILE: Final = MappingProxyType(
    {
        **ACCOUNT_FRAME,
        "place": "profile",
        "fields": tuple(
            {"name": name, "label": label, "value": value, "autocomplete": "off", "refused": name == "birthdate"}
            for name, label, value in (
                ("name", profile.NAMES["name"], "Ada Lovelace"),
                ("nickname", profile.NAMES["nickname"], ""),
                ("birthdate", profile.NAMES["birthdate"], "10 December"),
            )
        ),
        "facts": ((_("Username"), "ada"), (_("E-mail address"), "ada@example.org"), (_("Groups"), "staff, harbour")),
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
        "passkeys": (_factor("p1", "Phone", _ago(days=90), _ago(days=1), _("synchronised")),),
        "authenticators": (_factor("t1", "Aegis", _ago(days=12), None),),
        "codes": EnrolledCodes(10, 2, None, None),
        "codes_detail": _factor("", "", _ago(days=12), _ago(days=1))["detail"],
        "few": True,
        "browsers": (_app("b1", LINUX, "192.0.2.7", _("added: %(when)s", when=_ago(days=2))),),
    }
)

PASSKEYS: Final = MappingProxyType(
    {
        **ACCOUNT_FRAME,
        "place": "passkeys",
        "message": None,
        "passkeys": (
            _factor("p1", "Phone", _ago(days=90), _ago(days=1), _("synchronised")),
            _factor("p2", "Blue key", _ago(days=2), None, _("second step only")),
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
                "since": _ago(days=90),
                "may": listed([*(words.scope(name).title for name in ("openid", "email")), "Read and change notes"]),
                "holds": (
                    listed(
                        [
                            _("Access without you being here, until %(day)s", day="2027-02-01"),
                            _("last used: %(when)s", when=_ago(days=1)),
                        ]
                    ),
                ),
            },
            {"id": "agent", "title": "Build agent", "since": _ago(days=2), "may": "api:read", "holds": ()},
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
                (_("%(app)s renewed its access", app="Harbour Notes"), _ago(), False),
                (_("You signed in"), listed([_ago(hours=2), LINUX, "192.0.2.7"]), False),
                (_("A sign-in failed"), listed([_ago(days=1), "203.0.113.9"]), True),
                (_("Your account was changed"), listed([_ago(days=3), _("by whoever runs this place")]), False),
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

FORM_POST: Final = MappingProxyType(
    {
        "action": "https://notes.harbour.example/cb?tenant=1",
        "redirect_host": "notes.harbour.example",
        "members": (("code", "a-code"), ("state", "a-state"), ("iss", "https://accounts.acme.example")),
    }
)


def _other_steps() -> Mapping[str, tuple[str, Mapping[str, object]]]:
    """The second steps whose fields are not always the same."""
    by_mail = {**SECOND_STEP, "factor": "email_code", "fields": "factors/email_code.html", "others": ()}
    by_mail |= {"reference": "a-reference", "code_action": "/code"}
    elsewhere = {**SECOND_STEP, "factor": "external", "fields": "factors/external.html", "others": ()}
    elsewhere |= {"external_ask": None, "external_ways": ({"name": "badge", "label": "Use your badge"},)}
    two = ({"name": "badge", "label": "Use your badge"}, {"name": "desk", "label": "Ask the desk"})
    question = {"state": "sealed", "kind": "code", "label": "The number that your badge shows"}
    wrong = _("That did not prove it is you.")
    contexts: Mapping[str, Mapping[str, object]] = {
        "mail": {**by_mail, "sent": False},
        "mail-sent": {**by_mail, "sent": True},
        "external": elsewhere,
        "external-choice": {**elsewhere, "external_ways": two, "message": wrong},
        "external-question": {**elsewhere, "external_ask": question},
    }
    return {f"second-step-{name}": ("second_step.html", context) for name, context in contexts.items()}


# Page name to template and context; tools/screenshots.py says which are pictures in docs/pages.
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
        "sign-in-every-way": (
            "sign_in.html",
            MappingProxyType(
                {
                    **SIGN_IN,
                    "code_url": "/code?request=a-request",
                    "external_first": ({"name": "badge", "label": "Sign in with your badge"},),
                    "sign_up": True,
                }
            ),
        ),
        "second-step": ("second_step.html", SECOND_STEP),
        **enrolled.samples(ACCOUNT_FRAME, SECOND_STEP),
        **_other_steps(),
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
        "account-password": (
            "new_password.html",
            MappingProxyType({**NEW_PASSWORD, "link": "", "action": "/account/password"}),
        ),
        "account-factors": ("account/factors.html", ACCOUNT_FACTORS),
        "account-passkeys": ("account/passkeys.html", PASSKEYS),
        "account-passkeys-refused": (
            "account/passkeys.html",
            MappingProxyType({**PASSKEYS, "message": _("Your device gave no passkey that works here.")}),
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
                    "sessions": SESSIONS,
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
            MappingProxyType({**NEW_PASSWORD, "message": _(TOO_SHORT, least=15)}),
        ),
        "link": (
            "link.html",
            MappingProxyType(
                {
                    "title": _("Sign out everywhere?"),
                    "lead": _("Every browser and every app that is signed in to your account is signed out."),
                    "button": _("Sign out everywhere"),
                    "csrf_token": "a-csrf-token",
                    "link": "00",
                    "action": "/link",
                }
            ),
        ),
        "done": (
            "done.html",
            MappingProxyType(
                {
                    "title": _("Look into your mail"),
                    "lead": forgot.SENT,
                    "onward": "/login",
                    "label": _("Back to signing in"),
                }
            ),
        ),
        "sign-up": ("sign_up.html", SIGN_UP),
        "sign-up-invited": ("sign_up.html", MappingProxyType({**SIGN_UP, "is_open": False, "client": None})),
        "join": ("join.html", JOIN),
        "join-refused": (
            "join.html",
            MappingProxyType({**JOIN, "message": _("Choose a username."), "wrong": "username"}),
        ),
        "join-weak": (
            "join.html",
            MappingProxyType({**JOIN, "message": _(TOO_SHORT, least=15), "wrong": "new_password"}),
        ),
        "join-too-often": (
            "join.html",
            MappingProxyType({**JOIN, "message": _("Too many tries. Wait a moment.")}),
        ),
        "code": ("code.html", CODE),
        "code-refused": (
            "code.html",
            MappingProxyType({**CODE, "username": "", "message": _("Enter your username or e-mail address.")}),
        ),
        "code-sent": ("code.html", MappingProxyType({**CODE, "sent": True})),
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
