"""The audit trail is the longest table: whatever is asked of it, and whatever a sealer does, goes by an index."""

from itertools import combinations

import pytest

from mintmark.store import audit_personal, audit_seals, audit_walk, driver, listed_audit, migrate
from mintmark.store.listed_audit import _LEADING, _REFUSED_FIRST, _SEALED
from mintmark.store.sql import statement
from mintmark.store.sqlite_steps import DIALECT

TABLES = {"audit", "audit_personal", "audit_seals", "person_salts"}
PAGES = {
    f"{'refused ' if only_refused else ''}{' '.join(named)}{' unsealed' if unsealed else ''}": listed_audit._page(
        named, only_refused, False, unsealed
    ).statement
    for only_refused, order in ((False, _LEADING), (True, _REFUSED_FIRST))
    for many in range(4)
    for named in combinations(order, many)
    for unsealed in ((False, True) if _SEALED.intersection(named[:1]) else (False,))
    if not only_refused or "outcome" in named
}
OTHERS = {
    "salts": audit_seals._SALTS_OF["sqlite"].statement,
    "move": audit_seals._MOVE["sqlite"],
    "mark": audit_seals._MARK["sqlite"],
    "mark personal": audit_seals._MARK_PERSONAL["sqlite"],
    "rows": audit_walk._OF["sqlite"].statement,
    "some": listed_audit._SOME["sqlite"].statement,
    "delete rows": audit_walk._DELETE_ROWS["sqlite"],
    "delete sides": audit_walk._DELETE_SIDES["sqlite"],
    "erase unsealed": audit_personal._UNSEALED,
    "erase sealed": audit_personal._SEALED,
    "erase salt": audit_personal._SALT,
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    path = tmp_path_factory.mktemp("plans") / "mintmark.db"
    migrate.migrate(f"sqlite:///{path}")
    found = driver.sqlite().connect(str(path))
    yield found
    found.close()


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
def test_nothing_reads_through_the_trail(connection, name):
    compiled = statement((PAGES | OTHERS)[name], DIALECT)
    explained = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", ["1"] * len(compiled.names)).fetchall()
    plan = [row[3] for row in explained]

    assert not [step for step in plan if step.startswith("SCAN") and step.split()[1] in TABLES], plan
    if name in PAGES and not name.endswith("unsealed"):
        assert not [step for step in plan if "TEMP B-TREE" in step], plan


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("address event", "ix_audit_personal_address"),
        ("address unsealed", "ix_audit_unsealed"),
        ("person_id unsealed", "ix_audit_unsealed"),
        ("client_id event unsealed", "ix_audit_unsealed"),
        ("person_id event outcome", "ix_audit_person"),
        ("actor event", "ix_audit_actor"),
        ("client_id event", "ix_audit_client"),
        ("event outcome", "ix_audit_event"),
        ("refused outcome", "ix_audit_refused"),
        ("refused outcome client_id", "ix_audit_refused"),
    ],
)
def test_the_narrowest_filter_leads(connection, name, index):
    compiled = statement(PAGES[name], DIALECT)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", ["1"] * len(compiled.names)).fetchall()

    assert index in plan[0][3]


def test_a_row_that_waits_for_its_seal_is_in_no_index_that_holds_all_rows(connection):
    """A door pays for each, and a sealer that writes many at once pays less."""
    listed = connection.execute("SELECT name, partial FROM pragma_index_list('audit') WHERE origin != 'pk'").fetchall()

    assert {1} == {is_partial for _, is_partial in listed}
