"""JWTs that nobody signed (RFC 7519 §6): they prove nothing, and are read only where a client asked for that."""

from collections.abc import Collection

from mintmark.keys import compact
from mintmark.keys.compact import Claims

NONE = "none"


def is_unsigned(token: str) -> bool:
    """Whether its header says so: `alg` is "none", in whatever case, so that no other reader takes it for signed."""
    header = compact.read(compact.decode(token.partition(".")[0])) if token.isascii() else None
    alg = None if header is None else header.get("alg")
    return isinstance(alg, str) and alg.lower() == NONE


def read(token: str, *, typ: Collection[str | None], longest: int = compact.LONGEST) -> Claims | None:
    """Its claims; `typ` as it may be, None among them: it may say none. None for whatever else it is."""
    first, _, rest = token.partition(".")
    second, dot, signature = rest.partition(".")
    if len(token) > longest or not token.isascii() or not dot or signature:
        return None
    header = compact.read(compact.decode(first))
    if header is None or header.get("alg") != NONE or not header.keys() <= {"alg", "typ"}:
        return None
    if "typ" not in header:
        return compact.read(compact.decode(second)) if None in typ else None
    written = header["typ"]
    fits = isinstance(written, str) and compact.typ_fits(written, [one for one in typ if one is not None])
    return compact.read(compact.decode(second)) if fits else None
