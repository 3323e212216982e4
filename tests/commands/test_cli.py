import subprocess
import sys

import pytest

from mintmark import cli
from mintmark.commands import opening


def test_the_help_names_every_command(bare):
    answer = bare("--help")

    assert 0 == answer.code
    assert [] == [name for name in (*cli.COMMANDS, *cli.GROUPS) if f"  {name} " not in answer.out]


@pytest.mark.parametrize("words", [["frobnicate"], ["serve", "--prot", "1"], ["serve", "--port", "x"], ["apply"]])
def test_a_mistake_of_usage_is_2(bare, words):
    assert 2 == bare(*words).code


def test_settings_that_are_refused_are_told_in_full(bare, clean):
    clean.setenv("MINTMARK_ISUER", "https://id.example")
    answer = bare("serve")

    assert 1 == answer.code
    assert "mintmark: MINTMARK_ISUER is no setting; did you mean MINTMARK_ISSUER?" in answer.err
    assert "mintmark: MINTMARK_SEALING_KEYS must be set" in answer.err


def test_what_nobody_foresaw_flies_on():
    with pytest.raises(ZeroDivisionError):
        opening.told(ZeroDivisionError())


def test_a_start_reads_nothing_that_its_first_token_does_without():
    """Operators' doors, keys that others bring, rules, passkeys and letters are read when one comes."""
    script = "import sys, mintmark.commands.serve, mintmark.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    late = {
        "mintmark.admin.api",
        "babel",
        "cel_expr_python",
        "httpx2",
        "joserfc",
        "jwt",
        "rich",
        "structlog",
        "webauthn",
    }

    assert set() == late & set(done.stdout.split())


def test_a_command_does_not_import_the_others():
    """`serve` starts fast: it needs neither Alembic nor what reads an apply file."""
    script = "import sys, mintmark.cli as c; c.application(['serve']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    assert "mintmark.commands.serve" in loaded
    assert set() == loaded & {"alembic", "mintmark.commands.apply", "mintmark.commands.check", "sqlalchemy"}
