"""A database to back up, and what a disk is like: `from tests.commands.copies import *`."""

import resource
from contextlib import contextmanager

import pysqlite3
import pytest

from tests.commands.line import *  # noqa: F403
from tests.commands.line import __all__ as lines

__all__ = [*lines, "beside", "file_size", "filled", "query"]  # noqa: PLE0604  names, of both


def query(path, sql):
    connection = pysqlite3.connect(str(path))
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def beside(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def filled(line):
    """A server's database after its first start, with a person in it."""
    line.ok("users add alice", stdin="correct horse battery staple\n")
    line.ok("keys rotate")
    return line


@pytest.fixture
def file_size():
    """As on a disk that has only so much left: no file of this process grows beyond it."""

    @contextmanager
    def limited(most):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
