"""Whatever the document allows to be sent, and what it does not: no 5xx, no answer that the document does not know, no
write without its audit row, nothing of other subjects for whoever has the scope of one."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mintmark.admin import api
from mintmark.keys import sealing
from mintmark.protocol import scope as scopes
from mintmark.store import driver
from tests import serving
from tests.serving import SECRET, Served

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENT = api.document("http://localhost")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {
    one["operationId"]: (path, method) for path, item in DOCUMENT["paths"].items() for method, one in item.items()
}
WAIT = {"changeClient", "deleteClient", "endClientSecret", "revokeTokens", "rotateKeys"}  # for every node to follow
VICTIMS = 30
APPLIED = {
    "resources": [{"resource": f"https://api-{n}.example", "scopes": [f"api{n}:read"]} for n in range(VICTIMS)],
    "clients": [
        *({"client_id": f"victim-{n}", "client_secret": SECRET, "grant_types": []} for n in range(VICTIMS)),
        *(
            {
                "client_id": f"operator-{name}",
                "client_secret": SECRET,
                "grant_types": ["client_credentials"],
                "scope": scope,
            }
            for name, scope in {"wide": "admin:read admin:write", "narrow": "admin:keys"}.items()
        ),
    ],
    "users": [{"username": f"victim-{n}", "groups": ["staff"]} for n in range(VICTIMS)],
}
# What the rules let through is seldom met by chance.
SEEDS: dict[str, dict[str, Any]] = {
    "createUser": {"groups": ["staff"]},
    "createClient": {"grant_types": []},
    "createResource": {},
    "revokeTokens": {},
    "changeResource": {"name": "Another"},
    "changeClient": {"client_name": "Another"},
}
STATE = ("clients", "client_secrets", "resources", "policies", "people", "sessions", "authorizations", "consents")


@dataclass
class Fuzzed:
    """A server that everything may be sent to, and what lies in its database."""

    url: str
    database: Any
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, name: str) -> str:
        """What was revoked, or what a policy made short, is asked for again; a policy that lets nobody in goes."""
        for _ in range(30):
            scope = {"wide": "admin:read admin:write", "narrow": "admin:keys"}[name]
            form = {"grant_type": "client_credentials", "scope": scope}
            answer = httpx2.post(f"{self.url}/token", data=form, auth=(f"operator-{name}", SECRET))
            if answer.status_code == 200:
                return str(answer.json()["access_token"])
            self.reset()
            time.sleep(0.3)
        raise AssertionError("no token is to be had")

    def reset(self) -> None:
        self.database.execute("DELETE FROM policies")
        self.database.execute("UPDATE configuration SET version = version + 1")

    def state(self) -> str:
        rows = [self.database.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in STATE]
        rows.append(self.database.execute("SELECT ended_before FROM configuration").fetchall())
        return sha256(repr(rows).encode()).hexdigest()

    def facts(self) -> int:
        return int(self.database.execute("SELECT count(*) FROM audit WHERE actor IS NOT NULL").fetchone()[0])

    def real(self) -> dict[str, list[str]]:
        def column(sql: str) -> list[str]:
            return [row[0] for row in self.database.execute(sql).fetchall()] or ["none"]

        return {
            "users": column("SELECT id FROM people ORDER BY id LIMIT 5"),
            "clients": column("SELECT id FROM clients WHERE id LIKE 'victim-%' ORDER BY id LIMIT 5"),
            "resources": column("SELECT id FROM resources ORDER BY id LIMIT 5"),
            "policies": column("SELECT name FROM policies WHERE kind = 'group' LIMIT 5"),
        }


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    folder, port = tmp_path_factory.mktemp("fuzzed"), serving.free_port()
    environment = serving.environment(
        MINTMARK_ISSUER=f"http://localhost:{port}",
        MINTMARK_DATABASE_URL=f"sqlite:///{folder / 'mintmark.db'}",
        MINTMARK_SEALING_KEYS=sealing.generate(),
        MINTMARK_LOG_FORMAT="json",
        MINTMARK_PASSWORD_HASH_MEMORY="64",
        MINTMARK_PASSWORD_HASH_TIME_COST="1",
    )
    server = Served(f"http://localhost:{port}", port, folder, environment)
    server.command("migrate")
    (folder / "apply.json").write_text(json.dumps(APPLIED))
    server.command("apply", "apply.json")
    with serving.running(server):
        database = driver.sqlite().connect(str(folder / "mintmark.db"), isolation_level=None, timeout=10)
        found = Fuzzed(server.url, database)
        found.tokens = {name: found.token(name) for name in ("wide", "narrow")}
        yield found
        database.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_sent_is_answered_as_the_document_says(name: str, fuzzed: Fuzzed) -> None:
    path, method = OPERATIONS[name]
    operation = SCHEMA[path][method]
    subject = path.split("/")[1]

    @settings(
        max_examples=5 if name in WAIT else 12,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(
        case=st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        ),
        real=st.integers(0, 9),
        who=st.sampled_from(["wide", "wide", "wide", "narrow"]),
    )
    def sent(case: Any, real: int, who: str) -> None:
        if real < 5 and case.path_parameters:
            known = fuzzed.real().get(subject, ["none"])
            case.path_parameters = {name: quote(known[real % len(known)], safe="") for name in case.path_parameters}
        if real < 3 and name in SEEDS:
            case.body = {**SEEDS[name], **_own(fuzzed, name, real)}
        _try(fuzzed, case, who, method, allowed=who == "wide" or _is_for(path, method, "admin:keys"))

    sent()


def _own(fuzzed: Fuzzed, name: str, number: int) -> dict[str, Any]:
    match name:
        case "createUser":
            return {"username": f"made-{number}"}
        case "createResource":
            return {"resource": f"https://made-{number}.example"}
        case "revokeTokens":
            return {"user_id": fuzzed.real()["users"][0]}
    return {}


def _is_for(path: str, method: str, scope: str) -> bool:
    return any(scope in one["oauth2"] for one in DOCUMENT["paths"][path][method]["security"])


def _try(fuzzed: Fuzzed, case: Any, who: str, method: str, *, allowed: bool) -> None:
    before, facts = fuzzed.state(), fuzzed.facts()
    answer = _call(fuzzed, case, who)
    if answer.status_code == 401:
        fuzzed.tokens[who] = fuzzed.token(who)
        before, facts = fuzzed.state(), fuzzed.facts()
        answer = _call(fuzzed, case, who)
    case.validate_response(answer, checks=CHECKS)
    assert allowed or answer.status_code >= 400, "a row that is another's to see"
    if fuzzed.state() != before:
        assert method != "get", "reading changes nothing"
        assert fuzzed.facts() > facts, "a write without its audit row"


def _call(fuzzed: Fuzzed, case: Any, who: str) -> Any:
    headers = {"authorization": f"Bearer {fuzzed.tokens[who]}"}
    if case.operation.method.lower() == "patch":
        headers["If-Match"] = "*"  # else hardly anything would get any further
    return case.call(base_url=f"{fuzzed.url}/admin/api", headers=headers)


def test_every_operation_is_fuzzed() -> None:
    assert len(OPERATIONS) >= 37
    assert {f"admin:{subject}" for subject in ("users", "clients", "keys", "tokens")} <= scopes.ADMIN.keys()
