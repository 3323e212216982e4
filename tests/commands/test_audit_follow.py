"""`mintmark audit list --follow`: what is new, once each, in order, and none missed that commits late."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

from mintmark import chaining
from mintmark.commands.audit_follow import Following
from mintmark.events import SignedIn
from mintmark.protocol import ids
from mintmark.store import audit
from mintmark.store.listed_audit import Wanted
from tests.commands.line import *  # noqa: F403
from tests.issuer import *  # noqa: F403


async def happen(issuer, ago=0.0, person="p"):
    now = issuer.server.clock() - timedelta(seconds=ago)
    id = ids.uuid7(now, os.urandom(10))
    event = SignedIn(person_id=person, amr="pwd")
    await issuer.server.store.commit([audit.add(id, event, now, request_id=None, address="192.0.2.1")])
    return id


async def poll(issuer, following):
    return [entry.id for entry in await following.poll(issuer.server.clock())]


async def test_it_begins_with_the_newest_and_goes_on_with_what_comes(issuer):
    old, older = await happen(issuer, 1), await happen(issuer, 100)
    oldest = await happen(issuer, 1000)
    following = Following(issuer.server.store, Wanted())
    begun = [entry.id for entry in await following.begin(issuer.server.clock(), 2)]
    nothing = await poll(issuer, following)
    issuer.later(seconds=1)
    new, newer = await happen(issuer, 0.5), await happen(issuer)

    assert [older, old] == begun
    assert [] == nothing
    assert [new, newer] == await poll(issuer, following)
    assert [] == await poll(issuer, following)

    await chaining.seal_audit(issuer.server)  # what was there before is no news, though it is sealed only now

    assert [] == await poll(issuer, following)
    assert oldest


async def test_what_commits_late_comes_when_it_does(issuer):
    following = Following(issuer.server.store, Wanted())
    await following.begin(issuer.server.clock(), 1)
    first = await happen(issuer)
    seen = await poll(issuer, following)
    a_little_late = await happen(issuer, 5)
    seen += await poll(issuer, following)
    very_late = await happen(issuer, 3600)
    await chaining.seal_audit(issuer.server)
    seen += await poll(issuer, following)
    issuer.later(seconds=60)
    seen += await poll(issuer, following)

    assert [first, a_little_late, very_late] == seen
    assert set() == following.seen == following.settled


async def test_what_was_shown_and_is_sealed_much_later_is_not_shown_again(issuer):
    following = Following(issuer.server.store, Wanted())
    await following.begin(issuer.server.clock(), 1)
    await happen(issuer)
    await poll(issuer, following)
    issuer.later(minutes=5)
    quiet = await poll(issuer, following)
    await chaining.seal_audit(issuer.server)

    assert [] == quiet + await poll(issuer, following)


async def test_only_what_is_wanted_is_shown_late_or_not(issuer):
    following = Following(issuer.server.store, Wanted(person_id="alice", address="192.0.2.1"))
    await following.begin(issuer.server.clock(), 1)
    await happen(issuer)
    await happen(issuer, 3600)
    mine, late = await happen(issuer, person="alice"), await happen(issuer, 3600, person="alice")
    await chaining.seal_audit(issuer.server)

    assert [late, mine] == await poll(issuer, following)


def test_it_prints_as_it_goes_and_ends_at_ctrl_c(line):
    command = [sys.executable, "-m", "mintmark", "audit", "list", "--follow", "--json"]
    line("users add alice")
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert follower.stdout is not None
        first = follower.stdout.readline()
        time.sleep(0.1)
        line("users add bob")
        second = follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        out, err = follower.communicate(timeout=30)
    finally:
        follower.kill()

    assert '"subject":"alice"' in first
    assert '"subject":"bob"' in second
    assert (0, "", "") == (follower.returncode, out, err)
