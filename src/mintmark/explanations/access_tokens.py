"""Why an access token was not good at UserInfo or at the admin API (RFC 6750 §3.1)."""

from typing import Final

from mintmark.explanations.table import AS_IT_IS, Explained, Table

TABLE: Final[Table] = {
    "no access token": Explained(
        "the Authorization header", "No access token was sent.", "Send `Authorization: Bearer …`."
    ),
    "bearer header": Explained(
        "the Authorization header",
        "The Authorization header is not one Bearer token: another scheme, nothing behind it, or several headers.",
        "Send `Authorization: Bearer …` once.",
    ),
    "two access tokens": Explained(
        "access_token", "The access token was sent in the header and in the form.", "Send the header alone."
    ),
    "token in query": Explained(
        "access_token",
        "An access token stands in the address, where logs and histories would keep it.",
        "Send it in the header; revoke the one that was sent.",
    ),
    "access token form": Explained(
        "the access token",
        "It is no access token that this server signed, or a key of it is gone.",
        "See that it is the access token, not the ID token, whole, and of this issuer.",
    ),
    "access token expiry": Explained(
        "the access token",
        "The access token has expired.",
        "Refresh before that; `access_token_lifetime` of the policy sets how long it lives.",
        AS_IT_IS,
    ),
    "access token": Explained(
        "the access token",
        "It was revoked, used up, or what it hangs on is over: person, client, session or authorization.",
        "`mintmark audit list` says who ended it; the client refreshes, or lets the person sign in.",
    ),
    "access token audience": Explained(
        "the access token",
        "The access token is for other resources than this one.",
        "Ask for it with the scopes, or the resource, of this door: openid for UserInfo, admin:… for the admin API.",
        AS_IT_IS,
    ),
    "openid": Explained(
        "the access token", "The token was issued without openid.", "Ask for the scope openid.", AS_IT_IS
    ),
    "admin scope": Explained(
        "the access token",
        "The token lacks the scope that this operation needs.",
        "Ask for the scope under expected; the client's stored scope must name it.",
        AS_IT_IS,
    ),
    "token's person": Explained(
        "the access token", "The person was deleted meanwhile.", "Nothing: there is nobody to tell of."
    ),
    "one use": Explained(
        "the access token",
        "The policy makes it good for one use, and it was used before.",
        "Get a new one for each use.",
    ),
}
