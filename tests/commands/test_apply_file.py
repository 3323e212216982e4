import io
import sys

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


# ── typed: where the file comes from


@pytest.fixture
def shell(bare, clean, sqlite_database):
    clean.setenv("MINTMARK_ISSUER", "https://id.example")
    clean.setenv("MINTMARK_SEALING_KEYS", "A" * 43)
    clean.setenv("MINTMARK_DATABASE_URL", sqlite_database.url)
    return bare


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.conf", b"{}", "a.conf ends in none of .json, .toml, .yaml and .yml: say --format json, toml or yaml"),
        ("a.yaml", b"a:\n - \xff", "a.yaml, line 2: this is not UTF-8 text"),
        ("a.yaml", b"clients:\n- {client_id: a, scop: b}", "a.yaml, line 2, column 18: clients[0].scop is no member"),
        ("a.toml", b"[[clients]]\nclient_id = 5\n", "a.toml, line 2, column 1: clients[0].client_id must be"),
        ("a.toml", b"[policy]\nsession_idle = 1h\n", "a.toml, line 2, column 17: this is no TOML"),
        ("a.json", b'{"users": [', "a.json, line 1, column 12: this is no JSON: the file ends in the middle of it"),
        ("a.json", b"[" * 99_999, "a.json: it is nested more than 50 levels deep"),
        ("a.json", b'\xef\xbb\xbf{"policy": {"session_idle": "x"}}', "column 13: policy.session_idle must be a"),
        ("a.yaml", b"users:\n- username: {file: big}", "users[0].username names the file big, which cannot be read as"),
        ("a.json", b'{"clients": [{"client_id": "' + b"x" * 300 + b'"}]}', "clients[0].client_id must be 1 to 255"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_in_a_sentence_with_its_place(shell, tmp_path, name, content, sentence):
    (tmp_path / "big").write_bytes(b"x" * (1 << 20) + b"y")
    (tmp_path / name).write_bytes(content)
    answer = shell("apply", name)

    assert 1 == answer.code
    assert sentence in answer.err
    assert "" == answer.out


def test_a_file_that_is_too_long_is_not_read(shell, tmp_path, monkeypatch):
    from mintmark.commands import apply_source

    monkeypatch.setattr(apply_source, "LONGEST", 10)
    (tmp_path / "a.json").write_text("{}" + " " * 10)

    assert "a.json is longer than 10 bytes" in shell("apply", "a.json").err


@pytest.mark.parametrize("words", [("apply", "-"), ("drift", "-")])
def test_stdin_says_its_language_by_an_option(shell, monkeypatch, words):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"policy: {session_idle: 8h}")))
    refused = shell(*words)
    taken = shell(*words, "--format", "yaml")

    assert "stdin has no ending: say --format json, toml or yaml" in refused.err
    assert 0 == taken.code, taken.err
    assert 2 == shell(*words, "--format", "xml").code


def test_a_literal_is_taken_as_it_is():
    found = read('{"users": [{"claims": {"literal": {"a": {"env": "NO"}, "b": {"literal": 1}}}}]}')

    assert {"a": {"env": "NO"}, "b": {"literal": 1}} == found.users[0].members["claims"]
