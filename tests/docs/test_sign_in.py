"""The native app of the quick start signs a person in, with a browser that is driven here."""

import json
import subprocess

import httpx2
import jwt

from tests.docs import blocks, shell

QUICK_START = [block for block in blocks.all_blocks() if block.page == "docs/quick-start.md"]


async def test_the_quick_start_signs_a_person_in(demo, tmp_path):
    folder = shell.Folder(tmp_path)
    script = next(block for block in QUICK_START if block.marks.get("file") == "sign_in.py")
    command = next(block for block in QUICK_START if block.run == "sign-in")
    (tmp_path / "sign_in.py").write_text(script.text)
    running = subprocess.Popen(
        ["bash", "-c", f"set -eu\n. {demo.folder}/var/demo.env\n{command.text}"],
        cwd=tmp_path,
        env={**folder.environment, "BROWSER": "true"},  # a browser that looks at nothing
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    address = running.stdout.readline().strip()
    async with httpx2.AsyncClient() as browser:
        callback = await demo.sign_in(browser, address)
        thanks = await browser.get(callback)
    printed, _ = running.communicate(timeout=30)

    assert "Thank you" in thanks.text
    assert 0 == running.returncode
    tokens = json.loads(printed)
    assert {"access_token", "id_token", "refresh_token"} <= tokens.keys()
    keys = jwt.PyJWKClient(f"{demo.url}/.well-known/jwks.json")
    for name, audience, alg in (("access_token", demo.resource, "ES256"), ("id_token", demo.spa_client_id, "RS256")):
        key = keys.get_signing_key_from_jwt(tokens[name])
        jwt.decode(tokens[name], key, algorithms=[alg], audience=audience, issuer=demo.url)
