import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import profile
from mintmark.protocol.person_record import PersonRecord, RecordRefused

KNOWN = {"name": "Ada", "phone_number": "+1", "phone_number_verified": True, "website": "https://ada.example"}
BEFORE = PersonRecord("ada", "ada@example.org", True, ("staff",), KNOWN, {"department": "R&D"})


def test_what_may_be_changed_is_changed_and_named():
    found, names = profile.changed(BEFORE, {"name": " Ada L ", "website": "", "nickname": "A"}, {"name", "website"})

    assert ["name", "website"] == names
    assert "Ada L" == found.standard["name"]
    assert "website" not in found.standard
    assert "nickname" not in found.standard


def test_what_is_as_it_was_is_no_change():
    assert (BEFORE, []) == profile.changed(BEFORE, {"name": "Ada", "nickname": " "}, {"name", "nickname"})


def test_another_number_is_not_verified():
    found, _ = profile.changed(BEFORE, {"phone_number": "+49"}, {"phone_number"})

    assert "+49" == found.standard["phone_number"]
    assert "phone_number_verified" not in found.standard


def test_what_is_no_such_claim_is_refused_by_its_name():
    with pytest.raises(RecordRefused) as refused:
        profile.changed(BEFORE, {"birthdate": "yesterday"}, {"birthdate"})

    assert "birthdate" == refused.value.path


@given(st.dictionaries(st.sampled_from(sorted(KNOWN)), st.text(max_size=5)))
def test_nothing_that_may_not_be_changed_ever_is(wanted):
    assert (BEFORE, []) == profile.changed(BEFORE, wanted, ())


@given(st.text(min_size=1, max_size=20))
def test_who_somebody_is_and_what_they_may_never_changes(name):
    try:
        found, _ = profile.changed(BEFORE, {"name": name, "groups": "admins", "username": "root"}, {"name"})
    except RecordRefused:
        return

    assert (BEFORE.username, BEFORE.email, BEFORE.groups, BEFORE.custom) == (
        found.username, found.email, found.groups, found.custom,
    )  # fmt: skip
