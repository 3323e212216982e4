import pytest
from hypothesis import given
from hypothesis import strategies as st

from mintmark.protocol import scope
from mintmark.protocol.catalogue import Asked, Catalogue, fold, is_absolute
from mintmark.protocol.errors import InvalidScope, InvalidTarget
from tests.protocol.making import ADMIN, API, CATALOGUE, FILES, ISSUER, PLAIN, client, resource

WORDS = [*scope.IDENTITY, "api:read", "api:write", "files:read", "shared", "admin:read", "admin:write", "nobody:knows"]
RESOURCES = [ISSUER, ADMIN, API, FILES, PLAIN]
SOME_WORDS = st.lists(st.sampled_from(WORDS), unique=True)
SOME_RESOURCES = st.lists(st.sampled_from(RESOURCES), unique=True, max_size=3)
OPERATOR = client(scope="openid admin:read admin:write api:read")


# ---- which resources there are


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (API, API),
        (API + "/", API),
        ("HTTPS://API.Example", API),
        (FILES, FILES),
        ("https://FILES.example/v1", FILES),
        (ISSUER, ISSUER),
        (ISSUER + "/", ISSUER),
        (ADMIN, ADMIN),
    ],
)
def test_a_resource_is_compared_with_scheme_and_host_case_and_an_empty_path_folded(sent, found):
    assert (found,) == CATALOGUE.find([sent])


@pytest.mark.parametrize(
    "sent",
    [
        "https://other.example",
        "https://api.example.evil.example",
        "https://api.example:443",
        "https://api.example//",
        "https://api.example/?",
        "https://api.example?",
        "https://api.example#",
        "https://api.example/#x",
        "https://user@api.example",
        "https://files.example/v1/",
        "https://files.example/V1",
        "https://files.example/%761",
        "http://api.example",
        "https:/api.example",
        "https:api.example",
        "//api.example",
        "api.example",
        " https://api.example",
        "https://api.example\n",
        "https://api.exam\tple",
        "https://api.example\\",
        "https://[::1",
        "https://",
        "https:",
        ":",
        "",
        "\ud800",
        "x" * 100_000,
    ],
)
def test_whatever_else_is_sent_is_no_resource_of_ours(sent):
    with pytest.raises(InvalidTarget):
        CATALOGUE.find([sent])


def test_what_names_no_host_is_not_taken_for_what_names_one():
    urns = Catalogue(ISSUER, [resource("urn:example:api"), resource("urn://example:api")])

    assert ("urn:example:api",) == urns.find(["URN:example:api"])
    assert ("urn://example:api",) == urns.find(["urn://EXAMPLE:api"])
    with pytest.raises(InvalidTarget):
        urns.find(["urn:EXAMPLE:api"])


def test_a_user_name_keeps_its_case():
    assert "https://Me@h" == fold("HTTPS://Me@H/")
    assert "no uri" == fold("no uri")


@given(st.text())
def test_whatever_comes_folds_once(text):
    assert fold(text) == fold(fold(text))
    assert not is_absolute(text) or ":" in text


def test_a_resource_named_twice_is_one():
    assert (API, FILES) == CATALOGUE.find([API, API + "/", FILES])
    assert () == CATALOGUE.find([])


def test_who_owns_a_scope():
    assert (API,) == CATALOGUE.owners("api:read")
    assert (API, FILES) == CATALOGUE.owners("shared")
    assert (ADMIN,) == CATALOGUE.owners("admin:read")
    assert () == CATALOGUE.owners("openid")
    assert CATALOGUE.knows("openid")
    assert CATALOGUE.knows("shared")
    assert not CATALOGUE.knows("nobody:knows")
    assert {"api:read", "api:write", "shared", "files:read"} == CATALOGUE.owned_by([API, FILES, ISSUER])


# ---- scopes and audience


@pytest.mark.parametrize(
    ("words", "audience"),
    [
        (["openid"], (ISSUER,)),
        (["openid", "profile", "offline_access"], (ISSUER,)),
        (["profile"], (ISSUER,)),
        (["api:read"], (API,)),
        (["api:read", "profile"], (API,)),
        (["openid", "api:read"], (API, ISSUER)),
        (["files:read", "api:read"], (FILES, API)),
    ],
)
def test_without_resource_a_token_is_for_the_owners_of_its_scopes_and_with_openid_for_the_issuer(words, audience):
    assert Asked(tuple(words), audience) == CATALOGUE.ask(words, (), client(), strict=True)


