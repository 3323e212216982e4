"""The apps that somebody let in: what each may do, what it holds, and until when."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from mintmark import texts
from mintmark.pages import words
from mintmark.pages.account import frame
from mintmark.pages.account.frame import Visit
from mintmark.protocol.authorization import Authorization
from mintmark.protocol.consent import Allowed
from mintmark.server import Server
from mintmark.store import consents, listed_authorizations
from mintmark.store.listed_authorizations import ListedToken
from mintmark.texts import _
from mintmark.wire.answer import Answer

PLACE = "apps"
MOST = 100  # authorizations, and consents, that the page knows of


async def show(visit: Visit) -> Answer:
    """Four reads, however many apps there are."""
    store, now, registry = visit.server.store, visit.now, visit.server.registry
    listed = await listed_authorizations.page(
        store, after=None, limit=MOST, now=now, all_over=registry.ended_before, person_id=visit.id
    )
    held = [one.authorization for one in listed if one.ended_at is None]
    tokens = await listed_authorizations.tokens_of(store, [one.id for one in held], most=1)
    given = await consents.of_person(store, visit.id, MOST)
    allowed = {client_id: (since, consent.by_resource(visit.server.issuer)) for client_id, since, consent in given}
    by_client: dict[str, list[Authorization]] = defaultdict(list)
    for one in held:
        by_client[one.client_id].append(one)
    names = dict.fromkeys((*by_client, *allowed))
    return frame.page(
        visit,
        "apps.html",
        PLACE,
        fresh=await frame.is_fresh(visit),
        apps=[await _app(visit, name, by_client.get(name, ()), allowed.get(name), tokens) for name in names],
    )


async def _app(
    visit: Visit,
    client_id: str,
    held: Sequence[Authorization],
    allowed: tuple[datetime, Allowed] | None,
    tokens: Mapping[str, Sequence[ListedToken]],
) -> dict[str, object]:
    client = await visit.server.registry.client(client_id)
    may: dict[str, None] = {}
    for one in held:
        may |= dict.fromkeys(one.scope)
    if allowed is not None:
        may |= dict.fromkeys(word for granted in allowed[1].values() for word in granted)
    since = min([one.created_at for one in held] + ([] if allowed is None else [allowed[0]]))
    return {
        "id": client_id,
        "title": client_id if client is None else client.name,
        "since": words.ago(since, visit.now),
        "may": texts.listed([_may(visit.server, word) for word in may]),
        "holds": [_holds(one, tokens[one.id], visit.now) for one in held],
    }


def _may(server: Server, word: str) -> str:
    catalogue = server.registry.catalogue
    owners = [catalogue.resources[one] for one in catalogue.owners(word) if one in catalogue.resources]
    description = owners[0].scopes.get(word, "") if owners else ""
    return words.scope(word, description=description).title


def _holds(one: Authorization, tokens: Sequence[ListedToken], now: datetime) -> str:
    """In a line: how long it can act, and when it last did."""
    if one.ends_with_session:
        until: str = _("Access until you sign out")
    else:
        until = _("Access without you being here, until %(day)s", day=one.expires_at.date().isoformat())
    used = tokens[0].created_at if tokens else one.created_at
    return texts.listed([until, _("last used: %(when)s", when=words.ago(used, now))])
