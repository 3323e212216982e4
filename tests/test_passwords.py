"""Passwords that people choose: the list that comes along, and one that is asked, with a real receiver."""

import hashlib

import pytest

from mintmark import passwords, upkeep
from mintmark.passwords import ranges
from mintmark.protocol import password_rules
from mintmark.store import people
from tests import issuer as issuers
from tests import receiving
from tests.databases import *  # noqa: F403
from tests.issuer import *  # noqa: F403
from tests.issuer import ALICE, PASSWORD
from tests.receiving import *  # noqa: F403

CHOSEN = "harbour lanterns never whistle"


def test_the_list_holds_what_everybody_tries_folded_and_nothing_that_is_too_short():
    listed = passwords.common()

    assert {"password", "baseball", "12345678", "trustno1"} <= listed
    assert 10_000 < len(listed)
    assert all(8 <= len(word) and word == password_rules.normalised(word).casefold() for word in listed)
    assert PASSWORD not in listed


@pytest.fixture
async def asked(sqlite_database, receiver, monkeypatch):
    """A server that asks the receiver, and the receiver."""
    monkeypatch.setattr(upkeep, "start", lambda server: ())
    there = await receiver()
    url = there.url.replace("/hook", "/range/")
    async for one in issuers.start(
        sqlite_database, MINTMARK_PASSWORD_RANGE_URL=url, MINTMARK_OUTBOUND_ALLOW="127.0.0.0/8"
    ):
        yield one, there


def answers(*lines):
    body = "\r\n".join(lines).encode()
    return receiving.says(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(body), body))


DIGEST = hashlib.sha1(CHOSEN.encode()).hexdigest().upper()


async def test_a_list_is_asked_by_five_digits_and_learns_no_password(asked):
    issuer, there = asked
    there.answer = answers("0" * 35 + ":3", DIGEST[5:] + ":17")

    assert passwords.FOUND == await passwords.refusal(issuer.server, CHOSEN, None, two=False)
    [came] = there.came
    assert f"/range/{DIGEST[:5]}" == came.target
    assert "true" == came.headers["add-padding"]
    assert DIGEST[5:] not in str(came)


@pytest.mark.parametrize("lines", [(), ("0" * 35 + ":1",), (DIGEST[5:] + ":0",), ("nonsense", "\xff:\xff")])
async def test_what_was_never_seen_is_let_through_and_padding_too(asked, lines):
    issuer, there = asked
    there.answer = answers(*lines)

    assert await passwords.refusal(issuer.server, CHOSEN, None, two=False) is None


@pytest.mark.parametrize("answer", ["status", "redirect", "slow", "gone"])
async def test_a_list_that_does_not_answer_keeps_nobody_out_and_is_told(asked, monkeypatch, answer):
    issuer, there = asked
    monkeypatch.setattr(ranges, "SECONDS", 0.3)
    there.answer = {
        "status": receiving.status(500),
        "redirect": receiving.status(302, "location: http://127.0.0.1/"),
        "slow": receiving.slowly(b"HTTP/1.1 200 OK\r\n"),
        "gone": receiving.says(b""),
    }[answer]

    assert await passwords.refusal(issuer.server, CHOSEN, None, two=False) is None
    assert "password_list_unreached" in [line["event"] for line in issuer.lines]


async def test_what_the_rules_refuse_is_asked_of_nobody(asked):
    issuer, there = asked

    assert "at least" in str(await passwords.refusal(issuer.server, "short", None, two=False))
    assert [] == there.came


async def test_eight_characters_do_for_whoever_needs_a_second_factor(sqlite_issuer):
    person = await people.find(sqlite_issuer.server.store, ALICE)
    assert person is not None

    assert await passwords.refusal(sqlite_issuer.server, "x7 moth!", person.holder, two=True) is None
    assert "15" in str(await passwords.refusal(sqlite_issuer.server, "x7 moth!", person.holder, two=False))
    assert "name" in str(await passwords.refusal(sqlite_issuer.server, "alice@example.org", person.holder, two=True))