def test_with_resource_a_token_is_for_exactly_those():
    asked = CATALOGUE.ask(["openid", "profile", "api:read", "files:read"], (API,), client(), strict=False)

    assert Asked(("openid", "profile", "api:read"), (API,)) == asked
    assert Asked(("api:read",), (API, FILES)) == CATALOGUE.ask(["api:read"], (API, FILES), client(), strict=True)
    assert Asked(("openid",), (ISSUER,)) == CATALOGUE.ask(["openid", "api:read"], (ISSUER,), client(), strict=False)
    assert Asked(("openid",), (PLAIN,)) == CATALOGUE.ask(["openid"], (PLAIN,), client(), strict=True)


def test_a_scope_of_several_resources_needs_one_named():
    with pytest.raises(InvalidTarget, match="shared belongs to several"):
        CATALOGUE.ask(["shared"], (), client(), strict=False)
    assert Asked(("shared",), (FILES,)) == CATALOGUE.ask(["shared"], (FILES,), client(), strict=True)


@pytest.mark.parametrize("words", [["openid", "nobody:knows"], ["openid", "email"], ["openid", "admin:read"]])
def test_what_the_client_cannot_have_is_dropped_or_refused(words):
    assert ("openid",) == CATALOGUE.ask(words, (), client(), strict=False).scope
    with pytest.raises(InvalidScope) as refused:
        CATALOGUE.ask(words, (), client(), strict=True)
    assert " ".join(words) == refused.value.got


def test_a_stored_scope_that_nobody_owns_gives_nothing():
    assert () == CATALOGUE.ask(["nobody:knows"], (), client(scope="nobody:knows"), strict=False).scope


def test_a_resource_of_whose_scopes_the_client_has_none_is_not_for_it():
    with pytest.raises(InvalidTarget, match="no scope of that resource"):
        CATALOGUE.ask(["openid"], (FILES,), client(scope="openid api:read"), strict=False)


@pytest.mark.parametrize(
    ("words", "resources"),
    [
        (["admin:read", "openid"], ()),
        (["admin:read", "api:read"], ()),
        (["admin:read", "openid"], (ADMIN,)),
        (["admin:read", "api:read"], (ADMIN,)),
        (["admin:read", "api:read"], (API,)),
        (["admin:read", "openid"], (ISSUER,)),
        (["admin:read"], (API,)),
        (["admin:read"], (ISSUER,)),
        (["admin:read"], (ADMIN, ISSUER)),
        (["openid"], (ADMIN,)),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_token_for_the_admin_api_is_for_nothing_else(words, resources, strict):
    with pytest.raises(InvalidTarget):
        CATALOGUE.ask(words, resources, OPERATOR, strict=strict)


@pytest.mark.parametrize("resources", [(), (ADMIN,)])
def test_admin_scopes_alone_are_for_the_admin_api(resources):
    assert Asked(("admin:read",), (ADMIN,)) == CATALOGUE.ask(["admin:read"], resources, OPERATOR, strict=True)


def test_a_resource_that_claims_an_admin_scope_gets_no_token_with_it():
    greedy = Catalogue(ISSUER, [resource(API, "admin:read", "api:read")])
    for resources in [(), (API,), (API, ADMIN)]:
        with pytest.raises(InvalidTarget):
            greedy.ask(["admin:read"], resources, OPERATOR, strict=False)


@given(SOME_WORDS, SOME_RESOURCES, SOME_WORDS, st.booleans())
def test_no_audience_ever_mixes_the_admin_api_with_anything_and_no_scope_is_ever_invented(
    words, resources, has, strict
):
    asker = client(scope=" ".join(has))
    try:
        asked = CATALOGUE.ask(words, resources, asker, strict=strict)
    except (InvalidTarget, InvalidScope):
        return

    assert set(asked.scope) <= set(words) & set(has)
    assert not strict or list(asked.scope) == words
    assert asked.audience
    assert not resources or tuple(resources) == asked.audience
    if ADMIN in asked.audience or any(map(scope.is_admin, asked.scope)):
        assert (ADMIN,) == asked.audience
        assert all(map(scope.is_admin, asked.scope))


# ---- no scope sent


def test_without_scope_a_person_is_asked_for_all_that_the_client_has_but_what_reaches_far():
    operator = client(scope="openid email offline_access admin:read api:read")

    assert ("openid", "email", "api:read") == CATALOGUE.default(operator, ())


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ((API,), ("api:read", "api:write", "shared")),
        ((API, FILES), ("api:read", "api:write", "files:read", "shared")),
        ((ISSUER,), ("openid", "profile")),
        ((ISSUER, FILES), ("openid", "profile", "files:read", "shared")),
        ((PLAIN,), ("openid",)),
    ],
)
def test_without_scope_but_with_resource_it_is_what_those_own(resources, words):
    assert words == CATALOGUE.default(client(), resources)


