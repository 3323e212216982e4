"""Why a grant did not earn a token (RFC 6749 §5.2)."""

from typing import Final

from mintmark.explanations.table import AS_IT_IS, WITHOUT_QUERY, Explained, Table

TABLE: Final[Table] = {
    "grant_type": Explained(
        "grant_type", "This server has no such grant.", "Send one of those under expected.", AS_IT_IS
    ),
    "code": Explained(
        "code",
        "No such code is known: it expired and was cleared away, was damaged, or is another server's.",
        "Redeem each code once, at once, at the issuer that gave it.",
    ),
    "code client": Explained(
        "client_id",
        "The code was issued to another client.",
        "Use the same client_id at /authorize and at /token.",
        AS_IT_IS,
    ),
    "code redirect_uri": Explained(
        "redirect_uri",
        "redirect_uri is not, letter by letter, the one of the authorization request, or is missing without PKCE.",
        "Send at /token exactly what was sent at /authorize.",
        WITHOUT_QUERY,
    ),
    "code expiry": Explained(
        "code",
        "The code was redeemed too late.",
        "Redeem it at once; `code_lifetime` of the policy sets how long it lives.",
        AS_IT_IS,
    ),
    "code replay": Explained(
        "code",
        "The code was used before: everything that came of it has been ended (RFC 6749 §4.1.2).",
        "Look for a client that redeems twice, such as a callback page that is loaded again; got is the authorization.",
        AS_IT_IS,
    ),
    "code_verifier without challenge": Explained(
        "code_verifier",
        "A code_verifier came, but the authorization request had no code_challenge.",
        "Send code_challenge at /authorize; somebody may have taken it out on the way.",
    ),
    "code_verifier missing": Explained(
        "code_verifier",
        "The authorization request had a code_challenge, and no code_verifier came.",
        "Send the verifier that the challenge was made from.",
    ),
    "code_verifier syntax": Explained(
        "code_verifier",
        "code_verifier is not 43 to 128 unreserved characters (RFC 7636 §4.1).",
        "Let a library make it.",
    ),
    "code_verifier": Explained(
        "code_verifier",
        "code_verifier is not the one that the code_challenge was made from.",
        "See whether two sign-ins at once overwrite each other's verifier.",
    ),
    "refresh token": Explained(
        "refresh_token",
        "No such refresh token is known: it expired and was cleared away, was damaged, or is another server's.",
        "Let the person sign in again, and store each refresh token whole.",
    ),
    "refresh token client": Explained(
        "client_id",
        "The refresh token was issued to another client.",
        "Refresh with the client that got it.",
        AS_IT_IS,
    ),
    "refresh token expiry": Explained(
        "refresh_token",
        "The refresh token was not used for too long.",
        "Let the person sign in again; `refresh_token_idle` of the policy sets how long it lives unused.",
        AS_IT_IS,
    ),
    "refresh token reuse": Explained(
        "refresh_token",
        "It was used before, and too late for a lost answer: two hold it, and the authorization has been ended.",
        "Store the heir before the next use, in one place for all processes; got is the authorization.",
        AS_IT_IS,
    ),
    "heir key": Explained(
        "refresh_token",
        "It was used before, and the key that would make the same heir again is gone.",
        "Let the person sign in again.",
    ),
    "refresh scope": Explained(
        "scope",
        "scope is wider than what was granted, or than what the client still has (RFC 6749 §6).",
        "Leave scope out, or ask for part of what stands under expected.",
        AS_IT_IS,
    ),
    "nothing left of grant": Explained(
        "scope",
        "Nothing of what was granted is left: scopes or resources were taken out of the configuration.",
        "Let the person sign in again with scopes that exist.",
    ),
    "standing": Explained(
        "the code or refresh token",
        "What it hangs on is over: person, client, session or authorization was ended or disabled.",
        "What it got says which; `mintmark audit list` says who ended it.",
        AS_IT_IS,
    ),
    "admins": Explained(
        "scope",
        "The admin API's scopes go to people only while they are in the group admins.",
        "`mintmark users set` puts them into it, if that is meant.",
        AS_IT_IS,
    ),
    "audience": Explained(
        "resource", "No resource of the grant is left.", "Register the resource again, or sign in anew.", AS_IT_IS
    ),
    "granted resource": Explained(
        "resource",
        "resource is not among those that were granted (RFC 8707 §2.2).",
        "Ask for it at /authorize already.",
        WITHOUT_QUERY,
    ),
    "resource and scope": Explained(
        "scope and resource",
        "None of the scopes belongs to that resource.",
        "Ask for a scope under expected, or leave resource out.",
        AS_IT_IS,
    ),
    "resources of grant": Explained(
        "resource",
        "None of the resources of this grant is registered any more.",
        "Register it again, or let the person sign in anew.",
        AS_IT_IS,
    ),
    "scope": Explained(
        "scope",
        "scope holds something that this client, or this resource, does not have.",
        "Ask for what stands under expected, or give the client the scope: `mintmark clients set`.",
        AS_IT_IS,
    ),
    "identity scope": Explained(
        "scope",
        "openid and the like speak of a person, and client_credentials has none.",
        "Leave these scopes out.",
        AS_IT_IS,
    ),
    "not_after": Explained(
        "the policy",
        "A `not_after` of the policy has passed: nothing is issued any more.",
        "`mintmark clients show` says where it is stated; move it, if that is meant.",
        AS_IT_IS,
    ),
}
