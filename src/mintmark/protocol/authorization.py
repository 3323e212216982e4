"""A person's grant to a client: what codes and tokens hang on, and when it is over (RFC 6749 §1.3, §4.1.2)."""

from datetime import datetime
from typing import NamedTuple

from mintmark.protocol import ids


class Authorization(NamedTuple):
    id: str
    person_id: str
    client_id: str
    session_id: str | None  # None: no browser took part
    scope: tuple[str, ...]
    resources: tuple[str, ...]
    ends_with_session: bool
    authenticated_at: datetime
    acr: str
    amr: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    claims: str | None = None  # single claims that were asked for and allowed, JSON, opened only where wanted


class Holder(NamedTuple):
    """The person behind an authorization, as far as its standing and its claims need."""

    id: str
    username: str
    email: str | None
    email_verified: bool
    groups: tuple[str, ...]
    claims: str  # JSON, opened only where claims are wanted
    custom_claims: str
    disabled_at: datetime | None
    ended_before: int  # ms
    sessions_ended_before: int  # ms
    delete_after: datetime | None = None  # they asked to be deleted, and may think again until then


class SessionState(NamedTuple):
    """The session that an authorization came from."""

    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class Standing(NamedTuple):
    """What decides whether anything hanging on an authorization is still good; read in one statement."""

    authorization: Authorization
    holder: Holder | None  # None: the person was deleted
    session: SessionState | None  # None: it never had one, or its row is gone

    def over(
        self, issued_ms: int, now: datetime, *, client_ended_before: int, all_ended_before: int, bound: bool = False
    ) -> str | None:
        """Why something issued at `issued_ms` is over; None: it stands. The one place where every grant is asked.

        bound: policy says by now that it ends with its session, whatever was said when it began.
        """
        authorization, holder = self.authorization, self.holder
        if authorization.ended_at is not None:
            return "authorization ended"
        if now >= authorization.expires_at:
            return "authorization expired"
        if holder is None or holder.disabled_at is not None:
            return "person disabled"
        if issued_ms <= max(holder.ended_before, client_ended_before, all_ended_before):
            return "watermark"
        if (bound or authorization.ends_with_session) and authorization.session_id is not None:
            return self._session_over(holder, issued_ms, now)
        return None

    def _session_over(self, holder: Holder, issued_ms: int, now: datetime) -> str | None:
        if issued_ms <= holder.sessions_ended_before:
            return "sessions ended"
        if self.session is None or self.session.ended_at is not None or now >= self.session.expires_at:
            return "session ended"
        if ids.ms(self.session.created_at) <= holder.sessions_ended_before:
            return "sessions ended"  # by a node whose clock is behind that of the one that issued
        return None
