"""Why a request object was not taken (OIDC Core §6, RFC 9101 §7)."""

from typing import Final

from mintmark.explanations.table import AS_A_NAME, AS_AN_ORIGIN, Explained, Table

TABLE: Final[Table] = {
    "request": Explained(
        "request and request_uri",
        "A request object stands in a place where none is read.",
        "Send it to /authorize, and none inside another.",
    ),
    "request and request_uri": Explained(
        "request and request_uri",
        "A request object came by value and by reference at once.",
        "Send one of the two.",
    ),
    "signed request": Explained(
        "request",
        "The client is registered with require_signed_request_object, and sent plain parameters.",
        "Send them in a signed request object, or take the member away from the client.",
    ),
    "request object": Explained(
        "the request object",
        "It is no JWT, is encrypted, or is signed with another algorithm than the client registered.",
        "Sign it with one of the algorithms under expected; its typ is absent, JWT or oauth-authz-req+jwt.",
    ),
    "unsigned request object": Explained(
        "the request object",
        "It is not signed, and the client did not register request_object_signing_alg as none.",
        "Sign it, or register none; what nobody signed is worth no more than plain parameters.",
    ),
    "request object signature": Explained(
        "the request object",
        "None of the client's keys made its signature.",
        "Compare its kid with the keys at the client's jwks_uri, or in its jwks.",
    ),
    "nested request": Explained(
        "the request object",
        "It holds request or request_uri itself (RFC 9101 §4).",
        "Put the parameters themselves into it.",
        AS_A_NAME,
    ),
    "request object names": Explained(
        "the request object",
        "The member under got names another client, another server, or makes it pass for something else.",
        "Let it say what stands under expected.",
        AS_A_NAME,
    ),
    "request object time": Explained(
        "the request object",
        "It has expired, or lies in the future.",
        "Make one for each request, and look at the client's clock.",
        AS_A_NAME,
    ),
    "request object response_type": Explained(
        "response_type",
        "It differs between the request object and the parameters beside it (OIDC Core §6.1).",
        "Send the same in both places.",
    ),
    "request object member": Explained(
        "the request object",
        "A parameter in it has a value that no parameter could have.",
        "Write it as text, as it would stand in the address.",
        AS_A_NAME,
    ),
    "request_uri": Explained(
        "request_uri",
        "The address is none that the client registered in request_uris, letter by letter.",
        "Register it; a fragment may differ where none was registered.",
        AS_AN_ORIGIN,
    ),
    "request_uri fetch": Explained(
        "request_uri",
        "Nothing could be read at that address; what happened stands under expected.",
        "See that it answers 200 within five seconds, without a redirect, at a public address.",
        AS_AN_ORIGIN,
    ),
}
