"""The JSON Schema (2020-12) of an apply file, for editors: `mintmark apply --schema`, docs/reference/apply.schema.json.

It knows names, forms and choices; what depends on the rest of the file, or on the server, `apply --plan` tells.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mintmark.client_auth import METHODS
from mintmark.commands import plan_people
from mintmark.grants import GRANTS
from mintmark.protocol import claim_rule, claims, client_metadata, external_factor, person_record, policy
from mintmark.protocol.policy import Place

Schema = dict[str, Any]  # Any: JSON

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Schema = {"$ref": "#/$defs/reference"}
_LITERAL: Schema = {"$ref": "#/$defs/literal"}
_DIGITS_OR_UNITS = "^([0-9]+|([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$"
_SPAN: Schema = {
    "anyOf": [
        {
            "type": "string",
            "minLength": 1,
            "pattern": _DIGITS_OR_UNITS,
            "examples": ["30s", "10m", "8h", "1h30m", "30d"],
        },
        {"type": "integer", "minimum": 1},
        _REFERENCE,
    ]
}


def document() -> Schema:
    return {
        "$schema": DIALECT,
        "$id": "urn:mintmark:apply",
        "title": "Mintmark apply file",
        "description": "What a Mintmark server is to be. An absent member is left alone; null means the default.",
        **_object(
            {
                "$schema": {"type": "string"},
                "policy": {"$ref": "#/$defs/server_policy"},
                "groups": {
                    "type": "object",
                    "description": "What is stated for the people of a group.",
                    "additionalProperties": _or_null({"$ref": "#/$defs/group"}),
                },
                "resources": {"type": "array", "items": {"$ref": "#/$defs/resource"}},
                "clients": {"type": "array", "items": {"$ref": "#/$defs/client"}},
                "users": {"type": "array", "items": {"$ref": "#/$defs/user"}},
                "claim_rules": {"type": "array", "items": {"$ref": "#/$defs/claim_rule"}},
                "factors": {"type": "array", "items": {"$ref": "#/$defs/factor"}},
            }
        ),
        "$defs": _definitions(),
    }


def _definitions() -> Schema:
    places: tuple[Place, ...] = ("server", "group", "resource", "client")
    return {
        "reference": {
            "description": "A text that stands elsewhere: in an environment variable, or in a file beside this one.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {"env": {"type": "string"}, "file": {"type": "string"}},
            "additionalProperties": False,
        },
        "literal": {
            "description": "A value as it is, though it looks like a reference.",
            "type": "object",
            "properties": {"literal": True},
            "required": ["literal"],
            "additionalProperties": False,
        },
        **{f"{place}_policy": _policy(place) for place in places},
        "group": _object({"policy": {"$ref": "#/$defs/group_policy"}}),
        "resource": _object(_RESOURCE, "resource"),
        "client": _client(),
        "user": _object(_user(), "username"),
        "claim_rule": _object(_RULE, "name"),
        "factor": _object(_FACTOR, "name"),
    }


def _object(members: Mapping[str, Schema], *required: str) -> Schema:
    """Every member may be null, which means its default; those that name the thing may not."""
    properties = {name: one if name in required else _or_null(one) for name, one in members.items()}
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": list(required)} if required else {})


def _or_null(one: Schema) -> Schema:
    if set(one) == {"type"} and isinstance(one["type"], str):
        return {"type": [one["type"], "null"]}
    choices = one["anyOf"] if set(one) == {"anyOf"} else [one]
    return {"anyOf": [*choices, {"type": "null"}]}


def _text(**more: object) -> Schema:
    return {"anyOf": [{"type": "string", **more}, _REFERENCE]}


def _list(item: Schema, most: int | None = None) -> Schema:
    return {"type": "array", "items": item} | ({} if most is None else {"maxItems": most})


def _choice(*words: str) -> Schema:
    return {"anyOf": [{"enum": list(words)}, _REFERENCE]}


def _policy(place: Place) -> Schema:
    return _object({name: _FORMS[name] for name, member in policy.MEMBERS.items() if place in member.places})


def _form(name: str) -> Schema:
    form = policy.MEMBERS[name].form
    if form is policy.SPAN:
        return _SPAN
    if form is policy.FLAG:
        return {"type": "boolean"}
    if form is policy.COUNT:
        return {"type": "integer", "minimum": 1}
    if form is policy.MOMENT:
        return _text(examples=["18:00", "18:00 Europe/Berlin", "2026-12-31", "2026-12-31T18:00:00Z"])
    return _CHOICES.get(name, _list(_text()))


_CHOICES: Mapping[str, Schema] = MappingProxyType(
    {
        "access_token_format": _choice(*policy.FORMATS),
        "access_token_alg": _choice(*policy.ALGS),
        "rotation": _choice(*policy.ROTATIONS),
    }
)
_FORMS: Mapping[str, Schema] = MappingProxyType({name: _form(name) for name in policy.MEMBERS})

_RESOURCE: Mapping[str, Schema] = MappingProxyType(
    {
        "resource": _text(description="Its URI, as it stands in `aud`."),
        "name": _text(),
        "scopes": {"anyOf": [_list(_text()), {"type": "object", "additionalProperties": _text()}, _LITERAL]},
        "resource_servers": _list(_text()),
        "policy": {"$ref": "#/$defs/resource_policy"},
    }
)

_RULE: Mapping[str, Schema] = MappingProxyType(
    {
        "name": _text(),
        "claim": _text(description="The name of the claim that it makes."),
        "expression": _text(description="CEL, such as `user.groups`; docs/claims.md names what it may speak of."),
        "places": _list(_choice(*claim_rule.PLACES)),
        "scopes": _list(_text()),
        "resources": _list(_text()),
        "clients": _list(_text()),
    }
)

_FACTOR: Mapping[str, Schema] = MappingProxyType(
    {
        "name": _text(),
        "url": _text(description="Of the operator's own service, which is asked whether somebody is who they say."),
        "secret": _text(description='whsec_ and 24 to 64 bytes in base64; better {"env": "NAME"} than the text.'),
        "use": _list(_choice(*external_factor.USES)),
        "proves": _choice(*external_factor.KINDS),
        "timeout": _SPAN,
        "label": {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": _text()}, _REFERENCE]},
    }
)

_OTHERS: Mapping[str, Schema] = MappingProxyType(
    {"grant_types": _list(_choice(*GRANTS)), "token_endpoint_auth_method": _choice(*METHODS)}
)


def _registered(member: client_metadata.Member) -> Schema:
    one = _choice(*member.choices) if member.choices else _text()
    match member.form:
        case "texts":
            return _list(one)
        case "flag":
            return {"type": "boolean"}
        case "number":
            return {"type": "integer", "minimum": 0}
        case "object":
            return {"type": "object"}
    return one


def _client() -> Schema:
    offered = {name: one for name, one in client_metadata.MEMBERS.items() if one.offered}
    members = {name: _OTHERS.get(name) or _registered(one) for name, one in offered.items()}
    own = {
        "client_id": _text(),
        "client_secret": _text(description='The secret named `apply`; better {"env": "NAME"} than the text.'),
        "disabled": {"type": "boolean"},
        "policy": {"$ref": "#/$defs/client_policy"},
    }
    spoken = "|".join(client_metadata.IN_LANGUAGES)
    return {
        **_object({**own, **members}, "client_id"),
        "patternProperties": {f"^({spoken})#[A-Za-z]{{1,8}}(-[A-Za-z0-9]{{1,8}})*$": _or_null(_text())},
    }


def _user() -> dict[str, Schema]:
    names = (*person_record.MEMBERS, *plan_people.OWN_MEMBERS)
    return {name: _PERSON.get(name, _text()) for name in names if name != "updated_at"}  # the server's own


_FLAGS = ("email_verified", "phone_number_verified", "reset_password", "disabled")
_PERSON: Mapping[str, Schema] = MappingProxyType(
    {
        **{name: {"type": "boolean"} for name in _FLAGS},
        "groups": _list(_text()),
        "claims": {"type": "object"},
        "address": _object(dict.fromkeys(claims.ADDRESS, _text())),
    }
)
