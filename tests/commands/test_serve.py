"""`mintmark serve` as an operator meets it: started, asked, stopped."""

import json
import shlex
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from base64 import b64encode
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import httpx2
import pytest

from mintmark.commands import serve
from mintmark.keys import sealing
from mintmark.protocol.claims import STANDARD
from tests.databases import *  # noqa: F403
from tests.serving import environment, free_port

MINTMARK = [sys.executable, "-m", "mintmark"]
PATIENCE = 60


@contextmanager
def serving(folder, *words, log="serve.log", **settings):
    with (folder / log).open("w") as out:
        process = subprocess.Popen(
            [*MINTMARK, "serve", *words],
            cwd=folder,
            env=environment(**settings),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def ready(port, process, host="127.0.0.1", scheme="http"):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx2.get(f"{scheme}://{host}:{port}/health/ready", verify=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    pytest.fail(f"the server did not start: {process.poll()}")


def values(folder):
    words = shlex.split((folder / "var" / "demo.env").read_text(), comments=True)
    return dict(word.split("=", 1) for word in words)


def token(told, **form):
    secret = (told["DEMO_CLIENT_ID"], told["DEMO_CLIENT_SECRET"])
    form = form or {"grant_type": "client_credentials"}
    return httpx2.post(f"{told['DEMO_ISSUER']}/token", data=form, auth=secret)


def run(folder, *words, **settings):
    return subprocess.run(
        [*MINTMARK, *words], cwd=folder, env=environment(**settings), capture_output=True, text=True, check=False
    )


def stop(process):
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder in which the demo was started, asked and stopped once; and what it said."""
    folder, port = tmp_path_factory.mktemp("demo"), str(free_port())
    with serving(folder, "--demo", "--port", port) as process:
        ready(port, process)
        ready(port, process, "localhost")
        first = values(folder)
        answers = [
            token(first),
            token(
                first,
                grant_type="password",
                username=first["DEMO_USERNAME"],
                password=first["DEMO_PASSWORD"],
                scope="openid profile email address phone",
            ),
        ]
        person = httpx2.get(
            f"{first['DEMO_ISSUER']}/userinfo", headers={"Authorization": f"Bearer {answers[1].json()['access_token']}"}
        )
        code = stop(process)
    return folder, first, answers, person, code


def test_the_demo_gives_tokens_from_what_it_wrote(kept):
    folder, _, answers, _, code = kept

    assert [200, 200] == [answer.status_code for answer in answers]
    assert "demo:read demo:write" == answers[0].json()["scope"]
    assert 0 == code
    assert "Traceback" not in (folder / "serve.log").read_text()


def test_the_demos_person_has_every_standard_claim(kept):
    assert {*STANDARD, "sub"} - {"groups"} == kept[3].json().keys()


def test_the_demos_secrets_are_for_their_owner_only(kept):
    folder, told, *_ = kept
    said = (folder / "serve.log").read_text()

    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in (folder / "var").iterdir()}
    assert 32 <= len(told["DEMO_CLIENT_SECRET"])
    assert [] == [name for name in told if ("SECRET" in name or "PASSWORD" in name) and told[name] in said]
    assert (folder / "var" / "sealing.key").read_text().strip() not in said


def test_what_the_demo_prints_works_when_pasted(kept):
    folder, told, *_ = kept
    port = told["DEMO_ISSUER"].rpartition(":")[2]
    commands = "\n".join(line[2:] for line in (folder / "serve.log").read_text().splitlines() if line.startswith("  "))
    with serving(folder, "--demo", "--port", port, log="again.log") as process:
        ready(port, process)
        pasted = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands.replace("curl ", "curl -sf ")],
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    assert 0 == pasted.returncode, f"{commands}\n{pasted.stdout}{pasted.stderr}"
    assert "Demo Person" in pasted.stdout


def test_a_second_start_keeps_everything_and_another_port_moves_the_demo(kept):
    folder, told, *_ = kept
    port = str(free_port())
    with serving(folder, "--demo", "--port", port, log="moved.log") as process:
        ready(port, process)
        moved = values(folder)
        answer = token(moved)

    assert f"http://localhost:{port}" == moved["DEMO_ISSUER"]
    assert {**told, "DEMO_ISSUER": moved["DEMO_ISSUER"]} == moved
    assert 200 == answer.status_code
    assert "demo:read demo:write" == answer.json()["scope"]


def test_a_lost_sealing_key_is_not_made_anew(kept, tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "mintmark.db").write_bytes(b"something")
    answer = run(tmp_path, "serve", "--demo", "--port", str(free_port()))

    assert 1 == answer.returncode
    assert "sealing.key is missing" in answer.stderr
    assert not (tmp_path / "var" / "sealing.key").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])
def test_the_demo_is_for_this_machine_only(tmp_path, host):
    answer = run(tmp_path, "serve", "--demo", "--host", host)

    assert 1 == answer.returncode
    assert "MINTMARK_HOST must be localhost" in answer.stderr
    assert not (tmp_path / "var").exists()


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run(tmp_path, "serve", "--demo", "--port", str(port))

    assert 1 == answer.returncode
    assert f"mintmark: cannot listen on 127.0.0.1 port {port}: Address already in use\n" == answer.stderr


def test_sqlite_has_one_process(tmp_path):
    answer = run(tmp_path, "serve", "--demo", "--workers", "2")

    assert 1 == answer.returncode
    assert "MINTMARK_WORKERS must be 1 with SQLite, whose one writer lives in the process" in answer.stderr


def test_what_kubernetes_sets_is_passed_over_with_a_warning(tmp_path):
    answer = run(tmp_path, "migrate", "--plan", MINTMARK_ISSUER="https://id.example", MINTMARK_PORT="tcp://10.0.0.1:80",
                 MINTMARK_SEALING_KEYS=sealing.generate())  # fmt: skip

    assert 3 == answer.returncode
    assert "warning: MINTMARK_PORT is passed over" in answer.stderr


def test_several_processes_share_postgresql(tmp_path, postgresql_database):
    port = str(free_port())
    settings = {
        "MINTMARK_ISSUER": f"http://localhost:{port}",
        "MINTMARK_SEALING_KEYS": sealing.generate(),
        "MINTMARK_DATABASE_URL": postgresql_database.url,
    }
    machine = {"client_id": "c", "client_secret": "s" * 32, "grant_types": ["client_credentials"], "scope": "a"}
    wanted = {"resources": [{"resource": "https://a.example", "scopes": ["a"]}], "clients": [machine]}
    (tmp_path / "a.json").write_text(json.dumps(wanted))
    assert 0 == run(tmp_path, "apply", "a.json", **settings).returncode
    with serving(tmp_path, "--port", port, "--workers", "2", **settings) as process:
        ready(port, process)
        form = {"grant_type": "client_credentials"}
        answers = [httpx2.post(f"http://127.0.0.1:{port}/token", data=form, auth=("c", "s" * 32)) for _ in range(20)]
        code = stop(process)

    assert {200} == {answer.status_code for answer in answers}
    assert 0 == code
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


def test_tls_has_forward_secrecy_and_authenticated_encryption():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(serve.SUITES)
    old = [one["name"] for one in context.get_ciphers() if one["protocol"] != "TLSv1.3"]

    assert old
    assert [] == [name for name in old if not name.startswith("ECDHE-") or not ("GCM" in name or "CHACHA20" in name)]


def test_what_is_in_flight_is_finished_at_sigterm(kept):
    folder, told, *_ = kept
    port = int(told["DEMO_ISSUER"].rpartition(":")[2])
    with serving(folder, "--demo", "--port", str(port), log="flight.log") as process:
        ready(port, process)
        sent = b"grant_type=client_credentials"
        head = (
            b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\nAuthorization: Basic %s\r\n\r\n" % (len(sent), _basic(told))
        )
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(head + sent[:5])
            must_have_arrived(port)
            process.send_signal(signal.SIGTERM)
            threading.Timer(0.5, half.sendall, [sent[5:]]).start()
            answer = half.recv(65536)
        code = process.wait(PATIENCE)

    assert answer.startswith(b"HTTP/1.1 200")
    assert 0 == code


def _basic(told):
    return b64encode(f"{told['DEMO_CLIENT_ID']}:{told['DEMO_CLIENT_SECRET']}".encode())


def must_have_arrived(port):
    """Another request that came later was answered: the first was read as far as it goes."""
    assert 200 == httpx2.get(f"http://127.0.0.1:{port}/health/live").status_code


async def test_a_worker_keeps_what_it_made_at_the_start_out_of_the_collectors_way(sqlite_database, monkeypatch):
    done: list[object] = []
    collector = {name: partial(done.append, name) for name in ("disable", "freeze", "enable")}
    seldom = SimpleNamespace(**collector, set_threshold=lambda *objects: done.append(objects))
    monkeypatch.setattr(serve, "gc", seldom)
    settings = {
        "MINTMARK_ISSUER": "https://id.example",
        "MINTMARK_DATABASE_URL": sqlite_database.url,
        "MINTMARK_SEALING_KEYS": sealing.generate(),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    application = serve.application().app
    built = list(done)
    async with application.router.lifespan_context(application):
        pass

    assert ["disable"] == built
    assert ["disable", "freeze", serve.GARBAGE, "enable"] == done
