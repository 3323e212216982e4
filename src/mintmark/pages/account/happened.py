"""Events of the audit trail in the words of a person's account. One that has no words here is told by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from mintmark.texts import _


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of an event."""

    text: str
    with_app: Callable[[str], str] | None = None  # where an app took part, with its name
    often: bool = False  # it comes again and again, and several in a row are one line
    of_app: bool = False  # its address is a server's of the app, which says nothing to a person


_WORDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "signed_in": Words(_("You signed in")),
        "sign_in_failed": Words(_("A sign-in failed")),
        "sign_in_throttled": Words(_("A sign-in had to wait, after too many that failed"), often=True),
        "session_ended": Words(_("A session ended")),
        "password_rehashed": Words(_("Your password is stored in a better way")),
        "consent_given": Words(_("You let an app in"), lambda app: _("You let %(app)s in", app=app)),
        "consent_withdrawn": Words(
            _("You took back what an app may do"), lambda app: _("You took back what %(app)s may do", app=app)
        ),
        "consent_refused": Words(_("You refused an app"), lambda app: _("You refused %(app)s", app=app)),
        "authorized": Words(
            _("An app was given access"), lambda app: _("%(app)s was given access", app=app), often=True
        ),
        "authorization_ended": Words(_("An app lost its access"), lambda app: _("%(app)s lost its access", app=app)),
        "code_redeemed": Words(
            _("An app took up its access"),
            lambda app: _("%(app)s took up its access", app=app),
            often=True,
            of_app=True,
        ),
        "code_replayed": Words(
            _("A code was used twice, so its access was ended"),
            lambda app: _("A code for %(app)s was used twice, so its access was ended", app=app),
            of_app=True,
        ),
        "refreshed": Words(
            _("An app renewed its access"),
            lambda app: _("%(app)s renewed its access", app=app),
            often=True,
            of_app=True,
        ),
        "refresh_repeated": Words(
            _("An app renewed its access"),
            lambda app: _("%(app)s renewed its access", app=app),
            often=True,
            of_app=True,
        ),
        "refresh_token_reused": Words(
            _("An app's key was used twice, so its access was ended"),
            lambda app: _("A key of %(app)s was used twice, so its access was ended", app=app),
            of_app=True,
        ),
        "password_grant_used": Words(
            _("An app signed in with your password"),
            lambda app: _("%(app)s signed in with your password", app=app),
            often=True,
            of_app=True,
        ),
        "token_issued": Words(
            _("An app got a token"), lambda app: _("%(app)s got a token", app=app), often=True, of_app=True
        ),
        "token_revoked": Words(
            _("An app gave up its access"), lambda app: _("%(app)s gave up its access", app=app), of_app=True
        ),
        "token_spent": Words(_("A token for one use was used"), often=True, of_app=True),
        "tokens_revoked": Words(_("Access of apps was ended")),
        "configured": Words(_("Your account was changed")),
        "link_sent": Words(_("A link was sent to you")),
        "password_changed": Words(_("Your password was changed")),
        "email_verified": Words(_("Your e-mail address was confirmed")),
        "email_changed": Words(_("Your e-mail address was changed")),
        "profile_changed": Words(_("You changed your profile")),
        "factor_added": Words(_("You added a way to sign in")),
        "factor_removed": Words(_("A way to sign in was removed")),
        "passkey_renamed": Words(_("You gave a passkey another name")),
        "passkey_perhaps_cloned": Words(_("A passkey may have been copied, and did not sign in")),
        "recovery_codes_made": Words(_("You made new recovery codes")),
        "recovery_code_used": Words(_("A recovery code was used")),
        "deletion_asked": Words(_("You asked for your account to be deleted")),
        "deletion_taken_back": Words(_("You kept your account")),
        "personal_copy_taken": Words(_("You downloaded your data")),
    }
)


def told(event: str, detail: Mapping[str, Any], app: str | None) -> str:  # Any: the event's own fields
    """In a person's words. app: the name of the app that took part; None: none did."""
    found = _WORDS.get(event)
    if found is None:
        return event.replace("_", " ").capitalize()
    if app is None or found.with_app is None:
        return found.text
    return found.with_app(app)


def is_often(event: str) -> bool:
    found = _WORDS.get(event)
    return found is not None and found.often


def is_of_app(event: str) -> bool:
    found = _WORDS.get(event)
    return found is not None and found.of_app
