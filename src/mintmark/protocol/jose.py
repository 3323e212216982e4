"""The algorithms that a client may register for what is signed and encrypted for it, or by it (RFC 7518, RFC 8037)."""

from mintmark.protocol import policy

SIGNING = policy.ALGS
UNSIGNED = "none"  # RFC 7518 §3.6: only where a client asked for it by name, and the server's settings allow it
KEY_ENCRYPTION = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")
CONTENT_ENCRYPTION = ("A128GCM", "A256GCM", "A128CBC-HS256")
DEFAULT_CONTENT_ENCRYPTION = "A128CBC-HS256"  # OIDC Registration §2
