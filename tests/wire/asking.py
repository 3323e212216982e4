"""One request, as a test changes it."""

from typing import Any

from mintmark.wire.asked import FORM, Asked

FORM_HEADERS = ((b"content-type", FORM.encode()),)


def asked(*, body=b"", query=b"", headers=FORM_HEADERS, **members):
    plain: dict[str, Any] = {
        "method": "POST",
        "path": "/token",
        "query_string": query,
        "headers": headers,
        "body": body,
        "address": "192.0.2.1",
        "request_id": "r",
    }
    return Asked(**plain | members)
