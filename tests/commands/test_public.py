import json
import socket

import pytest

from mintmark.outside import visit
from mintmark.outside.visit import Place
from mintmark.testing import running


@pytest.fixture(scope="module")
def server():
    with running() as found:
        yield found


def test_a_server_that_is_seen_right_is_no_fault(bare, server):
    answer = bare("check", "--public", server.url, "--json")

    assert 0 == answer.code, answer.err
    assert server.url == answer.json["issuer"]
    assert [] == answer.json["wrong"]
    assert ["no-tls", "admin"] == [one["name"] for one in answer.json["unwise"]]
    assert ["run this where the server's own settings are"] == [one.partition(": ")[2] for one in answer.json["unseen"]]


def test_beside_the_settings_it_sees_how_requests_arrive(bare, clean, server):
    clean.setenv("MINTMARK_ISSUER", server.url)
    clean.setenv("MINTMARK_SEALING_KEYS", server.settings.sealing_keys[0].get_secret_value())
    with_key = bare("check", "--public", f"{server.url}/", "--json").json
    clean.setenv("MINTMARK_SEALING_KEYS", "A" * 43)
    with_another = bare("check", "--public", server.url, "--json").json

    assert [] == with_key["unseen"]
    assert "does not answer to this sealing key" in with_another["unseen"][0]


def test_each_fault_is_a_line_for_people(bare, server):
    answer = bare("check", "--public", server.url)

    assert 0 == answer.code
    lines = answer.out.splitlines()
    assert "unwise: The issuer is http: good for trying things out. Give it an https address." in lines
    assert lines[-1].startswith("not seen: ")


def test_nobody_there_is_a_fault(bare):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answer = bare("check", "--public", f"http://127.0.0.1:{port}", "--json")

    assert 1 == answer.code
    assert ["unreachable"] == [one["name"] for one in answer.json["wrong"]]


def test_somebody_else_is_a_fault(bare, server):
    answer = bare("check", "--public", f"{server.url}/elsewhere", "--json")

    assert 1 == answer.code
    assert {"metadata-inserted", "metadata"} == {one["name"] for one in answer.json["wrong"]}


@pytest.mark.parametrize(
    "words",
    [
        ["--public", "id.example.org"],
        ["--public", "http://id.example.org"],
        ["--public", "https://id.example.org", "--resolve", "nothing"],
        ["--public", "https://id.example.org", "--resolve", "a:b:c:d:e"],
        ["--public", "https://id.example.org", "--resolve", "id.example.org:https:127.0.0.1"],
        ["--ca", "x.pem"],
    ],
)
def test_what_makes_no_sense_is_a_mistake_of_usage(bare, words):
    answer = bare("check", *words)

    assert 2 == answer.code
    assert "Traceback" not in answer.err


def test_authorities_that_cannot_be_read_are_told(bare):
    answer = bare("check", "--public", "https://id.example.org", "--ca", "nothing.pem")

    assert 1 == answer.code
    assert "mintmark: --ca nothing.pem cannot be read" in answer.err


def test_authorities_that_are_none_are_told(bare, tmp_path):
    (tmp_path / "ca.pem").write_text("none")
    answer = bare("check", "--public", "https://id.example.org", "--ca", tmp_path / "ca.pem")

    assert 1 == answer.code
    assert "is no PEM file of certificates" in answer.err


def test_a_place_may_be_an_ipv6_address():
    found = visit.read_places(["h.example:[::1]", "h.example:443:[2001:db8::1]:8443", "h.example:80:192.0.2.1"])

    assert {
        ("h.example", None): Place("::1"),
        ("h.example", 443): Place("2001:db8::1", 8443),
        ("h.example", 80): Place("192.0.2.1"),
    } == found


HOSTILE = [
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n[]",
    b'HTTP/1.1 200 OK\r\ncontent-length: 9\r\ncontent-type: application/json\r\n\r\n{"issuer"',
    b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nxyz",
    b"SSH-2.0-nothing\r\n",
    b"",
]


@pytest.mark.parametrize("said", HOSTILE)
def test_whatever_answers_there_is_a_fault_and_no_trace(bare, said, answering):
    answer = bare("check", "--public", answering(said), "--json")

    assert 1 == answer.code
    assert json.loads(answer.out)["wrong"]


@pytest.fixture
def answering():
    """Somebody who says the same to everybody, and hangs up."""
    import threading

    listening = socket.create_server(("127.0.0.1", 0))
    said: list[bytes] = []

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                try:
                    connection.recv(65536)
                    connection.sendall(said[0])
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)

    def begin(answer):
        said.append(answer)
        thread.start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield begin
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)
