"""Why a client could not register itself, or change its registration."""

from typing import Final

from mintmark.explanations.table import AS_AN_ORIGIN, AS_IT_IS, WHERE_SHORT, Explained, Table

TABLE: Final[Table] = {
    "client metadata": Explained(
        "the member under got",
        "A member of the registration cannot be what it says: the description tells which and why.",
        "Change that member: docs/registration.md has what each may be.",
        AS_IT_IS,
    ),
    "registration body": Explained(
        "the body", "The body is not one JSON object, sent as application/json.", "Send what RFC 7591 §3.1 shows."
    ),
    "registration throttle": Explained(
        "the address",
        "Too many clients were registered or changed from this address (IPv6: this /64).",
        "Wait, or hand out an initial access token, which is not counted; the limit is MINTMARK_THROTTLE_REGISTRATION.",
        AS_IT_IS,
    ),
    "initial access token": Explained(
        "the Authorization header",
        "The initial access token is unknown, has ended, or has no use left; got is its name where it is known.",
        "`mintmark registration list` shows those that there are; `mintmark registration add` makes another.",
        AS_IT_IS,
    ),
    "registration access token": Explained(
        "client_id and the Authorization header",
        "No client of that id manages itself with that token: it is gone or disabled, or the token is an older one.",
        "Use the registration_access_token of the last answer to an update; where it is lost, register again.",
        WHERE_SHORT,
    ),
    "registration client_id": Explained(
        "client_id", "An update must name its own client in the body.", "Send client_id as it was registered."
    ),
    "registration member": Explained(
        "the member under got",
        "An update holds a member that only the server states (RFC 7592 §2.2).",
        "Leave it out.",
        AS_IT_IS,
    ),
    "registration client_secret": Explained(
        "client_secret",
        "The client_secret in the update is not one of the client's.",
        "Leave it out: a client cannot choose its secret.",
    ),
    "logo": Explained(
        "client_id",
        "There is no logo of that client here: it has none, it was not fetched yet, or what came was no picture.",
        "PNG, JPEG, GIF, WebP or SVG of at most 20 kB and 2048 pixels a side, at a public https address.",
    ),
    "sector fetch": Explained(
        "sector_identifier_uri",
        "What stands there could not be read: got is the status, or why nothing came.",
        "It must answer 200 within five seconds, without a redirect, at a public address, with at most 64 kB.",
        AS_IT_IS,
    ),
    "sector document": Explained(
        "sector_identifier_uri",
        "What stands there is no JSON list of redirect URIs, or lacks one that the client registers.",
        "List every redirect URI of the client there (OIDC Core §8.1).",
        AS_IT_IS,
    ),
    "software statement": Explained(
        "software_statement",
        "The statement is no signed JWT, or no key of its issuer made its signature.",
        "Compare its header and its kid with the keys of that issuer in MINTMARK_REGISTRATION_STATEMENTS.",
    ),
    "software statement issuer": Explained(
        "software_statement",
        "Nobody here believes the issuer (iss) of the statement.",
        "Name it in the file of MINTMARK_REGISTRATION_STATEMENTS, with its JWK Set, if it is to be believed.",
        AS_AN_ORIGIN,
    ),
    "software statement claims": Explained(
        "software_statement",
        "The statement is over, not good yet, for another server, or has a time that is none.",
        "Ask its issuer for a newer one, whose aud is this issuer or absent.",
    ),
}
