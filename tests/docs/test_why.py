"""Sessions that the pages have recorded: typed again beside a demo, their commands answer the same."""

import re
import subprocess

import pytest

from tests.docs import blocks, shell

SESSIONS = [block for block in blocks.all_blocks() if block.run == "why"]
TRACE = re.compile(r"(?<![-0-9a-f])[0-9a-f]{12}\b")
ALIKE = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "HEAD"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b"), "ID"),
    (TRACE, "TRACE"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r"\bseal \d+"), "seal N"),
    (re.compile(r"\b\d+ seals"), "N seals"),  # as many as the moments in which the rows came
)
SETTINGS = '. var/demo.env; export MINTMARK_ISSUER="$DEMO_ISSUER" MINTMARK_SEALING_KEYS="$(cat var/sealing.key)"\n'


@pytest.mark.parametrize("block", SESSIONS, ids=lambda block: block.where)
def test_the_session_that_is_recorded_is_what_one_sees(block, tmp_path):
    with shell.demo(tmp_path) as folder:
        traces = {"0" * 12: "0" * 12}  # as recorded, and as they are now
        for command, recorded in session(block):
            printed = typed(folder, now(command, traces))
            traces |= dict(zip(TRACE.findall(recorded), TRACE.findall(printed), strict=True))

            assert alike(recorded) == alike(printed), command


def now(command, traces):
    return TRACE.sub(lambda found: traces[found[0]], command)


def session(block):
    """Each command with what it printed."""
    for part in block.text.removeprefix("$ ").split("\n$ "):
        command, _, printed = part.partition("\n")
        yield command, printed.strip()


def typed(folder, command):
    done = subprocess.run(
        ["bash", "-c", SETTINGS + command],
        cwd=folder.path,
        env={**folder.environment, "HOME": "/nonexistent", "CURL_HOME": "/nonexistent"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def alike(text):
    """But for ids, digests, times and seals."""
    for pattern, word in ALIKE:
        text = pattern.sub(word, text)
    return text
