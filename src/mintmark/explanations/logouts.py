"""What is refused where a client asks that a person be signed out."""

from typing import Final

from mintmark.explanations.table import AS_IT_IS, WITHOUT_QUERY, Explained, Table

TABLE: Final[Table] = {
    "logout client_id": Explained(
        "client_id",
        "client_id at /end_session is another client than the one to which the ID token was issued.",
        "Send the hint of the same client, or leave client_id out.",
        AS_IT_IS,
    ),
    "post_logout_redirect_uri": Explained(
        "post_logout_redirect_uri",
        "post_logout_redirect_uri is not exactly one that is registered: scheme, host, port, path, query.",
        "Send one of those under expected, or register it: `mintmark clients set`.",
        WITHOUT_QUERY,
    ),
}
