"""The server, the suite's side of it, and the table of what each module said."""

import secrets
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from joserfc.jwk import RSAKey

from tests.conformance import provider
from tests.conformance.browser import Browser
from tests.conformance.plans import PLANS, Run
from tests.conformance.provider import Op
from tests.conformance.relying_party import RelyingParty
from tests.conformance.station import Folder, Station, open_station
from tests.serving import Certificate, self_signed

PROPERTY = "conformance"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For the server, which is `localhost`, and the suite, which is `127.0.0.1`: two sites, as browsers see them."""
    hosts = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    return self_signed(tmp_path_factory.mktemp("certificate"), "conformance tests", hosts)


@pytest.fixture(scope="session")
def station(certificate: Certificate) -> Iterator[Station]:
    with open_station(certificate) as found:
        yield found


@pytest.fixture(scope="session")
def suite_key() -> RSAKey:
    """An RSA key takes long to make: one is enough for all relying parties but those that change theirs."""
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture(scope="session")
def other_suite_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture(scope="session")
def op(
    tmp_path_factory: pytest.TempPathFactory, station: Station, certificate: Certificate, suite_key: RSAKey
) -> Iterator[Op]:
    served = provider.prepared(tmp_path_factory.mktemp("op"), station, certificate, public(suite_key))
    with provider.process(served, certificate) as found:
        yield found


@pytest.fixture(scope="session")
def later_op(
    tmp_path_factory: pytest.TempPathFactory, station: Station, certificate: Certificate, suite_key: RSAKey
) -> Iterator[Op]:
    served = provider.prepared(tmp_path_factory.mktemp("later_op"), station, certificate, public(suite_key))
    with provider.thread(served, certificate) as found:
        yield found


def public(key: RSAKey) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False, use="sig", alg="RS256")]}


# Who plays a part that an operator wrote down, by what the module asks for.
STATIC = {"client_secret_post": "post", "private_key_jwt": "keys"}
STATIC_BY_PLAN = {
    "rp-initiated-logout": "logout",
    "session": "logout",
    "back-channel": "back",
    "front-channel": "front",
}


@pytest.fixture
def party(request: pytest.FixtureRequest, run: Run, station: Station, suite_key: RSAKey) -> Callable[..., RelyingParty]:
    """Makes relying parties, which are not yet clients. A second one is another client."""
    made: list[RelyingParty] = []

    def make() -> RelyingParty:
        alias = secrets.token_hex(4)
        if "static" == run.registration:
            alias = STATIC_BY_PLAN.get(run.plan, STATIC.get(run.auth_method, "second" if made else "first"))
        provided = request.getfixturevalue("later_op" if run.is_later else "op")
        made.append(RelyingParty(run, provided, Folder(station, alias), suite_key))
        return made[-1]

    return make


@pytest.fixture
def rp(party: Callable[..., RelyingParty]) -> RelyingParty:
    return party()


@pytest.fixture
def browser(rp: RelyingParty) -> Iterator[Browser]:
    """A new one for each module, as in the suite: nobody is signed in."""
    found = rp.browser()
    yield found
    found.close()


# ── the table


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    report: pytest.TestReport = outcome.get_result()
    run = getattr(item, "callspec", None) and item.callspec.params.get("run")  # type: ignore[attr-defined]
    if isinstance(run, Run) and ("call" == report.when or report.failed or report.skipped):
        report.user_properties.append((PROPERTY, _row(run, report)))


def _row(run: Run, report: pytest.TestReport) -> list[str]:
    result, why = run.result, run.why
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        why = str(getattr(crash, "message", "")).splitlines()[0] if crash else str(report.longrepr)
        result = "WARNING" if "WARNING:" in why else "FAILED"
    elif report.skipped:
        result, why = "NOT RUN", "this machine lacks something"
    how = " ".join([run.registration, run.auth_method, run.response_mode or ""]).strip()
    return [run.plan, run.module, how, result, f"{report.duration:.2f}", why[:110]]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for kind in terminalreporter.stats.values() for report in kind if hasattr(report, "when")]
    rows = [value for report in reports for name, value in report.user_properties if PROPERTY == name]
    if not rows:
        return
    heads = ["plan", "module", "client", "result", "seconds", ""]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    terminalreporter.section("conformance modules")
    for row in [heads, *sorted(rows, key=lambda row: list(PLANS).index(row[0]))]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line(line.rstrip())
    counted = {result: sum(row[3] == result for row in rows) for result in dict.fromkeys(row[3] for row in rows)}
    terminalreporter.write_line("  ".join(f"{number} {result}" for result, number in counted.items()))
