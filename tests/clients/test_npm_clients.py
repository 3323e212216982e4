"""openid-client and oauth4webapi, in scripts of their own that node runs against the demo (tests/clients/node)."""

import os

import pytest

from tests.serving import demo_environment


@pytest.mark.parametrize("script", ["openid-client.mjs", "oauth4webapi.mjs"])
def test_a_library_from_npm_gets_on_with_the_server(demo, node, script):
    told = node.test(script, {**os.environ, **demo_environment(demo.folder)})

    assert "fail 0" in told
