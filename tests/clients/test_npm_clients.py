"""openid-client and oauth4webapi, in scripts of their own that node runs against a server (tests/clients/node)."""

import os

import pytest

from tests.clients.client_key import KID
from tests.serving import PASSWORD, SECRET, demo_environment


@pytest.mark.parametrize("script", ["openid-client.mjs", "oauth4webapi.mjs"])
def test_a_library_from_npm_gets_on_with_the_server(demo, node, script):
    told = node.test(script, {**os.environ, **demo_environment(demo.folder)})

    assert "fail 0" in told


def test_openid_client_gets_on_with_a_server_on_https(provider, client_key, trusting, node, person):
    told = node.test(
        "openid-client-tls.mjs",
        {
            **trusting,
            "DEMO_ISSUER": provider.url,
            "DEMO_USERNAME": person,
            "DEMO_PASSWORD": PASSWORD,
            "CLIENT_SECRET": SECRET,
            "CLIENT_KEY": str(client_key.pem),
            "CLIENT_KEY_ID": KID,
        },
    )

    assert "fail 0" in told
