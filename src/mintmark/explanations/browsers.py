"""What is refused on the way of a browser: the authorization request, forms, and what was under way."""

from typing import Final

from mintmark.explanations.table import AS_AN_ORIGIN, AS_IT_IS, WITHOUT_QUERY, Explained, Table

TABLE: Final[Table] = {
    "client_id": Explained(
        "client_id",
        "client_id is missing, or no client has it: nobody is known who could be answered.",
        "Compare it with `mintmark clients list`.",
        AS_IT_IS,
    ),
    "redirect_uri": Explained(
        "redirect_uri",
        "redirect_uri is missing, or not exactly one that is registered: scheme, host, port, path, query.",
        "Send one of those under expected, or register it: `mintmark clients set`.",
        WITHOUT_QUERY,
    ),
    "request length": Explained(
        "the parameters",
        "The authorization request is longer than what is kept while a person signs in.",
        "Shorten state, nonce, claims or login_hint.",
    ),
    "claims": Explained(
        "claims",
        "claims is no JSON object of the form that OIDC Core §5.5 describes.",
        "Let a library write it, and encode it once.",
    ),
    "essential acr": Explained(
        "acr in claims",
        "The client insists on a way to authenticate the person that this server, or this person, does not have.",
        "Ask for one of acr_values_supported, or ask without `essential`.",
        AS_IT_IS,
    ),
    "response_mode": Explained(
        "response_mode",
        "This server has no such response_mode.",
        "Leave it out, or send one under expected.",
        AS_IT_IS,
    ),
    "response_type": Explained(
        "response_type",
        "Only the code flow is offered, and `none`, which gives no code (RFC 9700 §2.1.2).",
        "Send response_type=code.",
        AS_IT_IS,
    ),
    "request_uri client": Explained(
        "request_uri", "request_uri belongs to another client.", "Send the client_id that began it.", AS_IT_IS
    ),
    "registration": Explained(
        "registration", "Registration within a request is not supported.", "Register the client first."
    ),
    "pkce": Explained(
        "code_challenge",
        "PKCE is required, and code_challenge is missing.",
        "Send code_challenge with code_challenge_method=S256; confidential clients may have `require_pkce` false.",
    ),
    "code_challenge_method": Explained(
        "code_challenge_method", "Only S256 is offered (RFC 9700 §2.1.1).", "Send S256."
    ),
    "code_challenge": Explained(
        "code_challenge",
        "code_challenge is not 43 to 128 unreserved characters (RFC 7636 §4.2).",
        "Send base64url of SHA-256 of the verifier, without padding.",
    ),
    "prompt": Explained(
        "prompt",
        "prompt holds a value that is unknown, or none beside another.",
        "Send values under expected; none stands alone.",
    ),
    "max_age": Explained("max_age", "max_age is not a whole number of seconds.", "Send digits, or leave it out."),
    "silent sign-in": Explained(
        "prompt",
        "prompt=none, but the person would have to sign in; got says why.",
        "This is how a silent renewal ends: send the request again without prompt.",
        AS_IT_IS,
    ),
    "silent account choice": Explained(
        "prompt",
        "prompt=none, but the person would have to choose an account.",
        "Send the request again without prompt=none.",
    ),
    "silent consent": Explained(
        "prompt",
        "prompt=none, but the person has not allowed this scope to this client yet.",
        "Send the request again without prompt; `require_consent` false marks a client of your own.",
        AS_IT_IS,
    ),
    "id_token_hint": Explained(
        "id_token_hint",
        "Another person signed in than id_token_hint, or sub in claims, names.",
        "Sign out first, or leave out the parameter that names somebody.",
        AS_IT_IS,
    ),
    "consent": Explained("the consent page", "The person said no.", "Nothing: it is their decision."),
    "nobody signed in": Explained(
        "the session", "The session ended while the request was under way.", "Begin the sign-in again."
    ),
    "request age": Explained(
        "request",
        "The sign-in under way is unknown or too old.",
        "Begin again at the app; `MINTMARK_REQUEST_LIFETIME` sets how long one may take.",
    ),
    "request completed": Explained(
        "request",
        "The sign-in was finished before: the back button, or a bookmark of a page on the way.",
        "Begin again at the app.",
    ),
    "request browser": Explained(
        "the cookie",
        "The sign-in was begun in another browser, or the cookie was lost on the way.",
        "Begin again in one browser; many of these: see whether the proxy passes cookies on.",
    ),
    "decision": Explained("decision", "The consent form came without an answer.", "Use the buttons of the page."),
    "sec-fetch-site": Explained(
        "the Sec-Fetch-Site header",
        "The form was sent from another site.",
        "Nothing, if it was an attack; an app must send people to /authorize, never post our forms.",
    ),
    "origin": Explained(
        "the Origin header",
        "The form was sent from another origin than this issuer's.",
        "If got is your own address, MINTMARK_ISSUER is another one than people use.",
        AS_AN_ORIGIN,
    ),
    "csrf": Explained(
        "csrf_token",
        "The form is not one that this browser was given, or is from before the last sign-in.",
        "Reload the page; many of these: see whether cookies arrive (https, proxy, MINTMARK_ISSUER).",
    ),
}
