"""Why the admin API would not change what an operator wanted changed."""

from typing import Final

from mintmark.explanations.table import AS_A_NAME, AS_IT_IS, Explained, Table

TABLE: Final[Table] = {
    "body": Explained(
        "the body", "The body is not one JSON object in UTF-8.", "Send what /admin/api/openapi.json shows."
    ),
    "repeated member": Explained(
        "the body",
        "An object of the body has two members of one name, and nobody could say which of them counts.",
        "Let a library write the JSON.",
    ),
    "body depth": Explained(
        "the body",
        "Objects and lists of the body stand deeper in one another than anything that is kept here.",
        "Send what /admin/api/openapi.json shows.",
    ),
    "members": Explained(
        "the member under got, and perhaps more of the body",
        "A member of the body is unknown, missing, not as it must be, or taken by something else that is kept.",
        "See `errors` of the answer, which names each member.",
        AS_A_NAME,
    ),
    "rights": Explained(
        "the access token",
        "The operator would give away, or take over, an admin scope that their own token lacks.",
        "Use a token that has the scopes under expected.",
        AS_IT_IS,
    ),
    "if-match": Explained(
        "the If-Match header",
        "The header is missing, or what is to be changed is another by now than what was read.",
        "GET it again, and send its ETag as If-Match.",
    ),
    "idempotency key": Explained(
        "the Idempotency-Key header",
        "The header stands twice, is empty or too long, or holds a character that cannot be printed.",
        "Send one UUID, a new one for each thing that is to be done.",
        AS_IT_IS,
    ),
    "idempotent body": Explained(
        "the Idempotency-Key header",
        "The same key came with another body or query before.",
        "Send a new key for what is new; to try again, send the same body.",
    ),
    "idempotent answer": Explained(
        "the Idempotency-Key header",
        "It was done before, and the sealing key that its kept answer needs is gone.",
        "GET what was made; bring the old sealing key back, or send a new key to do it once more.",
    ),
    "factor id": Explained(
        "factor",
        "The person has no factor of that id, or it is the password, which cannot be removed alone.",
        "`GET /users/{id}/factors` or `mintmark users factors` lists them.",
        AS_A_NAME,
    ),
    "invitation id": Explained(
        "id",
        "There is no invitation of that id: it was taken back, or ran out long ago.",
        "`GET /invitations` or `mintmark users invitations` lists them.",
        AS_A_NAME,
    ),
    "initial access token id": Explained(
        "the id in the path",
        "There is no initial access token of that id.",
        "List them: GET /admin/api/initial-access-tokens.",
    ),
    "client": Explained("the id in the path", "There is no client of that id.", "List them: GET /admin/api/clients."),
    "client taken": Explained(
        "client_id",
        "There is a client of that id already.",
        "Choose another id, leave it out to be given one, or change the client that there is.",
        AS_A_NAME,
    ),
    "secret": Explained(
        "the name in the path",
        "The client never had a secret of that name.",
        "List them: GET /admin/api/clients/{id}/secrets.",
    ),
    "client of no secrets": Explained(
        "the id in the path",
        "The client is a public one, or proves itself by a key: it has no secrets.",
        "Change its token_endpoint_auth_method first, if it can keep a secret.",
    ),
    "person taken": Explained(
        "username and email",
        "Another person signs in by that name or address.",
        "Choose another; see `errors` of the answer for whose it is.",
        AS_A_NAME,
    ),
    "resource taken": Explained(
        "resource",
        "There is a resource of that address already, perhaps written in another way.",
        "Change the one that there is.",
        AS_A_NAME,
    ),
    "rule taken": Explained(
        "name",
        "There is a claim rule of that name already, or there are as many rules as there may be.",
        "Change the one that there is, or delete one.",
        AS_A_NAME,
    ),
    "left scopes": Explained(
        "scopes",
        "Clients would be left with a scope that no resource owns any more.",
        "Take it from the clients that `errors` of the answer names, or keep it.",
        AS_A_NAME,
    ),
    "policy": Explained(
        "the group in the path", "No policy is stated for that group.", "List them: GET /admin/api/policies."
    ),
    "policy taken": Explained(
        "group", "A policy is stated for that group already.", "Change the one that there is.", AS_A_NAME
    ),
    "claim rule": Explained(
        "the name in the path", "There is no claim rule of that name.", "List them: GET /admin/api/claim-rules."
    ),
    "webhook": Explained(
        "the id in the path", "There is no webhook of that id.", "List them: GET /admin/api/webhooks."
    ),
    "delivery": Explained(
        "the id in the path",
        "There is no delivery of that id, or it is being sent at this moment.",
        "List them: GET /admin/api/outbox; one that is being sent can be sent again in a minute.",
    ),
}
