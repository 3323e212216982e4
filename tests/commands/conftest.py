"""A command as it is typed, in this process: `typed("apply", file)`, on both databases."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from mintmark import cli
from tests.databases import *  # noqa: F403
from tests.settings.loading import KEY

ISSUER = "https://id.example"


@dataclass(frozen=True)
class Typed:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Type = Callable[..., Typed]


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """No setting of whoever runs the tests, and no file of theirs."""
    for name in [name for name in os.environ if name.startswith("MINTMARK_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def bare(clean, capsys) -> Type:
    """With whatever the test sets in the environment, and nothing else."""

    def type_(*words: object) -> Typed:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return Typed(int(ended.value.code or 0), said.out, said.err)

    return type_


@pytest.fixture
def typed(bare, clean, database) -> Type:
    clean.setenv("MINTMARK_ISSUER", ISSUER)
    clean.setenv("MINTMARK_SEALING_KEYS", KEY)
    clean.setenv("MINTMARK_DATABASE_URL", database.url)
    return bare
