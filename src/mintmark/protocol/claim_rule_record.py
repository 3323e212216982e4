"""A claim rule as an operator writes it down: checked, and tried on a sample person, before it is kept."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from mintmark import nearest
from mintmark.expressions import Expression, ExpressionRefused, Failed, Language, NotKnown
from mintmark.protocol import claim_rule, claims
from mintmark.protocol import client as clients
from mintmark.protocol.authorization import Holder
from mintmark.protocol.claim_rule import ABOUT_A_PERSON, NAMES, PLACES, USUAL_PLACES, Asking, ClaimRule
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.policy import Policy

MEMBERS = ("name", "claim", "expression", "places", "scopes", "resources", "clients")
LONGEST_NAME = 64
LONGEST_CLAIM = 255
MOST = 100  # rules; and scopes, resources and clients of one

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_CLAIM = re.compile(r"[!#-\[\]-~]+")  # printable ASCII, as URIs are, without quotes and backslashes
_SAMPLE = Holder(
    id="01890000-0000-7000-8000-000000000000", username="sample", email="sample@example.org", email_verified=True,
    groups=("staff", "admins"),
    claims=json.dumps({
        **{name: "sample" for name in ABOUT_A_PERSON if name != "email"}, "phone_number_verified": True,
        "address": dict.fromkeys(claims.ADDRESS, "sample"),
    }),
    custom_claims="{}", disabled_at=None, ended_before=0, sessions_ended_before=0,
)  # fmt: skip


class References(NamedTuple):
    """What there is to be named by a rule."""

    scopes: Collection[str]
    resources: Collection[str]
    clients: Collection[str]


def read(document: Mapping[str, object], language: Language) -> ClaimRule:
    """A member that is null has its default. Raises RecordRefused."""
    for member in document:
        if member not in MEMBERS:
            raise RecordRefused(str(member), f"is no member of a claim rule{nearest.hint(str(member), MEMBERS)}")
    found = ClaimRule(
        name=check_name(document.get("name")),
        claim=_claim(document.get("claim")),
        expression=_expression(document.get("expression"), language),
        places=tuple(_texts(document, "places", USUAL_PLACES)),
        scopes=tuple(_texts(document, "scopes")),
        resources=tuple(_texts(document, "resources")),
        clients=tuple(_texts(document, "clients")),
    )
    for number, place in enumerate(found.places):
        if place not in PLACES:
            raise RecordRefused(f"places[{number}]", f"must be {', '.join(PLACES)}{nearest.hint(place, PLACES)}")
    if not found.places:
        raise RecordRefused("places", f"must hold some of {', '.join(PLACES)}")
    _try(found)
    return found


def stored(document: Mapping[str, object], language: Language) -> ClaimRule:
    """Of a document that was checked when it was stored."""
    return ClaimRule(
        name=str(document["name"]),
        claim=str(document["claim"]),
        expression=language.kept(str(document["expression"])),
        places=tuple(_texts(document, "places")),
        scopes=tuple(_texts(document, "scopes")),
        resources=tuple(_texts(document, "resources")),
        clients=tuple(_texts(document, "clients")),
    )


def document(rule: ClaimRule) -> dict[str, object]:
    """What `read` understands again."""
    return {
        "name": rule.name,
        "claim": rule.claim,
        "expression": rule.expression.text,
        "places": list(rule.places),
        "scopes": list(rule.scopes),
        "resources": list(rule.resources),
        "clients": list(rule.clients),
    }


def check_name(name: object) -> str:
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise RecordRefused("name", f"must be 1 to {LONGEST_NAME} of a-z, 0-9, -, _ and . between letters or digits")
    return name


def _claim(name: object) -> str:
    if not isinstance(name, str) or len(name) > LONGEST_CLAIM or not _CLAIM.fullmatch(name):
        raise RecordRefused("claim", f"must be 1 to {LONGEST_CLAIM} printable ASCII characters, such as app_roles")
    if name in claims.OWNED:
        raise RecordRefused("claim", f"{name} is a name that protocols own")
    return name


def _expression(text: object, language: Language) -> Expression:
    if not isinstance(text, str):
        raise RecordRefused("expression", "must be a CEL expression, such as user.groups")
    try:
        return language.read(text)
    except ExpressionRefused as refusal:
        hint = _hint(str(refusal))
        raise RecordRefused("expression", f"is refused: {refusal}{hint}") from None


def _hint(message: str) -> str:
    unknown = re.search(r"undeclared reference to '([^']*)'", message)
    return nearest.hint(unknown[1], NAMES) if unknown is not None else ""


def _texts(document: Mapping[str, object], member: str, default: Sequence[str] = ()) -> list[str]:
    value = document.get(member)
    if value is None:
        return list(default)
    if not isinstance(value, list | tuple) or len(value) > MOST or not all(isinstance(one, str) for one in value):
        raise RecordRefused(member, f"must be a list of at most {MOST} texts")
    return list(dict.fromkeys(value))


def check_references(rule: ClaimRule, known: References) -> None:
    """Raises RecordRefused for what nobody knows: a rule for it would never apply."""
    for member, there in (("scopes", known.scopes), ("resources", known.resources), ("clients", known.clients)):
        for number, name in enumerate(getattr(rule, member)):
            if name not in there:
                hint = nearest.hint(name, there)
                raise RecordRefused(f"{member}[{number}]", f"{name!r} is no {member.removesuffix('s')}{hint}")


def _try(rule: ClaimRule) -> None:
    """On a person of whom everything is known, so that what cannot work at all is not kept."""
    client = clients.read("sample", {"client_name": "Sample"}, policy=Policy(), self_registered=False)
    try:
        rule.expression.value(claim_rule.facts(Asking(client, _SAMPLE, rule.scopes, rule.resources)))
    except NotKnown:
        pass  # what a person or a client says of itself beyond the standard is not in the sample
    except Failed as failure:
        raise RecordRefused("expression", f"fails for a sample person: {failure}") from None
