"""Every family of metrics that there is, in the order of the reference page, which is made from here."""

from dataclasses import dataclass
from typing import Final, Literal

from mintmark.counting import SECONDS, SIZES


@dataclass(frozen=True, slots=True)
class Family:
    """several: what the values of several workers become. Counters and histograms are added up."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    several: Literal["sum", "max", "min"] = "sum"
    bounds: tuple[float, ...] = ()  # of a histogram

    @property
    def is_added_up(self) -> bool:
        """What a worker counted stays counted when it has ended."""
        return self.kind != "gauge"


def _counter(name: str, help: str, *labels: str) -> Family:
    return Family(name, "counter", help, labels)


def _gauge(name: str, help: str, *labels: str, several: Literal["sum", "max", "min"] = "sum") -> Family:
    return Family(name, "gauge", help, labels, several)


def _histogram(name: str, help: str, bounds: tuple[float, ...], *labels: str) -> Family:
    return Family(name, "histogram", help, labels, bounds=bounds)


DOORS: Final = (
    _counter("mintmark_requests_total",
             "Requests answered. door: the path under the issuer, or its template; error: the OAuth error code, empty "
             "where none was said.", "door", "method", "status", "error"),
    _histogram("mintmark_request_seconds", "From the whole head of a request until its answer was made.", SECONDS,
               "door"),
    _counter("mintmark_refusals_total", "Refused requests, by the check that refused and the error code that was said.",
             "check", "error"),
)  # fmt: skip
PROTOCOL: Final = (
    _counter("mintmark_tokens_issued_total",
             "Tokens handed out. token: access_token, id_token or refresh_token; format: jwt or opaque.",
             "grant_type", "token", "format"),
    _counter("mintmark_sign_ins_total",
             "Passwords that came to an end: done, throttled, or why it failed (unknown, disabled, wrong password).",
             "outcome"),
    _counter("mintmark_client_authentications_refused_total", "Clients that did not prove themselves.", "why"),
    _counter("mintmark_events_total", "Everything that the log tells, by the name of the event.", "event"),
)  # fmt: skip
DATABASE: Final = (
    _gauge("mintmark_database_up", "1: the database answered this scrape within a second.", several="min"),
    _counter("mintmark_database_statements_total", "Statements sent; BEGIN and COMMIT are left out."),
    _histogram("mintmark_database_batch_change_sets", "Change sets that were written together.", SIZES),
    _histogram("mintmark_database_commit_seconds",
               "One batch of change sets, from its first statement until it was durable.", SECONDS),
    _counter("mintmark_database_unavailable_total", "Reads and change sets that the database did not answer in time."),
    _gauge("mintmark_database_connections", "Connections that are open. state: in_use or idle.", "state"),
    _gauge("mintmark_database_connections_most", "The most connections that may be open."),
    _gauge("mintmark_database_waiting", "Who waits: for a connection on PostgreSQL, for the next batch on SQLite."),
)  # fmt: skip
PASSWORDS: Final = (
    _gauge("mintmark_password_threads", "Threads that hash passwords. state: busy or idle.", "state"),
    _gauge("mintmark_password_waiting", "Passwords that wait for a thread."),
    _counter("mintmark_password_refused_total", "Passwords that were answered 503, for too many waited already."),
)
UPKEEP: Final = (
    _gauge("mintmark_outbox_due", "What is due to be sent and has not arrived; 10000 stands for more."),
    _gauge("mintmark_outbox_oldest_due_seconds", "For how long the oldest of it has been due; 0: nothing is."),
    _counter("mintmark_deliveries_total", "Messages of the outbox. outcome: sent, failed (an attempt) or given_up.",
             "kind", "outcome"),
    _counter("mintmark_duty_runs_total", "How often a duty of the upkeep was done.", "duty"),
    _counter("mintmark_duty_failures_total", "How often it failed.", "duty"),
    _counter("mintmark_duty_seconds_total", "How long it took altogether.", "duty"),
    _gauge("mintmark_duty_last_run_timestamp_seconds", "When a duty of the upkeep ended last, on whatever node.",
           "duty"),
    _gauge("mintmark_duty_last_success", "1: the duty's last run came to a good end.", "duty"),
    _gauge("mintmark_signing_keys", "Published keys. state: announced, signing or retired.", "alg", "state"),
    _gauge("mintmark_signing_key_age_seconds", "For how long the signing key of an algorithm has signed.", "alg"),
    _gauge("mintmark_signing_key_next_rotation_timestamp_seconds",
           "When its successor takes over: as announced, else as the settings say.", "alg"),
    _gauge("mintmark_registry_age_seconds",
           "How old is what is known of clients, policies and keys; past one second it is read anew before it is used.",
           several="max"),
    _gauge("mintmark_journal_waiting", "Different observations that wait to be written to the audit trail."),
    _counter("mintmark_journal_dropped_total", "Observations that were lost, for too many waited already."),
)  # fmt: skip
PROCESS: Final = (
    _gauge("mintmark_build_info", "1. version: of Mintmark; database: sqlite or postgresql.", "version", "python",
           "database", several="max"),
    _gauge("mintmark_workers", "Processes whose values are in this answer."),
    _counter("process_cpu_seconds_total", "User and system CPU time."),
    _gauge("process_resident_memory_bytes", "Resident memory."),
    _gauge("process_virtual_memory_bytes", "Virtual memory."),
    _gauge("process_open_fds", "Open file descriptors."),
    _gauge("process_max_fds", "The most file descriptors that may be open in one process.", several="min"),
    _gauge("process_start_time_seconds", "When the process began, since the epoch; the last of several.",
           several="max"),
    _counter("python_gc_collections_total", "Runs of the garbage collector.", "generation"),
    _counter("python_gc_objects_collected_total", "Objects that it collected.", "generation"),
    _counter("python_gc_objects_uncollectable_total", "Objects that it could not collect.", "generation"),
)  # fmt: skip

GROUPS: Final = {
    "Doors": DOORS,
    "Tokens and sign-ins": PROTOCOL,
    "Database": DATABASE,
    "Passwords": PASSWORDS,
    "Upkeep": UPKEEP,
    "Process": PROCESS,
}
FAMILIES: Final = {family.name: family for group in GROUPS.values() for family in group}
