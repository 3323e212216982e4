"""An operator in tests: a token of the admin API, and requests with it."""

from contextlib import asynccontextmanager
from types import SimpleNamespace

from fastapi import FastAPI

from mintmark import app
from mintmark.admin import api
from tests.issuer import client_of

BOTH = "admin:read admin:write"


async def token(issuer, scope=BOTH, client="operator"):
    answer = await issuer.token(client, grant_type="client_credentials", scope=scope)
    assert 200 == answer.status_code, answer.text
    return answer.json()["access_token"]


class Operator:
    """Asks the admin API, with one token for all."""

    def __init__(self, issuer, token):
        self._issuer, self._headers = issuer, {"authorization": f"Bearer {token}"}

    async def get(self, path, **query):
        return await self._issuer.http.get(f"/admin/api{path}", params=query, headers=self._headers)

    async def delete(self, path, **query):
        return await self._issuer.http.delete(f"/admin/api{path}", params=query, headers=self._headers)

    async def send(self, method, path, document=None, **headers):
        return await self._issuer.http.request(
            method, f"/admin/api{path}", json=document, headers={**self._headers, **headers}
        )

    async def post(self, path, body=None, **headers):
        return await self._send("POST", path, body, headers)

    async def patch(self, path, body, match=None, **query):
        """match None: what stands there now."""
        match = match or (await self.get(path)).headers.get("etag", "*")
        headers = {"if-match": match, "content-type": "application/merge-patch+json"}
        return await self._send("PATCH", path, body, headers, **query)

    async def _send(self, method, path, body, headers, **query):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._issuer.http.request(
            method, f"/admin/api{path}", json=body, params=query, headers={**self._headers, **named}
        )

    async def items(self, path, **query):
        answer = await self.get(path, **query)
        assert 200 == answer.status_code, answer.text
        return answer.json()["items"]

    async def walk(self, path, **query):
        """The items of every page, page by page."""
        pages = []
        after: dict[str, str] = {}
        while True:
            answer = (await self.get(path, **query, **after)).json()
            pages.append(answer["items"])
            if "next" not in answer:
                return pages
            after = {"after": answer["next"]}


async def operator(issuer, **more):
    return Operator(issuer, await token(issuer, **more))


@asynccontextmanager
async def second_node(issuer):
    """An operator at another node on the same database."""
    async with app.running(issuer.settings, clock=lambda: issuer.moment[0]) as server:
        mounted = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
        mounted.mount("/admin/api", api.build(server))
        http = client_of(mounted, issuer.url)
        yield Operator(SimpleNamespace(http=http), await token(issuer))
        await http.aclose()
