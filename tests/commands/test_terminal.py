"""What a person at a terminal has: completion, tables, and a next step behind each refusal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from mintmark import cli
from mintmark.commands import opening, reference, tables
from mintmark.keys.sealing import WrongSealingKey
from mintmark.store.changes import Conflict, Unavailable
from mintmark.store.connect import MIGRATE, BadDatabaseUrl, Unmigrated
from tests.serving import environment

ROOT = Path(__file__).resolve().parents[2]
MINTMARK = [sys.executable, "-m", "mintmark"]


def completed(line, **more):
    """What a bash would be told for the line."""
    words = line.split(" ")
    asked = environment(_MINTMARK_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1), **more)
    done = subprocess.run(MINTMARK, env=asked, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_every_command_is_completed_without_a_store():
    """There are no settings at all, and no database."""
    assert [*cli.COMMANDS, *cli.GROUPS] == completed("mintmark ")
    assert ["check"] == completed("mintmark che")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mintmark check --pu", ["--public"]),
        ("mintmark serve --", ["--host", "--port", "--workers", "--demo", "--help"]),
        ("mintmark users pass", ["password"]),
        ("mintmark sessions end --every", ["--everything"]),
    ],
)
def test_verbs_and_options_are_completed(line, expected):
    assert expected == completed(line)


def test_completing_a_name_imports_no_command():
    script = "import sys, mintmark.cli as c; c.application([], completing=True); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert [] == [name for name in done.stdout.split() if name.startswith(("mintmark.commands.", "sqlalchemy"))]


def test_it_is_installed_and_a_bash_uses_it(tmp_path):
    """As whoever types `mintmark ch` and the tabulator."""
    home = environment(HOME=str(tmp_path))
    subprocess.run([*MINTMARK, "--install-completion", "bash"], env=home, check=True, capture_output=True)
    (tmp_path / "mintmark").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mintmark "$@"\n')
    (tmp_path / "mintmark").chmod(0o755)
    script = (
        "source ~/.bash_completions/mintmark.sh; COMP_WORDS=(mintmark ch); COMP_CWORD=1;"
        ' _mintmark_completion mintmark; echo "${COMPREPLY[@]}"'
    )
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], env={**home, "PATH": path}, capture_output=True, text=True, check=True
    )

    assert "check" == done.stdout.strip()
    assert "mintmark.sh" in (tmp_path / ".bashrc").read_text()


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_the_other_shells_get_a_script_too(shell):
    asked = environment(_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    done = subprocess.run(
        [*MINTMARK, "--show-completion", shell], env=asked, capture_output=True, text=True, check=True
    )

    assert "_MINTMARK_COMPLETE" in done.stdout


@pytest.fixture
def listed(typed):
    assert 0 == typed("users", "add", "alice", "groups=staff").code
    return typed


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_terminal_shows_a_table_and_a_pipe_plain_columns(listed, clean):
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*MINTMARK, "users", "list"],
        stdout=theirs,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    plain = listed("users", "list")

    assert 0 == done.returncode
    assert "─" in shown
    assert "\x1b[1m" in shown
    assert "alice" in shown
    assert ["USERNAME", "ID", "EMAIL", "GROUPS", "DISABLED"] == plain.out.splitlines()[0].split()
    assert "─" not in plain.out
    assert "\x1b" not in plain.out


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_invitation_is_shown_at_a_terminal_without_further_ado(typed):
    ours, theirs = pty.openpty()
    subprocess.run(
        [*MINTMARK, "users", "invite", "--admin"],
        stdout=theirs,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    os.close(theirs)
    told = os.read(ours, 65536).decode()
    os.close(ours)

    assert told.startswith("https://id.example/link?token=mml_")
    assert ["admins"] == typed("users", "invitations", "--json").json["items"][0]["groups"]


def test_what_stands_in_brackets_is_no_markup(capsys):
    tables.show(["name"], [["[red]alice[/red]"]])

    assert "[red]alice[/red]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "step"),
    [
        (Unavailable("refused"), 5, "see that it runs and that MINTMARK_DATABASE_URL names it"),
        (Unmigrated("the database has no tables yet", MIGRATE), 1, "run: mintmark migrate"),
        (BadDatabaseUrl("the database URL must start with sqlite:/// or postgresql://"), 1, "must start with"),
        (WrongSealingKey("sealed by key 00"), 1, "put the key that sealed it behind the newer one"),
        (Conflict(), 1, "try again"),
        (opening.Refused("no; do this"), 1, "do this"),
    ],
)
def test_each_refusal_says_what_to_do_next(error, code, step):
    told_code, sentences = opening.told(error)

    assert code == told_code
    assert step in sentences[0]
    assert "\n" not in sentences[0]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("words", "step"),
    [
        (["users", "show", "nobody"], "mintmark users list"),
        (["clients", "show", "nothing"], "mintmark clients list"),
        (["sessions", "end", "none"], "mintmark sessions list"),
    ],
)
def test_what_is_not_there_can_be_looked_for(typed, words, step):
    answer = typed(*words)

    assert 4 == answer.code
    assert step in answer.err


def test_the_page_has_every_command_every_option_and_every_exit_code():
    root = typer.main.get_command(cli.application([]))
    page = reference.page(cli.application([]))
    options = {
        option
        for command in everything(root)
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    } - {"--help", "--install-completion", "--show-completion"}

    assert [] == [name for name in (*cli.COMMANDS, *cli.GROUPS) if f"## `mintmark {name}`" not in page]
    assert [] == [option for option in options if f"{option}" not in page]
    assert [0, 1, 2, 3, 4, 5] == [int(code) for code, _ in reference.EXIT_CODES]
    assert page == (ROOT / "docs" / "reference" / "commands.md").read_text(), "make format mends it"


def everything(command):
    yield command
    for under in getattr(command, "commands", {}).values():
        yield from everything(under)
