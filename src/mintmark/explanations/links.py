"""Why a link or a code that was sent to somebody was refused. The page says the same words for each."""

from typing import Final

from mintmark.explanations.table import Explained, Table

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
}
