import pytest

from mintmark.commands import apply_file
from mintmark.commands.opening import Refused


def no_file(name):
    raise FileNotFoundError(name)


def read(text, environment=(), file=no_file):
    return apply_file.read(text, dict(environment).__getitem__, file)


def refusals(text, environment=(), file=no_file):
    with pytest.raises(Refused) as caught:
        read(text, environment, file)
    return caught.value.sentences


def test_everything_may_be_absent():
    assert apply_file.ApplyFile() == read("{}")
    assert apply_file.ApplyFile() == read('{"clients": null, "policy": null}')


def test_each_entry_knows_its_place():
    found = read('{"users": [{"username": "a"}, {"username": "b"}], "policy": {"max_sessions": 1}}')

    assert ["users[0]", "users[1]"] == [entry.path for entry in found.users]
    assert {"max_sessions": 1} == found.policy.members


@pytest.mark.parametrize(
    ("written", "read_as"), [("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n"), (" x", " x"), ("", "")]
)
def test_a_value_may_come_from_elsewhere_less_one_newline(written, read_as):
    text = '{"clients": [{"a": {"env": "NAME"}, "b": [{"file": "path"}]}]}'
    found = read(text, {"NAME": written}, {"path": written}.__getitem__)

    assert {"a": read_as, "b": [read_as]} == found.clients[0].members


def test_a_larger_object_is_itself():
    assert {"env": "x", "y": 1} == read('{"users": [{"claims": {"env": "x", "y": 1}}]}').users[0].members["claims"]


def test_everything_that_is_wrong_with_the_form_is_told_at_once():
    text = '{"client": [], "users": {}, "clients": [5], "policy": [], "resources": [{"name": {"env": "NO"}}]}'

    assert (
        "resources[0].name names the environment variable NO, which is not set",
        "client is no part of an apply file; did you mean 'clients'?",
        "clients[0] must be an object",
        "users must be a list",
        "policy must be an object",
    ) == refusals(text)


def test_a_file_that_cannot_be_read_is_told_by_path():
    def unreadable(name):
        raise UnicodeDecodeError("utf-8", b"", 0, 1, "no")

    text = '{"users": [{"password": {"file": "pw"}}]}'

    assert ("users[0].password names the file pw, which cannot be read as UTF-8 text",) == refusals(text)
    assert ("users[0].password names the file pw, which cannot be read as UTF-8 text",) == refusals(
        text, (), unreadable
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1, column 1"),
        ('{"users": [\n}', "line 2, column 1"),
        ("[]", "must be an object"),
        ('{"users": [], "users": []}', "'users' stands twice"),
        ('{"policy": {"max_sessions": NaN}}', "NaN is no JSON number"),
        ('{"a": ' * 60 + "1" + "}" * 60, "nested more than 50 levels deep"),
        ("[" * 100_000, "nested more than 50 levels deep"),
    ],
)
def test_what_is_no_apply_file_is_refused_in_words(text, sentence):
    assert sentence in refusals(text)[0]
