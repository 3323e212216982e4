"""What goes out: to public addresses alone, in a bounded time, to the address that was checked."""

import asyncio
import ssl
import time
from dataclasses import replace
from ipaddress import ip_network

import pytest

from mintmark import outbound
from mintmark.outbound import NotAllowed, NotReached, Outbound
from tests import receiving
from tests.receiving import *  # noqa: F403
from tests.serving import *  # noqa: F403

LOOPBACK = (ip_network("127.0.0.0/8"),)


def names(**found):
    """Resolves as the test says, one answer after the other; the last one again and again."""
    left = {name.replace("_", "."): list(answers) for name, answers in found.items()}
    asked = []

    async def resolve(host, port):
        asked.append(host)
        answers = left[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    resolve.asked = asked  # type: ignore[attr-defined]
    return resolve


async def test_an_answer_comes_back_as_it_is(receiver):
    there = await receiver()
    reply = await Outbound(LOOPBACK).ask("POST", there.url + "?a=b", [("x-mine", "1")], b"body")

    assert (200, b"ok", True) == (reply.status, reply.body, reply.is_whole)
    [came] = there.came
    assert ("POST", "/hook?a=b", b"body") == (came.method, came.target, came.body)
    assert {
        "host": f"127.0.0.1:{there.port}",
        "x-mine": "1",
        "accept-encoding": "identity",
    }.items() <= came.headers.items()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%1",
        "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:1::", "2001:db8::1", "nonsense", "",
    ],
)  # fmt: skip
def test_what_is_not_public_is_none_of_the_addresses(address):
    assert not outbound.is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_is_public_may_be_asked(address):
    assert outbound.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data",
        "https://2130706433/", "https://0x7f.1/", "https://127.1/", "http://10.0.0.1/", "https://localhost/",
        "ftp://93.184.216.34/", "file:///etc/passwd", "https:///nothing", "gopher://x/",
    ],
)  # fmt: skip
async def test_a_private_address_in_whatever_form_is_refused_and_never_asked(url):
    with pytest.raises(NotReached):
        await Outbound().ask("GET", url, seconds=5)


async def test_a_name_that_leads_to_a_private_address_is_refused(receiver):
    there = await receiver()
    going = Outbound(resolve=names(hooks_example=[["127.0.0.1"]]))
    with pytest.raises(NotAllowed, match="not a public address"):
        await going.ask("GET", f"https://hooks.example:{there.port}/")

    assert 0 == there.connections


async def test_one_private_address_among_public_ones_spoils_the_name():
    going = Outbound(resolve=names(hooks_example=[["93.184.216.34", "10.0.0.1"]]))
    with pytest.raises(NotAllowed):
        await going.ask("GET", "https://hooks.example/")


async def test_a_name_is_looked_up_once_and_the_connection_goes_where_it_was_checked(receiver):
    """DNS rebinding: the second answer would lead elsewhere, and nobody asks for it."""
    checked, other = await receiver(), await receiver()
    resolve = names(hooks_example=[["127.0.0.1"], ["127.0.0.2"]])
    going = Outbound((ip_network("127.0.0.1/32"),), resolve=resolve)
    reply = await going.ask("GET", f"http://hooks.example:{checked.port}/")

    assert 200 == reply.status
    assert ["hooks.example"] == resolve.asked
    assert f"hooks.example:{checked.port}" == checked.came[0].headers["host"]
    with pytest.raises(NotAllowed):  # the next request looks anew, and is refused
        await going.ask("GET", f"http://hooks.example:{checked.port}/")
    assert (1, 0) == (checked.connections, other.connections)


async def test_http_is_sent_to_allowed_private_networks_alone():
    going = Outbound(resolve=names(hooks_example=[["93.184.216.34"]]))
    with pytest.raises(NotAllowed, match="only https"):
        await going.ask("GET", "http://hooks.example/")


async def test_a_redirect_is_an_answer(receiver):
    there, other = await receiver(), await receiver()
    there.answer = receiving.status(302, f"location: {other.url}")

    assert 302 == (await Outbound(LOOPBACK).ask("POST", there.url)).status
    assert 0 == other.connections


async def test_of_a_huge_answer_a_little_is_read(receiver):
    there = await receiver(receiving.huge)
    reply = await Outbound(LOOPBACK).ask("GET", there.url, most=1000)

    assert (200, 1000, False) == (reply.status, len(reply.body), reply.is_whole)


@pytest.mark.parametrize(
    "answer", [receiving.hangs, receiving.slowly(receiving.OK)], ids=["hangs", "one byte a second"]
)
async def test_the_time_is_for_all_of_it(receiver, answer):
    there = await receiver(answer)
    began = time.monotonic()
    with pytest.raises(NotReached, match=r"within 0\.5 seconds"):
        await Outbound(LOOPBACK).ask("POST", there.url, seconds=0.5)

    assert time.monotonic() - began < 2


async def test_a_body_that_does_not_end_leaves_the_status(receiver):
    async def dribbles(writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx")
        await writer.drain()
        await asyncio.Event().wait()

    there = await receiver(dribbles)
    reply = await Outbound(LOOPBACK).ask("POST", there.url, seconds=0.5)

    assert (200, b"x", False) == (reply.status, reply.body, reply.is_whole)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200\r\nx" + b"y" * 200_000])
async def test_what_is_no_http_is_not_reached(receiver, answer):
    there = await receiver(receiving.says(answer))
    with pytest.raises(NotReached):
        await Outbound(LOOPBACK).ask("POST", there.url, seconds=5)


async def test_where_nobody_listens_the_reason_is_told(receiver):
    there = await receiver()
    gone = replace(there, port=1)
    with pytest.raises(NotReached, match="no connection"):
        await Outbound(LOOPBACK).ask("POST", gone.url)


async def test_the_next_address_is_tried_where_one_does_not_answer(receiver):
    there = await receiver()
    going = Outbound(LOOPBACK, resolve=names(hooks_example=[["127.0.0.9", "127.0.0.1"]]))

    assert 200 == (await going.ask("POST", f"http://hooks.example:{there.port}/")).status
    assert 1 == there.connections


async def test_a_name_without_an_address_is_not_reached():
    with pytest.raises(NotReached, match="no address"):
        await Outbound().ask("GET", "https://nothing.invalid/", seconds=20)


async def test_a_certificate_must_be_the_names_own_and_of_a_trusted_authority(certificate, tmp_path):
    """The socket goes to an address; the certificate is asked for the name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    seen = []
    context.sni_callback = lambda connection, name, _: seen.append(name)

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(receiving.OK)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    resolve = names(id_example=[["127.0.0.1"]], other_name=[["127.0.0.1"]])
    trusting = Outbound(LOOPBACK, certificate.certificate, resolve)
    reply = await trusting.ask("GET", f"https://id.example:{port}/")

    assert 200 == reply.status
    assert "id.example" == seen[0]
    with pytest.raises(NotReached, match="not trusted"):
        await trusting.ask("GET", f"https://other.name:{port}/")
    with pytest.raises(NotReached, match="not trusted"):
        await Outbound(LOOPBACK, resolve=resolve).ask("GET", f"https://id.example:{port}/")
    server.close()


@pytest.mark.parametrize("content", [None, "no PEM"])
async def test_authorities_that_cannot_be_read_are_told(receiver, tmp_path, content):
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_text(content)
    there = await receiver()
    with pytest.raises(NotReached, match="MINTMARK_OUTBOUND_CA"):
        await Outbound(LOOPBACK, file).ask("GET", there.url)
