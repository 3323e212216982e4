"""Why a passkey did not sign in, or was not taken. The page says the same of whatever was wrong with it."""

from typing import Final

from mintmark.explanations.table import AS_IT_IS, Explained, Table

TABLE: Final[Table] = {
    "passkey form": Explained(
        "passkey",
        "What the page's script sent is not the answer of an authenticator.",
        "Look for a program that signs in.",
    ),
    "passkey challenge": Explained(
        "passkey",
        "The challenge was made for another browser, another person or another purpose, it is older than five "
        "minutes, or it was answered before.",
        "The person tries again. Many of these are somebody who replays what they overheard.",
    ),
    "unknown passkey": Explained(
        "passkey",
        "Nobody here has that passkey: it was removed, or belongs to another server at the same host.",
        "The person signs in another way, and adds a new one.",
    ),
    "passkey person": Explained(
        "passkey",
        "The passkey is another person's than the one whose sign-in it is, or the authenticator named another.",
        "The person uses one of their own.",
    ),
    "passkey": Explained(
        "passkey",
        "The authenticator's answer does not verify; got says what about it: the origin, the host, the signature, or "
        "that it did not check who used it.",
        "Where it is the origin or the RP ID, compare MINTMARK_ISSUER with the address that people see.",
        AS_IT_IS,
    ),
    "passkey counter": Explained(
        "passkey",
        "The authenticator's counter did not go on, as if the key had been copied, and the copy used.",
        "Ask the person to remove this passkey; if it was never copied, the authenticator is broken.",
        AS_IT_IS,
    ),
    "passkey authenticator": Explained(
        "passkey",
        "The kind of authenticator under got is not among those that are let in.",
        "Add its AAGUID to MINTMARK_PASSKEY_AUTHENTICATORS, or hand out others.",
        AS_IT_IS,
    ),
    "new passkey": Explained(
        "passkey",
        "What the authenticator made does not verify; got says what about it.",
        "Where it is the origin or the RP ID, compare MINTMARK_ISSUER with the address that people see.",
        AS_IT_IS,
    ),
    "known passkey": Explained(
        "passkey",
        "The credential is registered already, perhaps for somebody else.",
        "Nothing; a device makes a new one.",
    ),
    "passkeys": Explained(
        "passkey", "The person has as many passkeys as anybody may.", "The person removes one that they do not use."
    ),
    "passkey options": Explained(
        "the session",
        "The page's script asked for options, and there is nothing to ask for: nobody is signed in, the person has no "
        "passkey, or the issuer is an IP address.",
        "Passkeys need an issuer with a host name.",
    ),
    "fresh proof": Explained(
        "the session",
        "Something that changes the account was asked for, and the last proof is older than ten minutes.",
        "The person confirms that it is them; the page leads there.",
    ),
}
