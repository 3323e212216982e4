"""Why a link or a code that was sent to somebody was refused. The page says the same words for each."""

from typing import Final

from mintmark.explanations.table import AS_IT_IS, Explained, Table

_ASK_AGAIN = "They can ask for another one."
TABLE: Final[Table] = {
    "link unknown": Explained(
        "link", "No such link was ever made, or it was deleted after it had expired.", "A mail client may have cut it."
    ),
    "link kind": Explained("link", "The link is for something else.", "Look for a program that puts links together."),
    "link spent": Explained("link", "The link was used before.", _ASK_AGAIN),
    "link tries": Explained(
        "code", "There were too many wrong codes: it is over.", "They can ask for another one. Many are an attack."
    ),
    "link expired": Explained("link", "The link was too old.", _ASK_AGAIN),
    "link epoch": Explained("link", "It was made before everything was ended, or a backup restored.", _ASK_AGAIN),
    "link account": Explained(
        "link",
        "The account changed since the link was made: its password, address or factors, or it was disabled.",
        _ASK_AGAIN,
    ),
    "link of another page": Explained(
        "link",
        "The form was for another link than the one that was opened last in that browser.",
        "They can open the link in the letter again.",
    ),
    "email taken": Explained(
        "link", "The address that was to be confirmed is another person's by now.", "`mintmark users list` knows whose."
    ),
    "sign-up off": Explained(
        "MINTMARK_SIGN_UP",
        "Nobody makes an account here without an invitation.",
        "`mintmark users invite` makes one; MINTMARK_SIGN_UP says who may without.",
    ),
    "sign-up address": Explained("email", "What was typed is no e-mail address.", "They can type another."),
    "sign-up domain": Explained(
        "email", "The address is at none of MINTMARK_SIGN_UP_DOMAINS.", "Add its domain there, or invite them."
    ),
    "sign-up throttle": Explained(
        "the address",
        "Too many accounts were asked for, or names tried, from there.",
        "Wait; MINTMARK_THROTTLE_SIGN_UP is the limit. Many of these are an attack.",
        AS_IT_IS,
    ),
    "sign-up name": Explained(
        "username",
        "The username, or the name, cannot be: somebody has it, or it is an address that was not proved.",
        "They can choose another.",
    ),
    "sign-up password": Explained("new_password", "The password is too weak, or too long.", "They can choose another."),
    "mail throttle": Explained(
        "the address",
        "Too many letters were asked for from there, or at the same time.",
        "Wait; MINTMARK_THROTTLE_MAIL_ASKED is the limit. Many of these are an attack.",
        AS_IT_IS,
    ),
    "one-time code": Explained("code", "The code was not the one that was sent.", "They can ask for another one."),
    "one-time code browser": Explained(
        "code", "The code was asked for in another browser, where alone it is good.", "Many of these are an attack."
    ),
    "one-time code person": Explained(
        "code", "The code was sent to somebody else than the one who signs in.", "They can ask for another one."
    ),
}
