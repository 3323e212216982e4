"""The `claims` parameter: single claims that a client asks for, at UserInfo and in the ID token (OIDC Core §5.5)."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mintmark.protocol import claims, strict_json
from mintmark.protocol.errors import InvalidRequest

PARTS = ("userinfo", "id_token")
MOST_LOCALES = 20  # of claims_locales that are looked at: whoever sends more wants none of them much


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of one claim."""

    essential: bool = False
    values: tuple[object, ...] = ()  # which of them will do; empty: any

    def will_do(self, value: object) -> bool:
        """Of JSON, `1` and `true` are two values."""
        return not self.values or any(type(value) is type(one) and value == one for one in self.values)


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    userinfo: Mapping[str, Wanted]
    id_token: Mapping[str, Wanted]
    locales: tuple[str, ...]  # claims_locales, the most wanted first (OIDC Core §5.2)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that own what is asked for: the person is asked for these."""
        owners = (claims.owner(name) for name in (*self.userinfo, *self.id_token))
        return tuple(dict.fromkeys(owner for owner in owners if owner is not None))

    @property
    def subjects(self) -> frozenset[str] | None:
        """Who may sign in: those whose `sub` is asked for. None: anybody (OIDC Core §5.5.1)."""
        wishes = [part["sub"] for part in (self.userinfo, self.id_token) if "sub" in part]
        stated = [_texts(wish) for wish in wishes if wish.values]
        return frozenset.intersection(*stated) if stated else None

    @property
    def must_be_proved_by(self) -> tuple[str, ...]:
        """Authentication contexts of which one must be met. Empty: any will do (OIDC Core §5.5.1.1)."""
        acr = self.id_token.get("acr")
        return tuple(sorted(_texts(acr))) or ("",) if acr is not None and acr.essential and acr.values else ()

    @property
    def should_be_proved_by(self) -> tuple[str, ...]:
        """Those that are liked better than others, and refuse nobody."""
        acr = self.id_token.get("acr")
        return () if acr is None else tuple(value for value in acr.values if isinstance(value, str))

    def within(self, scope: Collection[str]) -> "ClaimsRequest":
        """What the scopes own of it, and what the protocol itself says of a sign-in."""
        if not self.userinfo and not self.id_token:
            return self
        return ClaimsRequest(_within(self.userinfo, scope), _within(self.id_token, scope), self.locales)


NOTHING = ClaimsRequest({}, {}, ())


def read(text: str | None, locales: str | None = None) -> ClaimsRequest:
    """The parameters `claims` and `claims_locales`. Members that nobody knows are passed over (OIDC Core §5.5).

    Nonsense in `claims_locales` is never an error; `claims` is JSON of the right form, or `invalid_request`.
    """
    if text is None and locales is None:
        return NOTHING
    wished = tuple(dict.fromkeys((locales or "").split()))[:MOST_LOCALES]
    if text is None:
        return ClaimsRequest({}, {}, wished) if wished else NOTHING
    try:
        document = strict_json.parse(text)
    except (ValueError, RecursionError):
        raise _refused("claims must be a JSON object, no member of which stands twice") from None
    if not isinstance(document, dict):
        raise _refused("claims must be a JSON object")
    userinfo, id_token = (_part(name, document.get(name)) for name in PARTS)
    return ClaimsRequest(userinfo, id_token, wished)


def written(request: ClaimsRequest) -> str | None:
    """As it is stored with an authorization. None: nothing that anybody would look for."""
    found: dict[str, Any] = {}
    for name, part in zip(PARTS, (request.userinfo, request.id_token), strict=True):
        asked = {claim: list(wanted.values) for claim, wanted in part.items() if claims.owner(claim) is not None}
        if asked:
            found[name] = asked
    if request.locales:
        found["locales"] = list(request.locales)
    return json.dumps(found, separators=(",", ":")) if found else None


def stored(text: str | None) -> ClaimsRequest:
    """What `written` wrote."""
    if text is None:
        return NOTHING
    found = json.loads(text)
    userinfo, id_token = (
        {claim: Wanted(values=tuple(values)) for claim, values in found.get(name, {}).items()} for name in PARTS
    )
    return ClaimsRequest(userinfo, id_token, tuple(found.get("locales", ())))


def chosen(known: Mapping[str, Any], wanted: Mapping[str, Wanted]) -> dict[str, Any]:
    """Of all that is known of a person, what is asked for by name: with the values that will do, where some are named.

    What is not known is left out, essential or not: that is for the client to judge (OIDC Core §5.5.1).
    """
    return {
        name: known[name]
        for name, wish in wanted.items()
        if known.get(name) is not None and claims.owner(name) is not None and wish.will_do(known[name])
    }


def in_languages(known: Mapping[str, Any], told: Iterable[str], locales: Iterable[str]) -> dict[str, Any]:
    """The same claims in the languages asked for, where they are known: `name#de` beside `name` (OIDC Core §5.2)."""
    tagged = {name.lower(): name for name in known if "#" in name}
    wished = [tagged.get(f"{name}#{locale}".lower()) for name in told for locale in locales] if tagged else []
    return {name: known[name] for name in wished if name is not None and known[name] is not None}


def _within(part: Mapping[str, Wanted], scope: Collection[str]) -> Mapping[str, Wanted]:
    return {name: wanted for name, wanted in part.items() if (owner := claims.owner(name)) is None or owner in scope}


def _part(name: str, value: object) -> Mapping[str, Wanted]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _refused(f"{name} in claims must be an object")
    return {str(claim): _wanted(wish) for claim, wish in value.items()}


def _wanted(wish: object) -> Wanted:
    if wish is None:
        return Wanted()
    if not isinstance(wish, dict):
        raise _refused("what claims says of a claim must be null or an object")
    essential, values = wish.get("essential", False), wish.get("values")
    if not isinstance(essential, bool):
        raise _refused("essential in claims must be true or false")
    if values is not None and (not isinstance(values, list) or not values or "value" in wish):
        raise _refused("values in claims must be a list that is not empty, and does not stand beside value")
    if "value" in wish:
        values = [wish["value"]]
    return Wanted(essential, tuple(values or ()))


def _texts(wanted: Wanted) -> frozenset[str]:
    """Those that anything could be called: half a surrogate pair, which only an escape can hold, is no text."""
    values = [value for value in wanted.values if isinstance(value, str)]
    return frozenset(value for value in values if not any("\ud800" <= letter <= "\udfff" for letter in value))


def _refused(description: str) -> InvalidRequest:
    return InvalidRequest(description, check="claims", expected="OIDC Core §5.5")
