import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mintmark.keys import rotation
from mintmark.keys.rotation import MARGIN, Create, KeyFacts, Remove, Retire, Schedule

START = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
SKEW = timedelta(seconds=2)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
USUAL = Schedule(rotate_every=90 * DAY, announce=2 * DAY, jwks_max_age=HOUR, longest_token=DAY)


def carry_out(keys, steps):
    """What the store does with a plan."""
    rows = {key.kid: key for key in keys}
    for step in steps:
        match step:
            case Create():
                kid = f"{step.alg}.{len(rows)}"
                rows[kid] = step.facts(kid)
            case Retire():
                rows[step.kid] = dataclasses.replace(
                    rows[step.kid], signs_until=step.signs_until, leaves_at=step.leaves_at
                )
            case Remove():
                rows[step.kid] = dataclasses.replace(rows[step.kid], removed_at=step.removed_at)
    return list(rows.values())


def planned(keys, now, schedule=USUAL, wanted=("ES256",)):
    return carry_out(keys, rotation.plan(keys, now, schedule, wanted))


def signer(keys, now, alg="ES256"):
    return rotation.signing([key for key in keys if key.alg == alg], now)


def spans(shortest, longest):
    """Whole seconds, small ones as likely as large ones."""
    return st.floats(0, 1).map(lambda x: timedelta(seconds=round(shortest.total_seconds() * (longest / shortest) ** x)))


@st.composite
def schedules(draw):
    max_age = draw(spans(timedelta(seconds=1), 7 * DAY))
    announce = max_age + MARGIN + draw(st.just(timedelta(0)) | spans(timedelta(seconds=1), 7 * DAY))
    rotate_every = announce + draw(spans(timedelta(seconds=1), 200 * DAY))
    return Schedule(rotate_every, announce, max_age, draw(spans(timedelta(seconds=1), 90 * DAY)))


@dataclasses.dataclass
class World:
    """A year (or sixty rotations) of upkeep runs: which rows stood when, and what was signed."""

    schedule: Schedule
    rows: list[tuple[datetime, list[KeyFacts]]] = dataclasses.field(default_factory=list)  # (from, keys)
    last_signed: dict[str, datetime] = dataclasses.field(default_factory=dict)
    emergencies: list[tuple[datetime, str]] = dataclasses.field(default_factory=list)
    first_of: dict[str, datetime] = dataclasses.field(default_factory=dict)

    def instants(self, start, end):
        """The ends of a stretch in which no row changed, and every instant in it that means something, give or take."""
        keys = self.rows[-1][1]
        marks = {at for key in keys for at in (key.signs_from, key.signs_until) if at is not None}
        near = {
            mark + away
            for mark in marks
            for away in (-SKEW - TICK, -SKEW, -TICK, timedelta(0), TICK, SKEW, SKEW + TICK)
        }
        return sorted({start, end - TICK} | {at for at in near if start <= at < end})

    def published(self, start, end):
        """Every JWKS that was served from start to end."""
        ends = [began for began, _ in self.rows[1:]] + [datetime.max.replace(tzinfo=UTC)]
        for (began, keys), until in zip(reversed(self.rows), reversed(ends), strict=True):
            if began <= end and until > start:
                yield {key.kid for key in keys if key.removed_at is None}
            if began <= start:
                return

    def check_instant(self, now, wanted):
        keys = self.rows[-1][1]
        for alg in wanted:
            signing = [
                key
                for key in keys
                if key.alg == alg
                and key.removed_at is None
                and key.signs_from <= now < (key.signs_until or datetime.max.replace(tzinfo=UTC))
            ]
            assert [signer(keys, now, alg)] == signing, "exactly one key signs"
            for skew in (-SKEW, timedelta(0), SKEW):
                self.check_signature(signer(keys, now + skew, alg), now)

    def check_signature(self, key, now):
        self.last_signed[key.kid] = max(now, self.last_signed.get(key.kid, now))
        new_world = max([self.first_of[key.alg], *(at for at, alg in self.emergencies if alg == key.alg)])
        if key.kid != self.beginners.get((key.alg, new_world)):
            assert key.published_at + self.schedule.announce <= now + SKEW, "announced before it signs"
        kept_since = max(now - self.schedule.jwks_max_age, new_world)
        assert all(key.kid in jwks for jwks in self.published(kept_since, now)), "a kept JWKS knows the key"

    @property
    def beginners(self):
        keys = self.rows[-1][1]
        return {(key.alg, key.published_at): key.kid for key in keys if key.signs_from == key.published_at}

    def check_removals(self, steps, now):
        for step in steps:
            if isinstance(step, Remove) and step.kid in self.last_signed:
                assert self.last_signed[step.kid] + self.schedule.longest_token <= now, "no token outlives its key"


