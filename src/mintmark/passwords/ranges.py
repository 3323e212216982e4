"""Asks a list of leaked passwords by the first five of forty digits of a digest: so it learns none (k-anonymity)."""

from hashlib import sha1

from mintmark.outbound import NotReached
from mintmark.server import Server

SECONDS = 2.0  # somebody waits at a page
MOST = 262_144  # bytes: a range has about a thousand lines of forty
HEADERS = (("add-padding", "true"),)  # so that the length of an answer says nothing of the range


async def holds(server: Server, url: str, password: str) -> bool:
    """False too where the list does not answer: it is an aid, and its being down keeps nobody out."""
    digest = sha1(password.encode("utf-8", "replace"), usedforsecurity=False).hexdigest().upper()
    try:
        reply = await server.outbound.ask("GET", f"{url}{digest[:5]}", HEADERS, seconds=SECONDS, most=MOST)
    except NotReached as error:
        server.journal.log.warning("password_list_unreached", why=str(error))
        return False
    if reply.status != 200:
        server.journal.log.warning("password_list_unreached", why=f"it answered {reply.status}")
        return False
    return any(_is(line, digest[5:]) for line in reply.body.decode("ascii", "replace").splitlines())


def _is(line: str, rest: str) -> bool:
    """A line is the rest of a digest and how often it was seen; padding was seen never."""
    suffix, _, times = line.strip().partition(":")
    return suffix.upper() == rest and times.strip() not in ("", "0")
