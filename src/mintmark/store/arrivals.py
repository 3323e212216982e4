"""All that the authorization door wants to know of who arrives there, in one statement."""

from typing import NamedTuple

from sqlalchemy import and_, bindparam, select

from mintmark.protocol.session import Session
from mintmark.store import consents, people, requests, schema, sessions
from mintmark.store.consents import Consent
from mintmark.store.executor import ASKED, Executor, Read
from mintmark.store.people import Person
from mintmark.store.requests import KeptRequest

_SESSIONS, _PEOPLE, _CONSENTS, _REQUESTS = schema.sessions, schema.people, schema.consents, schema.requests
_REQUEST = len(requests.COLUMNS)
_PERSON = _REQUEST + len(people.HOLDER_COLUMNS)
_SESSION = _PERSON + len(sessions.COLUMNS)
NOBODYS = ""  # the id of no request
_FIND = Read(
    select(*requests.COLUMNS, *people.HOLDER_COLUMNS, *sessions.COLUMNS, *consents.COLUMNS).select_from(
        ASKED
        .outerjoin(_SESSIONS, _SESSIONS.c.secret_digest == bindparam("digest"))
        .outerjoin(_PEOPLE, and_(_PEOPLE.c.id == _SESSIONS.c.person_id, *sessions.STANDS))
        .outerjoin(_CONSENTS,
                   and_(_CONSENTS.c.person_id == _PEOPLE.c.id, _CONSENTS.c.client_id == bindparam("client_id")))
        .outerjoin(_REQUESTS, _REQUESTS.c.id == bindparam("request_id"))
    ),
    one=True,
)  # fmt: skip


class Arrival(NamedTuple):
    session: tuple[Session, Person] | None  # as `sessions.find` answers
    consent: Consent | None  # what this person allowed the client before
    kept: KeptRequest | None


async def find(store: Executor, secret_digest: bytes, client_id: str, request_id: str) -> Arrival:
    """The session of this secret, and the request."""
    rows = await store.fetch(_FIND, digest=secret_digest, client_id=client_id, request_id=request_id)
    if not rows:  # a request's id that no database can hold
        return await find(store, secret_digest, client_id, NOBODYS)
    row = rows[0]
    request, holder, session, consent = row[:_REQUEST], row[_REQUEST:_PERSON], row[_PERSON:_SESSION], row[_SESSION:]
    return Arrival(
        None if holder[0] is None else (sessions.session(session), people.signed_in(holder)),
        None if consent[0] is None else Consent(*consent),
        None if request[1] is None else requests.read_row(request),
    )