@settings(max_examples=150, deadline=None)
@given(
    schedule=schedules(),
    gaps=st.lists(st.floats(0.001, 1), min_size=1, max_size=12),
    pace=st.sampled_from([0.02, 0.3, 1, 3]),
    second_alg_from=st.integers(0, 40),
    emergencies=st.sets(st.integers(1, 120), max_size=3),
    wishes=st.sets(st.integers(1, 120), max_size=6),
)
def test_over_a_year_one_announced_key_signs_and_none_leaves_early(
    schedule, gaps, pace, second_alg_from, emergencies, wishes
):
    world, now, run = World(schedule), START, 0
    keys: list[KeyFacts] = []
    while now < START + min(YEAR, 60 * schedule.rotate_every) and run < 150:
        wanted = ["ES256"] + (["RS256"] if run >= second_alg_from else [])
        steps = rotation.plan(keys, now, schedule, wanted)
        world.check_removals(steps, now)
        keys = carry_out(keys, steps)
        for alg in wanted:
            world.first_of.setdefault(alg, now)
        if run in emergencies:
            keys = carry_out(keys, rotation.rotate_emergency(keys, now, "ES256"))
            world.emergencies.append((now, "ES256"))
        elif run in wishes:
            keys = carry_out(keys, rotation.rotate(keys, now, schedule, "ES256"))
        world.rows.append((now, keys))

        assert [] == rotation.plan(keys, now, schedule, wanted), "a second node has nothing left to do"
        later = now + max(TICK, gaps[run % len(gaps)] * pace * schedule.rotate_every)
        for instant in world.instants(now, later):
            world.check_instant(instant, wanted)
        now, run = later, run + 1


def test_the_first_key_signs_at_once():
    keys = planned([], START, wanted=("ES256", "RS256"))

    assert ["ES256", "RS256"] == [key.alg for key in keys]
    assert all(key.published_at == key.signs_from == START for key in keys)
    assert [] == rotation.plan(keys, START, USUAL, ("ES256", "RS256"))


def test_a_successor_is_announced_in_time_and_the_old_key_leaves_after_its_last_token():
    keys = planned([], START)
    just_before = planned(keys, START + 88 * DAY - TICK)
    keys = planned(keys, START + 88 * DAY)
    change = START + 90 * DAY

    assert 1 == len(just_before)
    assert (change, None) == (keys[1].signs_from, keys[1].signs_until)
    assert (change, change + DAY + MARGIN) == (keys[0].signs_until, keys[0].leaves_at)
    assert [] == rotation.plan(keys, change + DAY, USUAL, ("ES256",))
    assert [Remove(keys[0].kid, change + DAY + MARGIN)] == rotation.plan(keys, change + DAY + MARGIN, USUAL, ("ES256",))


def test_an_operator_gets_a_successor_at_once_that_signs_later():
    keys = planned([], START)
    keys = carry_out(keys, rotation.rotate(keys, START + DAY, USUAL, "ES256"))

    assert START + 3 * DAY == keys[1].signs_from == keys[0].signs_until
    assert [] == rotation.rotate(keys, START + 2 * DAY, USUAL, "ES256")
    assert [Create("PS256", START, START)] == rotation.rotate(keys, START, USUAL, "PS256")


def test_an_emergency_removes_every_old_key_of_the_algorithm_at_once():
    keys = planned([], START, wanted=("ES256", "RS256"))
    keys = carry_out(keys, rotation.rotate(keys, START + DAY, USUAL, "ES256"))
    now = START + 2 * DAY
    keys = carry_out(keys, rotation.rotate_emergency(keys, now, "ES256"))
    (left,) = [key for key in keys if key.alg == "ES256" and key.removed_at is None]

    assert (now, now, None) == (left.published_at, left.signs_from, left.signs_until)
    assert left == signer(keys, now) == signer(keys, now - SKEW)
    assert None is signer(keys, now, "RS256").removed_at
    assert [] == rotation.plan(keys, now, USUAL, ("ES256", "RS256"))


