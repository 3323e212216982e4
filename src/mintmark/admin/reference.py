"""The reference page of the API, made from its OpenAPI document: what the page says is what the doors do."""

from collections.abc import Iterator, Mapping
from typing import Any

from mintmark.admin import api

ISSUER = "https://id.example.org"
HEAD = """\
# Admin API reference

Made from the OpenAPI document, which every server gives at `/admin/api/openapi.json`; `make format` makes it anew.
How tokens, pages, `If-Match`, `Idempotency-Key` and problems work stands in [the admin API](../admin-api.md).
"""
Node = Mapping[str, Any]  # Any: OpenAPI's own shape


def page() -> str:
    found = api.document(ISSUER)
    return "\n".join([HEAD, *_operations(found), "## What is sent and shown", "", *_schemas(found)])


def _operations(found: Node) -> Iterator[str]:
    by_subject: dict[str, list[tuple[str, str, Node]]] = {}
    for path, item in found["paths"].items():
        for method, one in item.items():
            by_subject.setdefault(one["tags"][0], []).append((method.upper(), path, one))
    for subject, operations in by_subject.items():
        yield f"## About {subject}\n"
        for method, path, one in operations:
            yield from _operation(method, path, one)


def _operation(method: str, path: str, one: Node) -> Iterator[str]:
    yield f"### `{method} {path}`\n"
    yield f"{one['summary']}. Scope {' or '.join(f'`{scope}`' for scope in _scopes(one))}.\n"
    parameters = [parameter for parameter in one.get("parameters", ()) if parameter["in"] != "path"]
    if parameters:
        yield "| parameter | in | meaning |\n|---|---|---|"
        for parameter in parameters:
            yield f"| `{parameter['name']}` | {parameter['in']} | {_cell(parameter.get('description', ''))} |"
        yield ""
    if "requestBody" in one:
        sent = next(iter(one["requestBody"]["content"].values()))
        yield f"Sent: {_type(sent['schema'])}.\n"
    done = [(status, answer) for status, answer in one["responses"].items() if status.startswith("2")]
    answers = ", ".join(f"{status}{_answered(answer)}" for status, answer in done)
    refused = ", ".join(status for status in sorted(one["responses"]) if status[0] == "4")
    yield f"Answers {answers}; refuses with {refused}.\n"


def _scopes(one: Node) -> list[str]:
    return [scope for choice in one["security"] for scope in choice["oauth2"]]


def _answered(answer: Node) -> str:
    content = answer.get("content", {}).get("application/json")
    return f" with {_type(content['schema'])}" if content and content["schema"] else ""


def _schemas(found: Node) -> Iterator[str]:
    for name, schema in sorted(found["components"]["schemas"].items()):
        yield f"### {name}\n"
        if "description" in schema:
            yield f"{schema['description']}\n"
        required = schema.get("required", ())
        yield "| member | type | |\n|---|---|---|"
        for member, its in schema.get("properties", {}).items():
            always = "always. " if member in required else ""
            yield f"| `{member}` | {_type(its)} | {always}{_cell(_said(its))} |"
        yield ""


def _said(schema: Node) -> str:
    inner = (one.get("description", "") for one in schema.get("anyOf", ()))
    return str(schema.get("description") or next(filter(None, inner), ""))


def _type(schema: Node) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema.get('items', {}))}"
        case "string":
            return "time" if schema.get("format") == "date-time" else "text"
        case "object" if schema.get("properties"):
            return "object of " + ", ".join(f"`{name}`" for name in schema["properties"])
    found = str(schema.get("type", "anything"))
    return {"integer": "number", "boolean": "true or false"}.get(found, found)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
