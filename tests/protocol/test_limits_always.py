from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from mintmark import networks
from mintmark.protocol import acr_levels, limits, policy
from mintmark.protocol.limits import Contradiction, Limits, Stated
from mintmark.protocol.policy import Policy
from tests.protocol.stating import NOW, at

STRICTNESS = {name: "lesser" for name, member in policy.MEMBERS.items() if member.form in (policy.SPAN, policy.COUNT)}
FLAGS = [name for name, member in policy.MEMBERS.items() if member.form == policy.FLAG]

_values = {
    policy.SPAN: st.integers(1, 1000),
    policy.COUNT: st.integers(1, 1000),
    policy.FLAG: st.booleans(),
    policy.FACTORS: st.lists(st.sampled_from(acr_levels.WORDS), max_size=3),
    policy.MOMENT: st.sampled_from(
        ["18:00", "06:00 Europe/Berlin", "2026-02-01", "2026-12-31", "2026-03-01T13:00:00Z"]
    ),
}
_networks = st.lists(
    st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.168.0.0/16", "::/0", "::1"]), max_size=3
)
_choices = {"access_token_format": policy.FORMATS, "access_token_alg": policy.ALGS[:3], "rotation": policy.ROTATIONS}


def value_of(name):
    if name in _choices:
        return st.sampled_from(_choices[name])
    return _values.get(policy.MEMBERS[name].form, _networks)


@st.composite
def statements(draw):
    place = draw(st.sampled_from(["server", "client", "group", "resource"]))
    may = [name for name, member in policy.MEMBERS.items() if place in member.places]
    names = draw(st.lists(st.sampled_from(may), unique=True, max_size=6))
    return at(place, draw(st.sampled_from("abc")), **{name: draw(value_of(name)) for name in names})


stated_lists = st.lists(statements(), max_size=5)
circumstances = st.fixed_dictionaries(
    {
        "offline": st.booleans(),
        "confidential": st.booleans(),
        "self_registered": st.booleans(),
        "sender_constrained": st.booleans(),
    }
)


def outcome(stated, circumstances):
    try:
        return limits.effective(stated, now=NOW, **circumstances)
    except Contradiction as refusal:
        return refusal.description


@given(stated_lists, circumstances, st.randoms())
def test_merging_never_depends_on_the_order(stated, circumstances, chance):
    shuffled = chance.sample(stated, len(stated))

    assert outcome(stated, circumstances) == outcome(shuffled, circumstances)


@given(stated_lists, circumstances)
def test_stating_everything_twice_changes_nothing(stated, circumstances):
    assert outcome(stated, circumstances) == outcome(stated + stated, circumstances)


@given(stated_lists, circumstances)
def test_what_holds_is_never_laxer_than_any_stated_value(stated, circumstances):
    held = outcome(stated, circumstances)
    if isinstance(held, str):
        return

    for one in stated:
        for name in STRICTNESS:
            said = getattr(one.policy, name)
            assert said is None or getattr(held, name) <= said
        for name in FLAGS:
            assert not getattr(one.policy, name) or getattr(held, name)
        if one.policy.not_after is not None:
            assert held.not_after is not None
            assert held.not_after <= one.policy.not_after.instant(NOW)
        assert set(one.policy.require_factors or ()) <= set(held.require_factors)
        if one.policy.allowed_networks is not None:
            assert held.allowed_networks == networks.shared(held.allowed_networks, one.policy.allowed_networks)
    assert not held.one_use or "opaque" == held.access_token_format


@given(stated_lists, circumstances)
def test_what_holds_is_always_a_value_that_somebody_stated_or_a_default(stated, circumstances):
    held = outcome(stated, circumstances)
    if isinstance(held, str):
        return

    defaults = limits.effective([], now=NOW, **circumstances)
    for name in (*STRICTNESS, *FLAGS):
        said = {getattr(one.policy, name) for one in stated} - {None}
        assert getattr(held, name) in (said or {getattr(defaults, name)}) | (
            {True} if name in ("require_pkce", "require_consent") else set()
        )


@given(stated_lists, circumstances)
def test_the_explanation_is_always_of_what_holds(stated, circumstances):
    alone = [one for one in stated if one.source != "resource"]
    held = limits.effective(alone, now=NOW, **circumstances)

    lines = limits.explain(alone, resources=[], now=NOW, **circumstances)

    assert [field.name for field in fields(Limits)] == [line.member for line in lines]
    explained = Policy(
        **{line.member: policy.MEMBERS[line.member].form.read(line.value) for line in lines if line.value is not None}
    )
    again = limits.effective([Stated("client", "", explained)], now=NOW, **circumstances)
    assert replace(again, allowed_networks=held.allowed_networks) == held