def test_an_algorithm_that_nobody_wants_keeps_its_key_and_can_be_wanted_again():
    keys = planned([], START, wanted=("ES256", "PS256"))
    later = START + 85 * DAY
    unwanted = planned(keys, later)
    again = planned(unwanted, later + 30 * DAY, wanted=("PS256",))

    assert keys == unwanted
    assert keys[1] == dataclasses.replace(signer(again, later + 30 * DAY, "PS256"), signs_until=None, leaves_at=None)
    assert 2 == len([key for key in again if key.alg == "PS256"])


def test_two_keys_that_were_both_made_first_are_put_in_order():
    twins = [KeyFacts("a", "ES256", START, START), KeyFacts("b", "ES256", START + SKEW, START + SKEW)]
    keys = planned(twins, START + 10 * SKEW)

    assert (START + SKEW, None) == (keys[0].signs_until, keys[1].signs_until)
    assert START + 10 * SKEW + DAY + MARGIN == keys[0].leaves_at
    assert [] == rotation.plan(keys, START + 11 * SKEW, USUAL, ("ES256",))


def test_a_key_whose_successor_was_taken_away_signs_until_another_is_announced():
    alone = [KeyFacts("a", "ES256", START, START, START + DAY, START + 2 * DAY)]
    now = START + 5 * DAY
    keys = planned(alone, now)

    assert "a" == signer(keys, now).kid
    assert (now + 2 * DAY, now + 2 * DAY) == (keys[0].signs_until, keys[1].signs_from)
    assert keys[0].leaves_at == now + 3 * DAY + MARGIN


def test_when_tokens_become_longer_the_retiring_key_stays_longer_and_never_shorter():
    keys = planned(planned([], START), START + 88 * DAY)
    longer = dataclasses.replace(USUAL, longest_token=30 * DAY)
    keys = planned(keys, START + 89 * DAY, longer)

    assert START + 120 * DAY + MARGIN == keys[0].leaves_at
    assert [] == rotation.plan(keys, START + 89 * DAY, USUAL, ("ES256",))


def test_keys_leave_in_the_order_in_which_they_signed():
    rows = [
        KeyFacts("a", "ES256", START, START, START + DAY, START + 60 * DAY),
        KeyFacts("b", "ES256", START, START + DAY, START + 2 * DAY, START + 3 * DAY),
        KeyFacts("c", "ES256", START, START + 2 * DAY),
    ]

    assert [] == rotation.plan(rows, START + 59 * DAY, USUAL, ("ES256",))
    assert [Remove("a", START + 60 * DAY), Remove("b", START + 60 * DAY)] == rotation.plan(
        rows, START + 60 * DAY, USUAL, ("ES256",)
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"announce": HOUR + MARGIN - TICK}, "verifiers would not know it yet"),
        ({"rotate_every": 2 * DAY}, "keys cannot change every"),
        ({"jwks_max_age": timedelta(0)}, "jwks_max_age must be longer than nothing"),
        ({"longest_token": -HOUR}, "longest_token must be longer than nothing"),
        ({"rotate_every": timedelta(0)}, "rotate_every must be longer than nothing"),
        ({"announce": timedelta(0)}, "announce must be longer than nothing"),
    ],
)
def test_a_schedule_that_would_break_verifiers_is_refused(change, reason):
    with pytest.raises(ValueError, match=reason):
        dataclasses.replace(USUAL, **change)


def test_a_restore_announces_a_key_that_no_backup_has_even_where_one_is_announced():
    keys = planned([], START)
    keys = carry_out(keys, rotation.announce_anew(keys, START, USUAL, "ES256"))
    later = START + HOUR
    keys = carry_out(keys, rotation.announce_anew(keys, later, USUAL, "ES256"))
    first, second, third = keys

    assert signer(keys, later) == first
    assert START + 2 * DAY == second.signs_from == first.signs_until
    assert later + 2 * DAY == third.signs_from == second.signs_until
    assert signer(keys, later + 2 * DAY) == third
    assert [] == rotation.plan(keys, later, USUAL, ["ES256"])


def test_what_is_announced_anew_signs_after_what_was_announced_for_longer():
    keys = planned([], START)
    keys = carry_out(keys, rotation.announce_anew(keys, START, USUAL, "ES256"))
    short = Schedule(rotate_every=90 * DAY, announce=2 * HOUR, jwks_max_age=HOUR, longest_token=DAY)
    keys = carry_out(keys, rotation.announce_anew(keys, START + HOUR, short, "ES256"))

    assert keys[1].signs_from + MARGIN == keys[2].signs_from == keys[1].signs_until


def test_an_algorithm_without_keys_gets_its_first_one():
    (step,) = rotation.announce_anew([], START, USUAL, "ES256")

    assert Create("ES256", START, START) == step
