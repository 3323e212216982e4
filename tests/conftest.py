import hypothesis
import pytest

from tests import not_run

# Nothing here is a timed test: on a busy machine an example may take what it takes.
hypothesis.settings.register_profile("house", deadline=None, print_blob=True)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def anyio_backend():
    return ("asyncio", {"use_uvloop": True})  # the loop that the server runs on


# What waits longest for processes, downloads and browsers begins first: at the end one process would do it alone.
FIRST = ("clients", "docs", "journeys", "faults", "conformance", "commands")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: FIRST.index(room(item)) if room(item) in FIRST else len(FIRST))


def room(item):
    return item.path.parent.name


def pytest_terminal_summary(terminalreporter):
    lines = not_run.lines(report.longrepr for report in terminalreporter.stats.get("skipped", []))
    if lines:
        terminalreporter.section("NOT RUN: this machine lacks something")
        for line in lines:
            terminalreporter.write_line(line)