def test_the_admin_api_is_nobodys_default():
    assert () == CATALOGUE.default(client(scope="admin:read"), ())
    assert () == CATALOGUE.default(OPERATOR, (ADMIN,))
    with pytest.raises(InvalidTarget):
        CATALOGUE.default(client(), (ADMIN,))


# ---- at the token door


GRANTED = (API, FILES, ISSUER)
WHOLE = ("openid", "api:read", "files:read")


@pytest.mark.parametrize(
    ("words", "resources", "asked"),
    [
        (WHOLE, (), Asked(WHOLE, GRANTED)),
        (("api:read",), (), Asked(("api:read",), (API,))),
        (("openid",), (), Asked(("openid",), (ISSUER,))),
        (("profile",), (), Asked(("profile",), GRANTED)),
        (WHOLE, (API,), Asked(("openid", "api:read"), (API,))),
        (WHOLE, (FILES, API), Asked(WHOLE, (FILES, API))),
        (WHOLE, (ISSUER,), Asked(("openid",), (ISSUER,))),
    ],
)
def test_a_grant_is_narrowed_to_what_is_asked_for(words, resources, asked):
    assert asked == CATALOGUE.narrow(words, GRANTED, resources)


def test_a_resource_that_was_not_granted_is_refused():
    with pytest.raises(InvalidTarget, match="not within"):
        CATALOGUE.narrow(WHOLE, (API,), (API, FILES))


def test_a_scope_of_which_nothing_is_for_the_resource_is_refused():
    with pytest.raises(InvalidScope, match="nothing of the scope"):
        CATALOGUE.narrow(("files:read",), GRANTED, (API,))


def test_whoever_asks_for_the_whole_grant_gets_every_resource_that_was_named_for_it():
    assert (API, FILES) == CATALOGUE.narrow(("api:read",), (API, FILES), (), whole=("api:read",)).audience
    assert (API,) == CATALOGUE.narrow(("api:read",), (API, FILES), (), whole=("api:read", "openid")).audience
    assert (API,) == CATALOGUE.narrow(("api:read",), (API, FILES), ()).audience


def test_a_token_is_for_somebody_even_where_its_scopes_belong_to_none_of_the_named():
    assert Asked(("openid",), (API,)) == CATALOGUE.narrow(("openid",), (API,), ())
    assert Asked(("openid",), (PLAIN,)) == CATALOGUE.narrow(("openid",), (PLAIN,), ())


def test_a_resource_that_is_gone_gets_no_more_tokens():
    gone = "https://gone.example"

    assert Asked(("api:read",), (API,)) == CATALOGUE.narrow(
        ("api:read", "gone:read"), (API, gone), (), whole=("api:read",)
    )
    with pytest.raises(InvalidTarget, match="no resource of this grant"):
        CATALOGUE.narrow(("gone:read",), (gone,), ())


@given(SOME_WORDS, SOME_RESOURCES, SOME_RESOURCES, st.none() | SOME_WORDS)
def test_narrowing_never_widens(words, granted, resources, whole):
    try:
        asked = CATALOGUE.narrow(words, granted, resources, whole=whole)
    except (InvalidTarget, InvalidScope):
        return

    assert set(asked.scope) <= set(words)
    assert set(asked.audience) <= set(granted)
    assert asked.audience
    assert not resources or tuple(resources) == asked.audience
    assert bool(asked.scope) == bool(words)


def test_what_clients_ask_for_is_remembered_within_bounds_and_answered_the_same(monkeypatch):
    monkeypatch.setattr("mintmark.protocol.catalogue.MOST_ASKED", 2)
    small = Catalogue(ISSUER, list(CATALOGUE.resources.values())[:1])
    asked = [("api:read",), ("api:write",), ("openid",), ("api:read",)]
    found = [small.ask(words, (), OPERATOR, strict=False) for words in asked]

    assert found[0] == found[3]
    assert ("api:read",) == found[3].scope
