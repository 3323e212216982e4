"""How a client failed to prove itself, and what it may not do at all."""

from typing import Final

from mintmark.explanations.table import AS_IT_IS, WHERE_SHORT, Explained, Table

TABLE: Final[Table] = {
    "client authentication": Explained(
        "client_id and client_secret",
        "Nothing was sent that says which client this is.",
        "Send HTTP Basic, or client_id and client_secret in the form.",
    ),
    "basic header": Explained(
        "the Authorization header",
        "There is an Authorization header, but not one Basic credential: another scheme, or several headers.",
        "Send `Authorization: Basic …` once; an access token does not authenticate a client.",
    ),
    "basic encoding": Explained(
        "the Authorization header",
        "What follows Basic is not base64 of client_id, a colon and the secret in UTF-8.",
        "Let the HTTP library build the header.",
    ),
    "secret without client_id": Explained(
        "client_id", "client_secret was sent in the form, but no client_id.", "Send both."
    ),
    "client_id beside credentials": Explained(
        "client_id",
        "client_id in the form is another one than that of the Authorization header.",
        "Leave client_id out of the form, or send the same.",
        AS_IT_IS,
    ),
    "two credentials": Explained(
        "client_secret and the Authorization header",
        "The client authenticates in two ways at once (RFC 6749 §2.3).",
        "Configure one token_endpoint_auth_method in the client's library.",
    ),
    "unknown client": Explained(
        "client_id",
        "No client has that client_id.",
        "Compare it with `mintmark clients list`; a long one is not shown: it may be a secret.",
        WHERE_SHORT,
    ),
    "disabled client": Explained(
        "client_id", "The client is disabled.", "`mintmark clients enable` lets it in again.", AS_IT_IS
    ),
    "secret of a public client": Explained(
        "client_secret",
        "The client is registered as a public one (token_endpoint_auth_method none), and sent a secret.",
        "Take the secret out of the client's configuration, or register it with client_secret_basic.",
    ),
    "client secret": Explained(
        "client_secret",
        "The secret is missing, or none of the client's secrets that have not ended.",
        "`mintmark clients show` lists them with their ends; `mintmark clients secret-add` makes another.",
    ),
    "client method": Explained(
        "token_endpoint_auth_method",
        "The client is registered to sign an assertion (private_key_jwt), and sent a secret, or nothing.",
        "Configure private_key_jwt in the client's library, or change its token_endpoint_auth_method.",
    ),
    "assertion type": Explained(
        "client_assertion_type",
        "client_assertion and client_assertion_type stand together, and the type is the one of RFC 7523.",
        "Let the library send both; the type ends in client-assertion-type:jwt-bearer.",
    ),
    "assertion form": Explained(
        "client_assertion",
        "It is no signed JWT in compact form, or its header holds what is not taken: crit, b64, zip, a key of its own,"
        " another typ, an alg that is none of ours.",
        "Sign it as RFC 7523 says, with an algorithm of token_endpoint_auth_signing_alg_values_supported.",
    ),
    "assertion issuer": Explained(
        "client_assertion",
        "iss and sub are not both the client_id.",
        "Set both to the client_id (OIDC Core §9).",
    ),
    "assertion method": Explained(
        "client_assertion",
        "The client is registered for another way, which expected names, and sent an assertion.",
        "Set its token_endpoint_auth_method to private_key_jwt.",
    ),
    "assertion alg": Explained(
        "client_assertion",
        "It is not signed with the client's token_endpoint_auth_signing_alg.",
        "Sign with that algorithm, or change the member.",
        AS_IT_IS,
    ),
    "assertion audience": Explained(
        "client_assertion",
        "aud is not the issuer alone, as a string or the only element of a list.",
        "Set aud to the issuer; for an older library, `require_issuer_audience` false lets endpoint URLs pass.",
        AS_IT_IS,
    ),
    "assertion expiry": Explained(
        "client_assertion",
        "exp is missing, past, or more than an hour ahead.",
        "Give it a minute or five, and compare the clocks.",
        AS_IT_IS,
    ),
    "assertion begin": Explained(
        "client_assertion", "iat or nbf is no time, or more than ten seconds ahead.", "Compare the clocks."
    ),
    "assertion jti": Explained(
        "client_assertion", "jti is missing, empty, or too long.", "Give each assertion a jti of its own."
    ),
    "assertion signature": Explained(
        "client_assertion",
        "No key of the client made the signature; expected says whether its keys could be had at all.",
        "Compare kid and key with the client's jwks, or with what stands at its jwks_uri.",
    ),
    "assertion replay": Explained(
        "client_assertion",
        "The assertion was shown before: each is good once.",
        "Make a new one for each request; where nothing is retried, somebody has copied it.",
    ),
    "encryption key": Explained(
        "id_token_encrypted_response_alg, or its like",
        "The client registered that the answer is encrypted for it, and has no public key for that algorithm.",
        "Put a key with use enc in its jwks, or at its jwks_uri: RSA for RSA-OAEP-256, EC for ECDH-ES.",
        AS_IT_IS,
    ),
    "unsigned id_token": Explained(
        "id_token_signed_response_alg",
        "The client registered unsigned ID tokens (none), and the settings do not allow them by now.",
        "Register another algorithm; MINTMARK_ALLOW_UNSIGNED_ID_TOKENS allows them.",
        AS_IT_IS,
    ),
    "client throttle": Explained(
        "client_id and the address",
        "This client failed too often from this address, and must wait.",
        "Mend its secret first; the limit is MINTMARK_THROTTLE_CLIENT_AUTH.",
        AS_IT_IS,
    ),
    "public client": Explained(
        "client_id",
        "A public client proves nothing, and so may not do this (RFC 6749 §4.4, RFC 7662 §2.1).",
        "Use a client with credentials.",
        AS_IT_IS,
    ),
    "password grant": Explained(
        "grant_type",
        "Only a confidential client that an operator made may have the password grant.",
        "Use the authorization code, or make such a client.",
        AS_IT_IS,
    ),
    "client grant_type": Explained(
        "grant_type",
        "The client is not registered for that grant.",
        "Add it to the client's grant_types: `mintmark clients set`.",
        AS_IT_IS,
    ),
    "client code flow": Explained(
        "response_type",
        "The client is not registered for the code flow.",
        "Give it the grant authorization_code and the response type code.",
        AS_IT_IS,
    ),
    "client response_type": Explained(
        "response_type",
        "The client is not registered for that response type.",
        "Add it to its response_types, or send one under expected.",
        AS_IT_IS,
    ),
    "allowed_networks": Explained(
        "the address",
        "The client's address lies in none of the networks that the policy allows.",
        "Add the network, or set MINTMARK_TRUSTED_PROXIES where got is the address of your proxy.",
        AS_IT_IS,
    ),
}
