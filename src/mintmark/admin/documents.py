"""What operators see, member by member (contract, "The admin API"). Times are RFC 3339, in UTC."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from mintmark.protocol import scope as scopes
from mintmark.store.listed_authorizations import ListedAuthorization, ListedToken
from mintmark.store.listed_sessions import ListedSession


class Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class Session(Document):
    """A browser in which a person is, or was, signed in."""

    id: str = Field(description="The `sid` of ID tokens.")
    user_id: str = Field(description="The `sub` of ID tokens.")
    username: str | None = Field(description="null: the person was deleted.")
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime = Field(description="The absolute end; a browser that idles must sign in anew before that.")
    ended_at: datetime | None = Field(description="null: nobody ended it.")
    end_reason: str | None
    address: str = Field(description="From where the person signed in.")
    user_agent: str
    acr: str
    amr: tuple[str, ...]
    clients: tuple[str, ...] = Field(description="The client_id of each client that it signed in to.")


class RefreshToken(Document):
    """A refresh token, without anything that could be used as one."""

    id: str
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None = Field(description="null: it was not used.")


class Authorization(Document):
    """A person's grant to a client. Ending it ends every code and token that came of it."""

    id: str
    user_id: str
    client_id: str
    session_id: str | None = Field(description="null: no browser took part.")
    scope: str = Field(description="Separated by spaces.")
    resources: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime = Field(description="When the newest refresh token was issued.")
    ended_at: datetime | None = Field(description="null: nobody ended it.")
    refresh_tokens: tuple[RefreshToken, ...] = Field(description="The newest ones, newest first.")


class Sessions(Document):
    items: tuple[Session, ...]
    next: str = Field(default="", description="`after` of the next page; absent on the last.")


class Authorizations(Document):
    items: tuple[Authorization, ...]
    next: str = Field(default="", description="`after` of the next page; absent on the last.")


def session(found: ListedSession, clients: tuple[str, ...]) -> Session:
    one = found.session
    return Session(
        id=one.id,
        user_id=one.person_id,
        username=found.username,
        created_at=one.created_at,
        last_used_at=one.last_used_at,
        expires_at=one.expires_at,
        ended_at=found.ended_at,
        end_reason=found.end_reason,
        address=found.address,
        user_agent=found.user_agent,
        acr=one.acr,
        amr=one.amr,
        clients=clients,
    )


def authorization(found: ListedAuthorization, tokens: tuple[ListedToken, ...]) -> Authorization:
    """tokens: newest first."""
    one = found.authorization
    return Authorization(
        id=one.id,
        user_id=one.person_id,
        client_id=one.client_id,
        session_id=one.session_id,
        scope=scopes.write(one.scope),
        resources=one.resources,
        created_at=one.created_at,
        last_used_at=tokens[0].created_at if tokens else one.created_at,
        ended_at=found.ended_at,
        refresh_tokens=tuple(_token(token) for token in tokens),
    )


def _token(found: ListedToken) -> RefreshToken:
    return RefreshToken(id=found.id, created_at=found.created_at, expires_at=found.expires_at, spent_at=found.spent_at)
