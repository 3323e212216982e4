"""What a worker knows of itself: its counts, its queues, its memory."""

import platform
from importlib import metadata

from mintmark import events
from mintmark.counts import Counts
from mintmark.events import ClientRefused, RequestRefused, SignedIn, SignInFailed, SignInThrottled
from mintmark.metrics.families import FAMILIES
from mintmark.metrics.values import Values
from mintmark.server import Server
from mintmark.store import measures


def values(server: Server) -> Values:
    found = Values()
    _doors(found, server.counts)
    _events(found, server.counts)
    _tokens(found, server.counts)
    _database(found, server)
    _queues(found, server)
    _upkeep(found, server)
    _process(found)
    built = (metadata.version("mintmark"), platform.python_version(), server.store.dialect)
    found.put("mintmark_build_info", 1, *built)
    found.put("mintmark_workers", 1)
    return found


def _doors(found: Values, counts: Counts) -> None:
    for name, door in counts.doors.items():
        answers, seconds = door.counted()
        for (method, status, error), number in answers.items():
            found.put("mintmark_requests_total", number, name, method, f"{status // 100}xx", error)
        found.put_histogram("mintmark_request_seconds", seconds, name)


def _events(found: Values, counts: Counts) -> None:
    for kind, number in counts.happened.items():
        found.put("mintmark_events_total", number, events.name_of(kind))
    for (check, error), number in counts.more[RequestRefused].found.items():
        found.put("mintmark_refusals_total", number, check, error)
    for (why,), number in counts.more[ClientRefused].found.items():
        found.put("mintmark_client_authentications_refused_total", number, why)
    for (why,), number in counts.more[SignInFailed].found.items():
        found.put("mintmark_sign_ins_total", number, why)
    for outcome, other in (("done", SignedIn), ("throttled", SignInThrottled)):
        found.put("mintmark_sign_ins_total", counts.happened.get(other, 0), outcome)


def _tokens(found: Values, counts: Counts) -> None:
    name = "mintmark_tokens_issued_total"
    for (grant_type, format, id_token, refresh_token), number in counts.issued.items():
        found.put(name, number, grant_type, "access_token", format)
        if id_token:
            found.put(name, number, grant_type, "id_token", "jwt")
        if refresh_token:
            found.put(name, number, grant_type, "refresh_token", "opaque")


def _database(found: Values, server: Server) -> None:
    found.put("mintmark_database_statements_total", server.store.statements)
    measured = measures.of(server.store)
    if measured is None:
        return
    pool = measured.pool()
    found.put_histogram("mintmark_database_batch_change_sets", measured.batches)
    found.put_histogram("mintmark_database_commit_seconds", measured.commits)
    found.put("mintmark_database_unavailable_total", measured.unavailable)
    found.put("mintmark_database_connections", pool.in_use, "in_use")
    found.put("mintmark_database_connections", pool.open - pool.in_use, "idle")
    found.put("mintmark_database_connections_most", pool.most)
    found.put("mintmark_database_waiting", pool.waiting)


def _upkeep(found: Values, server: Server) -> None:
    for duty, state in server.upkeep_state.duties.items():
        found.put("mintmark_duty_runs_total", state.runs, duty)
        found.put("mintmark_duty_failures_total", state.failures, duty)
        found.put("mintmark_duty_seconds_total", state.seconds, duty)
    sent = server.deliveries
    for outcome, numbers in (("sent", sent.sent), ("failed", sent.failed), ("given_up", sent.given_up)):
        for kind, number in numbers.items():
            found.put("mintmark_deliveries_total", number, kind, outcome)


def _queues(found: Values, server: Server) -> None:
    threads, busy, waiting, refused = server.hashing.load()
    found.put("mintmark_password_threads", busy, "busy")
    found.put("mintmark_password_threads", threads - busy, "idle")
    found.put("mintmark_password_waiting", waiting)
    found.put("mintmark_password_refused_total", refused)
    found.put("mintmark_registry_age_seconds", server.registry.age)
    found.put("mintmark_journal_waiting", len(server.journal.waiting))
    found.put("mintmark_journal_dropped_total", server.journal.lost + server.journal.dropped)


def _process(found: Values) -> None:
    """By the collectors of prometheus_client, which is slow to import: nobody who is not scraped pays for that."""
    from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector

    for metric in (*ProcessCollector(registry=None).collect(), *GCCollector(CollectorRegistry()).collect()):
        for sample in metric.samples:
            if sample.name in FAMILIES:
                found.put(sample.name, sample.value, *sample.labels.values())
