"""The recorded session of docs/troubleshooting.md: typed again beside a demo, its commands answer the same."""

import re
import subprocess

from tests.docs import blocks, shell

BLOCK = next(block for block in blocks.all_blocks() if block.run == "why")
TRACE = re.compile(r"\b[0-9a-f]{12}\b")
SETTINGS = '. var/demo.env; export MINTMARK_ISSUER="$DEMO_ISSUER" MINTMARK_SEALING_KEYS="$(cat var/sealing.key)"\n'


def test_the_session_that_is_recorded_is_what_one_sees(tmp_path):
    with shell.demo(tmp_path) as folder:
        traces = {"0" * 12: "0" * 12}  # as recorded, and as they are now
        for command, recorded in session():
            printed = typed(folder, now(command, traces))
            traces |= dict(zip(TRACE.findall(recorded), TRACE.findall(printed), strict=True))

            assert alike(recorded) == alike(printed), command
    assert 3 == len(traces)


def now(command, traces):
    return TRACE.sub(lambda found: traces[found[0]], command)


def session():
    """Each command with what it printed."""
    for part in BLOCK.text.removeprefix("$ ").split("\n$ "):
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
    """But for ids and times."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", TRACE.sub("TRACE", text))
