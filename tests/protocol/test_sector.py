"""Whose clients know a person by the same `sub` (OIDC Core §8.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import client, sector
from mintmark.protocol.policy import Policy
from tests.protocol.making import client as registered

LOOPBACK, APP = "http://127.0.0.1/cb", "com.example.app:/cb"
SECTORS = st.from_regex(r"(host|client):[!-~]{1,40}", fullmatch=True)
IDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("uris", "identifier", "expected"),
    [
        (["https://shop.example/cb"], None, "host:shop.example"),
        (["https://Shop.example/cb", "https://shop.example:8443/other"], None, "host:shop.example"),
        (["https://a.example/cb", "https://b.example/cb"], "https://Group.example/uris.json", "host:group.example"),
        (["https://shop.example/cb"], "https://group.example/uris.json", "host:group.example"),
        ([], None, "client:shop"),
        ([LOOPBACK, "http://localhost/cb", APP], None, "client:shop"),
    ],
)
def test_a_sector_is_the_host_that_is_stated_or_the_only_one_or_the_client_alone(uris, identifier, expected):
    assert expected == sector.of("shop", uris, identifier)


@pytest.mark.parametrize(
    "uris", [["https://a.example/cb", "https://b.example/cb"], ["https://a.example/cb", LOOPBACK], [APP, "https://a.b"]]
)
def test_several_hosts_have_no_sector_before_somebody_states_it(uris):
    with pytest.raises(sector.NoSector):
        sector.of("shop", uris, None)


@given(SECTORS, IDS, SECTORS, IDS)
def test_no_two_pairs_of_sector_and_person_have_the_same_message(one, person, other, neighbour):
    same = sector.message(one, person) == sector.message(other, neighbour)

    assert ((one, person) == (other, neighbour)) == same


def test_a_client_has_a_sector_where_its_subjects_are_pairwise():
    public, pairwise = registered(subject_type="public"), registered(subject_type="pairwise")

    assert (None, None, "host:shop.example") == (registered().sector, public.sector, pairwise.sector)


def test_a_sector_identifier_is_kept_with_the_client():
    document = {"subject_type": "pairwise", "sector_identifier_uri": "https://group.example/uris.json"}

    assert "host:group.example" == client.read("x", document, policy=Policy(), self_registered=False).sector
