"""Why a sign-in was refused. The page, and the password grant, say the same words for unknown, disabled and wrong."""

from typing import Final

from mintmark.explanations.table import AS_A_NAME, AS_IT_IS, Explained, Table

TABLE: Final[Table] = {
    "sign-in form": Explained("username and password", "A field of the sign-in form was empty.", "Fill in both."),
    "sign-in step": Explained(
        "step",
        "A step of a sign-in came for which nothing is under way in this browser: it took longer than ten minutes, it "
        "is finished, the account was changed meanwhile, or the steps before it were left out.",
        "Sign in again.",
    ),
    "factor": Explained(
        "factor",
        "A proof was sent of something that the person has not set up.",
        "Nothing; the page offers what they have.",
        AS_A_NAME,
    ),
    "unknown person": Explained(
        "username",
        "Nobody has that username or verified e-mail address.",
        "`mintmark users list` knows the names; what was typed is not shown, for it may be a password.",
    ),
    "disabled person": Explained("username", "The person is disabled.", "`mintmark users enable` lets them in again."),
    "password": Explained(
        "password",
        "The person under expected exists, and the password is not theirs.",
        "`mintmark users password` sets a new one.",
    ),
    "sign-in throttle": Explained(
        "username and the address",
        "There were too many failures for this account, or from this address: the password was not looked at.",
        "Wait; MINTMARK_THROTTLE_SIGN_IN and _SIGN_IN_ADDRESS are the limits. Many of these are an attack.",
        AS_IT_IS,
    ),
    "sign-in turns": Explained(
        "username",
        "Too many sign-ins of one account waited for each other.",
        "Look for a program that signs in as one person all the time.",
    ),
    "password queue": Explained(
        "password",
        "Too many passwords waited to be checked.",
        "More MINTMARK_PASSWORD_THREADS or nodes; many of these are an attack.",
    ),
    "password hash": Explained(
        "password",
        "The stored hash could not be computed, for want of memory.",
        "Give the server more memory, or lower MINTMARK_PASSWORD_HASH_MEMORY.",
        AS_IT_IS,
    ),
}
