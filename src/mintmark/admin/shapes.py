"""The schemas of what is sent and shown, made from the rules that check it, for the OpenAPI document (JSON Schema)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mintmark.protocol import (
    acr_levels,
    claim_rule,
    claim_rule_record,
    claims,
    client_metadata,
    person_record,
    policy,
    resource_record,
)
from mintmark.protocol.policy import Place

Schema = Mapping[str, Any]  # Any: JSON Schema's own shape

STRING: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
STRINGS: Schema = {"type": "array", "items": STRING}
OBJECT: Schema = {"type": "object", "additionalProperties": True}
TIME: Schema = {"type": "string", "format": "date-time"}
SPAN: Schema = {
    "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}],
    "description": "A duration: `30s`, `10m`, `8h`, `30d`, `1h30m`, or a whole number of seconds. Shown in its "
    "shortest form.",
}
_FLAGS = {"email_verified", "phone_number_verified"}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _or_default(properties: Mapping[str, Schema]) -> dict[str, Schema]:
    """As they are sent: null is the default."""
    return {name: nullable(schema) for name, schema in properties.items()}


def _object(properties: Mapping[str, Schema], *required: str, more: bool = False, says: str = "") -> Schema:
    found: dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": more}
    if required:
        found["required"] = list(required)
    return found | ({"description": says} if says else {})


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str) -> Schema:
    next_ = {**STRING, "description": "`after` of the next page; absent on the last."}
    return _object({"items": {"type": "array", "items": _ref(name)}, "next": next_}, "items")


def _policy(place: Place) -> Schema:
    members = {
        name: _limit(name, member) for name, member in policy.MEMBERS.items() if place in member.places
    }  # fmt: skip
    return _object(_or_default(members), says=f"Limits that a {place} may state; what is not there is not stated.")


def _limit(name: str, member: policy.Member) -> Schema:
    match name:
        case "access_token_format":
            return {"type": "string", "enum": list(policy.FORMATS)}
        case "access_token_alg":
            return {"type": "string", "enum": list(policy.ALGS)}
        case "rotation":
            return {"type": "string", "enum": list(policy.ROTATIONS)}
        case "allowed_networks":
            return {**STRINGS, "description": "Networks such as 10.0.0.0/8; an empty list: nobody may."}
        case "require_factors":
            return {"type": "array", "items": {"type": "string", "enum": list(acr_levels.WORDS)}}
    if member.form is policy.SPAN:
        return SPAN
    if member.form is policy.COUNT:
        return {"type": "integer", "minimum": 1}
    return FLAG if member.form is policy.FLAG else {**STRING, "description": "`18:00`, `2026-12-31` or RFC 3339."}


def _client_members() -> dict[str, Schema]:
    """What can be registered; names for people may have a language, `client_name#de`."""
    names = [name for name in client_metadata.MEMBERS if client_metadata.is_offered(name)]
    found: dict[str, Schema] = {name: _registered(name) for name in names}
    return found | {"policy": _ref("ClientPolicy"), "disabled": FLAG}


def _registered(name: str) -> Schema:
    if name == "scope":
        return {**STRING, "description": "Separated by spaces."}
    match client_metadata.MEMBERS[name].form:
        case "texts":
            return STRINGS
        case "flag":
            return FLAG
        case "number":
            return {"type": "integer", "minimum": 0}
        case "object":
            return OBJECT
    return STRING


def _person_members() -> dict[str, Schema]:
    found: dict[str, Schema] = {name: _known(name) for name in person_record.MEMBERS if name != "updated_at"}
    return found | {"disabled": FLAG}


def _known(name: str) -> Schema:
    if name in _FLAGS:
        return FLAG
    if name == "address":
        return _object(_or_default(dict.fromkeys(claims.ADDRESS, STRING)))
    return STRINGS if name == "groups" else OBJECT if name == "claims" else STRING


def _resource_members() -> dict[str, Schema]:
    described = {"type": "object", "additionalProperties": STRING}
    scopes = {
        "anyOf": [STRINGS, described],
        "description": "Names, or an object of names and what each lets its holder do, in words.",
    }
    found = {"resource": {**STRING, "description": "Its URI, as it stands in `aud`."}, "name": STRING, "scopes": scopes}
    return {**found, "resource_servers": STRINGS, "policy": _ref("ResourcePolicy")}


_CLIENT, _PERSON, _RESOURCE = _client_members(), _person_members(), _resource_members()
_PASSWORDS: Mapping[str, Schema] = {
    "password": {"type": "string", "writeOnly": True},
    "password_hash": {"type": "string", "writeOnly": True, "description": "Of another system, as it was stored there."},
}
_KEPT: Mapping[str, Schema] = {"created_at": TIME, "updated_at": TIME}
_SECRET: Mapping[str, Schema] = {
    "name": STRING,
    "created_at": TIME,
    "expires_at": nullable(TIME),
    "ended_at": nullable(TIME),
}
_KEPT_OF_TOKENS: Mapping[str, Schema] = {
    "created_at": TIME,
    "expires_at": nullable(TIME),
    "ended_at": nullable(TIME),
}
_LIMIT: Mapping[str, Schema] = {
    "resource": nullable({**STRING, "description": "null: it does not depend on the resource."}),
    "member": STRING,
    "value": {"description": "As it stands in a policy; null: there is no such limit."},
    "from": {"type": "string", "enum": ["server", "resource", "client", "group", "default"]},
    "why": STRING,
    "overrode": {"type": "array", "items": _ref("Overridden")},
}


def _people() -> dict[str, Schema]:
    shown = {"id": STRING, **_PERSON, "has_password": FLAG, **_KEPT}
    sent = _or_default({**_PERSON, **_PASSWORDS})
    return {
        "User": _object(shown, "id", "username", "disabled", "has_password", *_KEPT),
        "Users": _list("User"),
        "NewUser": _object({**sent, "username": STRING}, "username"),
        "UserChange": _object(sent, says="A merge patch (RFC 7396). null: nothing is known."),
    }


def _clients() -> dict[str, Schema]:
    used = {
        **TIME,
        "description": "When somebody first signed in to it; null: nobody did. Of self-registered ones only.",
    }
    shown = {"client_id": STRING, **_CLIENT, "self_registered": FLAG, "used_at": nullable(used), **_KEPT}
    always = ("client_id", "client_name", "token_endpoint_auth_method", "grant_types", "policy", "self_registered")
    sent = _or_default(_CLIENT)
    id = {**STRING, "description": "Made up where it is left out."}
    return {
        "Client": _object(shown, *always, "disabled", *_KEPT, more=True),
        "Clients": _list("Client"),
        "NewClient": _object({"client_id": id, **sent}, more=True, says="Members by the names of RFC 7591."),
        "ClientChange": _object(sent, more=True, says="A merge patch (RFC 7396). null: the default."),
        "ClientPolicy": _policy("client"),
        "Secret": _object(_SECRET, *_SECRET),
        "Secrets": _list("Secret"),
        "NewSecret": _object(
            {
                "name": nullable({**STRING, "description": "Made up where it is left out."}),
                "expires_at": nullable({**STRING, "description": "`30d`, `2027-01-31` or RFC 3339; left out: never."}),
            }
        ),
        "MadeSecret": _made_secret(),
        "Limit": _object(_LIMIT, *_LIMIT),
        "Overridden": _object({"from": STRING, "name": STRING, "value": {}}, "from", "name", "value"),
        "EffectivePolicy": _object({"items": {"type": "array", "items": _ref("Limit")}}, "items"),
    }


def _initial_access_tokens() -> dict[str, Schema]:
    uses = nullable({"type": "integer", "description": "How many clients may register with it; null: any number."})
    known = {"id": STRING, "name": STRING, "uses_left": uses, **_KEPT_OF_TOKENS}
    token = nullable({**STRING, "description": "Shown this once; null: see `forgotten`."})
    forgotten = {**STRINGS, "description": "Members that a replay does not show any more, ten minutes later."}
    until = nullable({**STRING, "description": "`30d`, `2027-01-31` or RFC 3339; left out: never."})
    return {
        "InitialAccessToken": _object(known, *known),
        "InitialAccessTokens": _list("InitialAccessToken"),
        "NewInitialAccessToken": _object({"name": STRING, "uses": uses, "expires_at": until}, "name"),
        "MadeInitialAccessToken": _object({**known, "token": token, "forgotten": forgotten}, *known, "token"),
    }


def _factors() -> dict[str, Schema]:
    kinds = {"type": "string", "enum": ["password", "passkey", "totp", "recovery_codes"]}
    used = nullable(TIME)
    factor = {"kind": kinds, "id": STRING, "name": nullable(STRING), "created_at": used, "last_used_at": used}
    browser = {
        **dict.fromkeys(("id", "user_agent", "address"), STRING),
        **dict.fromkeys(("created_at", "last_used_at", "expires_at"), TIME),
    }
    throttle = {
        "of": {"type": "string", "enum": ["person", "address", "everybody"]},
        "factor": nullable({**STRING, "description": "null: whatever it was that failed."}),
        "known_browser": nullable(
            {**FLAG, "description": "Browsers that the person signed in from are counted apart."}
        ),
        "failures": {"type": "integer"},
        "waits_until": nullable({**TIME, "description": "null: nobody waits."}),
        "forgotten_at": TIME,
    }
    return {
        "Factor": _object(factor, *factor),
        "Factors": _object({"items": {"type": "array", "items": _ref("Factor")}}, "items"),
        "TrustedBrowser": _object(browser, *browser),
        "TrustedBrowsers": _object({"items": {"type": "array", "items": _ref("TrustedBrowser")}}, "items"),
        "Throttle": _object(throttle, *throttle),
        "Throttles": _object({"items": {"type": "array", "items": _ref("Throttle")}}, "items"),
    }


def _invitations() -> dict[str, Schema]:
    email = nullable({**STRING, "description": "Of whom it is for; null: of whoever has the link."})
    mailed = {**FLAG, "description": "It goes to the address, which so is proved to be theirs."}
    known = {
        "id": STRING, "email": email, "groups": STRINGS, "mailed": mailed, "created_at": TIME, "expires_at": TIME,
        "used_at": nullable(TIME),
    }  # fmt: skip
    url = nullable({**STRING, "description": "Shown this once; null: it was sent, or see `forgotten`."})
    forgotten = {**STRINGS, "description": "Members that a replay does not show any more, ten minutes later."}
    until = nullable({**STRING, "description": "`7d`, `2027-01-31` or RFC 3339, within 90 days; left out: 7 days."})
    wanted = {"email": email, "groups": nullable(STRINGS), "expires_at": until, "mail": nullable(mailed)}
    return {
        "Invitation": _object(known, *known),
        "Invitations": _list("Invitation"),
        "NewInvitation": _object(wanted),
        "MadeInvitation": _object({**known, "url": url, "forgotten": forgotten}, *known, "url"),
    }


def _made_secret() -> Schema:
    secret = nullable({**STRING, "description": "Shown this once; null: see `forgotten`."})
    forgotten = {**STRINGS, "description": "Members that a replay does not show any more, ten minutes later."}
    made = {"client_id": STRING, **_SECRET, "client_secret": secret}
    return _object({**made, "forgotten": forgotten}, *made)


def _rest() -> dict[str, Schema]:
    key = {name: nullable(TIME) for name in ("signs_until", "leaves_at", "removed_at")}
    key |= dict.fromkeys(("published_at", "signs_from"), TIME)
    states = {"type": "string", "enum": ["announced", "signing", "retired", "removed"]}
    alg = {"type": "string", "enum": list(policy.ALGS)}
    rotation = {"created": {**STRINGS, "description": "The kid of each."}, "removed": STRINGS}
    keys = {"kid": STRING, "alg": alg, "state": states, **key}
    return {
        "Resource": _object(_RESOURCE, *resource_record.MEMBERS),
        "Resources": _list("Resource"),
        "NewResource": _object({**_or_default(_RESOURCE), "resource": _RESOURCE["resource"]}, "resource"),
        "ResourceChange": _object(_or_default(_RESOURCE), says="A merge patch (RFC 7396). null: the default."),
        "ResourcePolicy": _policy("resource"),
        "Key": _object(keys, *keys),
        "Keys": _list("Key"),
        "Rotate": _object({"alg": nullable(alg), "emergency": nullable(FLAG)}),
        "Rotation": _object(rotation, *rotation),
        "Revoke": _object({**{name: nullable(STRING) for name in ("user_id", "client_id", "session_id")},
                           "issued_before": nullable(TIME)}),
    }  # fmt: skip


def _policies() -> dict[str, Schema]:
    server, group = _ref("PolicyOfServer"), _ref("PolicyOfGroup")
    return {
        "PolicyOfServer": _policy("server"),
        "PolicyOfGroup": _policy("group"),
        "ServerPolicy": _object({"group": {"type": "null"}, "policy": server}, "group", "policy"),
        "ServerPolicyChange": _object({"policy": nullable(server)}),
        "GroupPolicy": _object({"group": STRING, "policy": group}, "group", "policy"),
        "NewGroupPolicy": _object({"group": STRING, "policy": nullable(group)}, "group"),
        "GroupPolicyChange": _object({"policy": nullable(group)}),
        "StatedPolicy": _object({"group": nullable(STRING), "policy": group}, "group", "policy"),
        "Policies": _list("StatedPolicy"),
    }


def _preview() -> Schema:
    claims_ = {**OBJECT, "description": "`…` stands for what is made when a token is."}
    rules = {"type": "object", "additionalProperties": STRING, "description": "The rule of each claim that one gave."}
    part = _object({"claims": claims_, "rules": rules}, "claims", "rules")
    told: dict[str, Schema] = {
        **dict.fromkeys(("client_id", "user_id", "username", "scope"), STRING), "resources": STRINGS,
        "access_token_format": {"type": "string", "enum": list(policy.FORMATS)},
        **{place: nullable(part) for place in claim_rule.PLACES},
        "failed": {"type": "array", "items": _object(dict.fromkeys(("rule", "place", "why"), STRING))},
    }  # fmt: skip
    return _object(told, *told)


def _claim_rules() -> dict[str, Schema]:
    places = {"type": "array", "items": {"type": "string", "enum": list(claim_rule.PLACES)}}
    says = "CEL over `user`, `client`, `scope` and `audience`."
    members: dict[str, Schema] = {
        "name": STRING, "claim": STRING, "expression": {**STRING, "description": says}, "places": places,
        **dict.fromkeys(("scopes", "resources", "clients"), STRINGS),
    }  # fmt: skip
    sent = _or_default(members)
    required = ("name", "claim", "expression")
    return {
        "ClaimRule": _object(members, *claim_rule_record.MEMBERS),
        "ClaimRules": _list("ClaimRule"),
        "TokenPreview": _preview(),
        "NewClaimRule": _object({**sent, **{name: members[name] for name in required}}, *required),
        "ClaimRuleChange": _object(sent, says="A merge patch (RFC 7396). null: the default."),
    }


SCHEMAS: Mapping[str, Schema] = MappingProxyType(
    {
        **_people(),
        **_clients(),
        **_initial_access_tokens(),
        **_invitations(),
        **_factors(),
        **_rest(),
        **_policies(),
        **_claim_rules(),
    }
)
