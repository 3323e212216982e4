"""Pages that are scripts, in HtmlUnit: the suite's own browser, which knows less JavaScript than others."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conformance.plans import Run
from tests.conformance.provider import PASSWORD, USERNAME
from tests.conformance.test_logout import Leaving
from tests.not_run import not_run

FOLDER = Path(__file__).parent / "htmlunit"
# What the suite's page does; it waits longer for the server's frame, since the machine may have other things to do.
ASKING = """<!doctype html><html><head><title>relying party</title></head><body>
<iframe id="op" src=%s hidden></iframe><script>
window.addEventListener("message", function (said) {
  if (said.origin === %s) { window.location.href = "told?" + said.data; }
}, false);
window.setTimeout(function () { document.getElementById("op").contentWindow.postMessage(%s, "*"); }, 3000);
</script></body></html>"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The command that starts it."""
    if shutil.which("mvn") is None or shutil.which("javac") is None:
        not_run("HtmlUnit", "apt-get install maven default-jdk-headless")
    folder = tmp_path_factory.mktemp("htmlunit")
    fetch = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    if subprocess.run(["mvn", "-q", "-B", "-f", FOLDER / "pom.xml", *fetch], check=False).returncode:
        not_run("HtmlUnit, which could not be fetched", f"mvn -f tests/conformance/htmlunit/pom.xml {fetch[0]}")
    subprocess.run(["javac", "-cp", f"{folder}/*", "-d", folder, FOLDER / "Visit.java"], check=True)
    return ["java", "-cp", os.pathsep.join([str(folder), f"{folder}/*"]), "Visit", USERNAME, PASSWORD]


class Visitor:
    def __init__(self, process):
        self.process = process

    def go(self, address):
        """Where it ends up."""
        self.process.stdin.write(f"{address}\n")
        self.process.stdin.flush()
        came = self.process.stdout.readline().strip()
        assert came, "a script has failed"
        return came


@pytest.fixture
def visitor(program):
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Visitor(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


@pytest.fixture
def run(request):
    return Run(request.param, "in HtmlUnit", "static")


def as_client_of(plan):
    return pytest.mark.parametrize("run", [plan], indirect=True)


@as_client_of("formpost")
def test_an_answer_by_form_post_sends_itself(run, rp, visitor):
    assert rp.folder.url("callback") == visitor.go(rp.start().address())

    rp.redeem(rp._read(rp.folder.heard("callback")[-1]))


@as_client_of("front-channel")
def test_frames_are_loaded_and_the_person_goes_on(run, rp, visitor):
    leaving, _ = signed_in(rp, visitor)

    assert visitor.go(leaving.address()).startswith(leaving.landing)
    assert rp.op.issuer == rp.folder.heard("frontchannel_logout")[0].one()["iss"]
    assert {"state": leaving.state} == leaving.landed()


@as_client_of("session")
def test_the_frame_of_session_management_answers(run, rp, visitor):
    leaving, session_state = signed_in(rp, visitor)
    words = [rp.metadata["check_session_iframe"], rp.op.issuer, f"{rp.client['client_id']} {session_state}"]
    asking = rp.folder.put("verify", (ASKING % tuple(map(json.dumps, words))).encode(), "text/html")

    assert rp.folder.url("told?unchanged") == visitor.go(asking)
    visitor.go(leaving.address())
    assert rp.folder.url("told?changed") == visitor.go(asking)


def signed_in(rp, visitor):
    leaving = Leaving(rp, None)
    visitor.go(rp.start().address())
    answer = rp.folder.heard("callback")[-1].one()
    leaving.flow = rp.go_on(answer)
    return leaving, answer["session_state"]
