"""What can be wrong with a request at any door, and with the server itself."""

from typing import Final

from mintmark.explanations.table import AS_A_NAME, AS_IT_IS, WITHOUT_QUERY, Explained, Table

TABLE: Final[Table] = {
    "host": Explained(
        "the Host header",
        "The Host header is missing its form, or stands twice.",
        "See what the proxy in front sends as Host.",
    ),
    "method": Explained(
        "the method",
        "This door does not answer that HTTP method.",
        "Send one of the methods that were expected.",
        AS_IT_IS,
    ),
    "body deadline": Explained(
        "the body",
        "The body did not arrive in time.",
        "Look for a slow network, or a client that sends its head alone.",
    ),
    "body broken off": Explained(
        "the body",
        "The connection was closed before the body was whole.",
        "Nothing to mend here: the client, or a proxy, gave up.",
    ),
    "body length": Explained(
        "the body",
        "The body is longer than this server reads.",
        "Send less, or raise MINTMARK_BODY_LIMIT.",
    ),
    "body encoding": Explained("the body", "The body is not UTF-8.", "Encode the form as UTF-8."),
    "content type": Explained(
        "the Content-Type header",
        "The body is of another media type than this door reads; the admin API reads JSON, other doors a form.",
        "Send the media type under expected.",
    ),
    "query encoding": Explained(
        "the query",
        "The query holds characters that must be percent-encoded.",
        "Let a library build the address.",
    ),
    "parameter NUL": Explained(
        "a parameter", "A parameter holds a NUL character.", "Look for binary values sent as text."
    ),
    "parameter count": Explained(
        "the parameters", "There are more parameters than any real request has.", "Send fewer."
    ),
    "parameter encoding": Explained(
        "a parameter", "A percent-encoded parameter is not UTF-8.", "Encode every value as UTF-8 first."
    ),
    "parameter": Explained(
        "the parameter that was expected",
        "A parameter that the request cannot do without is missing, or empty.",
        "Send the parameter that stands under expected.",
    ),
    "repeated parameter": Explained(
        "the parameter that stands under got",
        "The parameter was sent more than once (RFC 6749 §3.1); resource alone may repeat.",
        "Send it once; see whether a proxy or a library adds it again.",
        AS_A_NAME,
    ),
    "secret in query": Explained(
        "the query",
        "A credential stands in the address, where logs and histories would keep it.",
        "Send it in the form; take the one that was sent as known to others, and change it.",
    ),
    "scope length": Explained("scope", "scope is longer than anybody needs.", "Ask for fewer scopes."),
    "scope syntax": Explained(
        "scope",
        "scope holds a character that RFC 6749 §3.3 does not allow, such as a comma's quote or a line break.",
        "Separate the scopes by single spaces.",
        AS_IT_IS,
    ),
    "resource": Explained(
        "resource, or the id in the path",
        "No resource of that address is registered.",
        "Compare it with `resources` of the apply file, or register it there.",
        WITHOUT_QUERY,
    ),
    "resource of client": Explained(
        "resource",
        "The client's stored scope has nothing of that resource.",
        "Give the client one of the scopes under expected: `mintmark clients set`.",
        WITHOUT_QUERY,
    ),
    "scope of several resources": Explained(
        "resource",
        "The scope belongs to several resources, and nothing says which is meant.",
        "Send resource with one of the addresses under expected.",
        AS_IT_IS,
    ),
    "admin audience": Explained(
        "scope and resource",
        "The admin API's scopes were asked for together with others; such a token is for nothing else.",
        "Ask for the admin scopes by themselves, and for other scopes in another request.",
        AS_IT_IS,
    ),
    "limits of the resources": Explained(
        "resource",
        "The policies of the requested resources contradict each other, so no one token suits them.",
        "Ask for one resource at a time, or make their policies agree.",
        AS_IT_IS,
    ),
    "store": Explained(
        "the database",
        "The database did not answer in time; nothing is wrong with the request.",
        "Look at the database and at /health/ready; the client may try again.",
    ),
    "conflict": Explained(
        "the database",
        "Others changed the same rows at the same time, again and again.",
        "The client may try again; many of these mean many clients that share one grant.",
    ),
    "lane": Explained(
        "the grant",
        "Too many requests wanted to change the same thing at once.",
        "The client may try again; see who sends so many for one person and client.",
    ),
    "fault": Explained(
        "the server",
        "The server itself broke; nothing is wrong with the request.",
        "Look for the trace id in the log: the line `failed` with it has the traceback. Please report it.",
        AS_IT_IS,
    ),
    "no such address": Explained(
        "the path",
        "There is nothing at that address of the admin API.",
        "Compare it with /admin/api/openapi.json.",
    ),
    "query parameters": Explained(
        "the parameters under got",
        "A parameter of the admin API is unknown, or cannot be read.",
        "See the members `errors` of the answer, and /admin/api/openapi.json.",
        AS_A_NAME,
    ),
    "after": Explained(
        "after",
        "The value of after is none that a page of this list said was next.",
        "Send `next` of the page before as it is, with the same list.",
    ),
    "person": Explained("the id in the path", "There is no person of that id.", "List them: GET /admin/api/users."),
    "session": Explained(
        "the id in the path", "There is no session of that id.", "List them: GET /admin/api/sessions."
    ),
    "authorization": Explained(
        "the id in the path",
        "There is no authorization of that id.",
        "List them: GET /admin/api/authorizations.",
    ),
    "refusal": Explained(
        "the trace id in the path",
        "No refusal of that trace id is kept: it is too old, or one of a flood that was counted only.",
        "Look for the id in the log, which has every refusal.",
    ),
}
