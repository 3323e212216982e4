"""Why a sign-in was refused. The page, and the password grant, say the same words for unknown, disabled and wrong."""

from typing import Final

from mintmark.explanations.table import AS_A_NAME, AS_IT_IS, Explained, Table

TABLE: Final[Table] = {
    "sign-in form": Explained("username and password", "A field of the sign-in form was empty.", "Fill in both."),
    "sign-in step": Explained(
        "step",
        "A step of a sign-in came for which nothing is under way in this browser: it took longer than ten minutes, it "
        "is finished, the account was changed meanwhile, or the steps before it were left out.",
        "The person begins again; many of these: see whether the proxy passes cookies on.",
    ),
    "factor": Explained(
        "factor",
        "A proof was sent of something that the person has not set up.",
        "Nothing; the page offers what they have.",
        AS_A_NAME,
    ),
    "code form": Explained(
        "code",
        "What was typed is neither a code of an authenticator app nor a recovery code.",
        "Type the six digits that the app shows, or a whole recovery code.",
    ),
    "totp code": Explained(
        "code",
        "The person under expected has authenticator apps, and none of them shows that code now, or did half a minute "
        "ago.",
        "Compare the clock of the phone with this server's; more than 30 s apart, no code is right.",
    ),
    "totp step": Explained(
        "code",
        "The code was used already, or a later one was: each is good once.",
        "Wait for the next code; if nobody knows of the first use, somebody else has the code.",
    ),
    "recovery code": Explained(
        "code",
        "The person under expected has no such recovery code; making new ones ends the old ones.",
        "Take the sheet that was printed last, or an operator removes what was lost.",
    ),
    "recovery code use": Explained(
        "code",
        "The recovery code was used before: each is good once.",
        "Take another one; if the person did not use it, somebody else has the sheet.",
    ),
    "totp app": Explained(
        "app",
        "An authenticator app was to be confirmed or removed that the person does not have, or the key was shown too "
        "long ago.",
        "Begin again with a new key.",
    ),
    "totp name": Explained("name", "The name of an authenticator app cannot be shown.", "Choose a short one."),
    "totp count": Explained(
        "name", "The person has as many authenticator apps as anybody may.", "They remove one that they do not use."
    ),
    "factors": Explained(
        "factor",
        "The proof was right, and nothing that this person has would make it enough to sign in.",
        "Look at `mintmark users show`: what they have set up does not go together.",
        AS_A_NAME,
    ),
    "second factor": Explained(
        "the password grant",
        "The password was right, and the person has set up a second factor, for which this grant has no room.",
        "Use the code flow, in a browser.",
        AS_IT_IS,
    ),
    "require_factors": Explained(
        "the person's sign-in",
        "A policy demands by now that the person proves more than they did for this grant; expected says what.",
        "Send the person through /authorize again.",
        AS_IT_IS,
    ),
    "token's authentication": Explained(
        "the access token",
        "A policy demands that the person proves more, or more lately, than they did for this token (RFC 9470).",
        "Send the person through /authorize again, with the acr_values and max_age of the challenge.",
        AS_IT_IS,
    ),
    "factor throttle": Explained(
        "the account and the address",
        "There were too many wrong proofs by this factor: it was not looked at.",
        "Wait; MINTMARK_THROTTLE_SECOND_FACTOR is the limit. Many of these mean that somebody has the password.",
        AS_IT_IS,
    ),
    "sign-in tries": Explained(
        "step",
        "There were too many wrong proofs in one sign-in, which is over by that.",
        "Sign in again. Many of these mean that somebody has the password.",
    ),
    "external factor": Explained(
        "external",
        "There is no such service, or it is not for this step of a sign-in.",
        "The `factors` of the apply file declare them, with `use`.",
        AS_A_NAME,
    ),
    "external question": Explained(
        "external_input", "The service wants to be shown something first.", "Nothing: the page asks for it."
    ),
    "external answer": Explained(
        "external",
        "The operator's own service did not say yes: why stands under got.",
        "Look at what the service got and answered; it must answer 200, signed, within its `timeout`.",
        AS_IT_IS,
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
    "throttle download": Explained(
        "person",
        "Somebody downloaded all that is kept of them as often as they may in a day.",
        "Wait; MINTMARK_THROTTLE_DOWNLOAD is the limit.",
        AS_IT_IS,
    ),
    "person leaves": Explained(
        "nothing",
        "The person asked to be deleted: before an app gets anything they have to say that they stay, which neither "
        "prompt=none nor the password grant lets them.",
        "Send their browser to /authorize without prompt=none.",
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
