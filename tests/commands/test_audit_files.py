"""`mintmark audit export` and `verify`, typed: an export stands alone, and whatever was done to it is found."""

import asyncio
import csv
import errno
import json
import os
import random
import stat

import pytest
from sqlalchemy import update

from mintmark import app, chaining
from mintmark.commands import audit_export
from mintmark.events import SignInFailed
from mintmark.protocol import ids
from mintmark.settings import Settings
from mintmark.store import audit, schema
from mintmark.store.changes import Run
from tests.commands.line import *  # noqa: F403


def served(line, *work):
    """Each piece of work with a server, which has its keys."""

    async def run():
        server = await app.open_server(Settings.load(os.environ))
        try:
            return [await one(server) for one in work]
        finally:
            await server.store.close()

    return asyncio.run(run())


def seen(person, address="192.0.2.1", why="wrong password"):
    async def write(server):
        event, now = SignInFailed(person_id=person, why=why), server.clock()
        await server.store.commit(
            [audit.add(ids.uuid7(now, os.urandom(10)), event, now, request_id="r", address=address)]
        )

    return write


@pytest.fixture
def filled(line):
    """Two seals of two rows, and a row that waits."""
    fill(line)
    return line


def fill(line):
    made = line.ok("users add alice")
    served(line, seen(made["id"]), chaining.seal_audit, seen("bob"), seen(None), chaining.seal_audit)
    line("users add carol")


def exported(line, folder, *more):
    file = folder / "trail.jsonl"
    line.ok("audit export", str(file), *more)
    return file


def report(line, file, *more):
    done = line("audit verify --json", str(file), *more)
    assert done.code == (0 if done.json["whole"] else 1)
    return done.json


def rewritten(file, change):
    """The export with its lines changed; each is a kind and its members."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    changed = change(lines) or lines
    file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in changed))


def test_an_export_is_whole_without_database_and_settings(both_lines, monkeypatch, tmp_path):
    line = both_lines
    fill(line)
    file = exported(line, tmp_path)
    for name in ("ISSUER", "DATABASE_URL", "SEALING_KEYS"):
        monkeypatch.delenv(f"MINTMARK_{name}")
    monkeypatch.chdir(tmp_path)
    found = report(line, file)

    assert (True, 2, 4, 1) == tuple(found[name] for name in ("whole", "seals", "rows", "unsealed"))
    assert [] == found["faults"]
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert "whole: 4 rows in 2 seals, up to seal 2" in line("audit verify", str(file)).out


def test_that_somebody_took_a_copy_stands_in_the_trail(filled, tmp_path):
    exported(filled, tmp_path, "--event", "sign_in_failed")
    [entry] = filled.ok("audit list --event audit_exported")["items"]

    assert {"seals": 2, "rows": 3, "filters": "event=sign_in_failed"} == entry["detail"]


def test_the_database_is_verified_where_no_file_is_named(both_lines):
    line = both_lines
    fill(line)
    whole = line("audit verify")
    served(line, lambda server: server.store.commit([Run(update(schema.audit).values(count=7), {})]))
    broken = line("audit verify")
    [_, first, *_] = broken.out.split("row ")

    assert (0, 1) == (whole.code, broken.code)
    assert whole.out.startswith("whole: 4 rows in 2 seals")
    assert "not sealed yet: 1 rows" in whole.out
    assert "(configured), seal 1: it was changed" in first


def test_a_changed_row_is_named_with_its_time_and_event(filled, tmp_path):
    file = exported(filled, tmp_path)
    row = next(json.loads(line)["row"] for line in file.read_text().splitlines() if '{"row"' in line)

    def change(lines):
        next(line for line in lines if "row" in line)["row"]["outcome"] = "refused"

    rewritten(file, change)
    faults = report(filled, file)["faults"]

    assert ("it was changed", row["id"], "configured", 1) == tuple(
        faults[0][name] for name in ("what", "row", "event", "seal")
    )
    assert faults[0]["at"].endswith("Z")
    assert "the file was changed since it was exported" == faults[1]["what"]


def places(lines, kind):
    return [number for number, line in enumerate(lines) if kind in line]


def delete(lines):
    del lines[places(lines, "row")[0]]


def insert(lines):
    first, *_, last = places(lines, "row")
    lines.insert(last, {"row": {**lines[first]["row"], "id": ids.uuid7(app.utc_now(), bytes(10)), "seal": 2}})


def repeat(lines):
    first = places(lines, "row")[0]
    lines.insert(first, lines[first])


def reorder(lines):
    first, second = places(lines, "row")[:2]
    lines[first], lines[second] = lines[second], lines[first]


def another_address(lines):
    lines[next(n for n in places(lines, "row") if "side" in lines[n]["row"])]["row"]["side"]["address"] = "192.0.2.66"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (delete, "it was deleted"),
        (insert, "it was inserted: its seal does not list it"),
        (repeat, "it was inserted: it stands there twice"),
        (reorder, "it was reordered: it stands behind one that came later"),
        (another_address, "its personal fields were changed"),
    ],
)
def test_what_was_done_to_a_row_of_an_export_is_named(filled, tmp_path, change, what):
    file = exported(filled, tmp_path)
    rewritten(file, change)
    [fault, *_] = report(filled, file)["faults"]

    assert what == fault["what"]
    assert ids.issued_at_ms(fault["row"])


def without_first_seal(lines):
    first = places(lines, "seal")[0]
    del lines[first : places(lines, "seal")[1]]


def swap_seals(lines):
    first, second = places(lines, "seal")
    end = next(n for n in range(second + 1, len(lines)) if "row" not in lines[n])
    return [*lines[:first], *lines[second:end], *lines[first:second], *lines[end:]]


@pytest.mark.parametrize(
    ("change", "what"), [(without_first_seal, "it is missing"), (swap_seals, "it stands after seal 2")]
)
def test_what_was_done_to_a_seal_of_an_export_is_named(filled, tmp_path, change, what):
    file = exported(filled, tmp_path)
    rewritten(file, change)
    faults = report(filled, file)["faults"]

    assert [1] == [fault["seal"] for fault in faults if what in fault["what"]]


def test_any_flipped_bit_is_found_and_one_in_a_row_names_it(filled, tmp_path):
    file = exported(filled, tmp_path)
    whole = file.read_bytes()
    chance = random.Random(7)
    for _ in range(150):
        place = chance.randrange(len(whole) - 1)
        broken = bytearray(whole)
        broken[place] ^= 1 << chance.randrange(8)
        file.write_bytes(broken)
        done = filled("audit verify --json", str(file))

        assert 1 == done.code, (place, whole[place - 20 : place + 20])
        line = whole[whole.rfind(b"\n", 0, place) + 1 : whole.find(b"\n", place)]
        if line.startswith(b'{"row":'):
            row = json.loads(line)["row"]["id"]
            assert row in {fault["row"] for fault in done.json["faults"]}, (place, done.out)


def test_a_truncated_export_says_so(filled, tmp_path):
    file = exported(filled, tmp_path)
    whole = file.read_bytes()
    for length in (len(whole) // 2, whole.rstrip().rfind(b"\n") + 1):
        file.write_bytes(whole[:length])

        assert "the end of the file is missing" in {fault["what"] for fault in report(filled, file)["faults"]}


def test_what_stands_behind_the_end_is_a_fault(filled, tmp_path):
    file = exported(filled, tmp_path)
    file.write_bytes(file.read_bytes() + b"{}\n")
    [fault] = report(filled, file)["faults"]

    assert "behind the end" in fault["what"]


def test_a_part_is_whole_and_says_that_it_is_a_part(filled, tmp_path):
    file = exported(filled, tmp_path, "--user", "bob")
    found = report(filled, file)
    since = report(filled, exported(filled, tmp_path / "." / "..", "--since", "1h"))

    assert (True, True, 1, 1) == tuple(found[name] for name in ("whole", "filtered", "seals", "rows"))
    assert (True, True, 2, 4) == tuple(since[name] for name in ("whole", "filtered", "seals", "rows"))
    assert "filtered" in filled("audit verify", str(file)).out


def test_only_pinned_keys_count_where_some_are_named(filled, tmp_path):
    file, right, wrong = exported(filled, tmp_path), tmp_path / "jwks.json", tmp_path / "other.json"

    async def jwks(server):
        right.write_bytes((await server.registry.current()).ring.jwks_body)

    served(filled, jwks)
    filled("keys rotate --emergency")
    served(filled, lambda server: jwks_of(server, wrong))

    assert report(filled, file)["whole"]
    assert report(filled, file, "--jwks", str(right))["whole"]
    assert report(filled, file, "--jwks", str(right), "--jwks", str(wrong))["whole"]
    faults = report(filled, file, "--jwks", str(wrong))["faults"]
    assert [1, 2, None] == [fault["seal"] for fault in faults]
    assert all("forged" in fault["what"] for fault in faults)


async def jwks_of(server, file):
    file.write_bytes((await server.registry.current()).ring.jwks_body)


def test_a_rotation_and_an_erasure_leave_the_chain_whole(filled, tmp_path):
    filled("keys rotate --emergency")
    filled("users delete alice")
    served(filled, seen("dora"), chaining.seal_audit)
    found = report(filled, exported(filled, tmp_path))

    assert (True, 1) == (found["whole"], found["erased"])
    assert 0 == filled("audit verify").code
    assert "erased: the personal fields of 1 rows" in filled("audit verify").out


def test_a_head_that_was_written_down_must_be_there(filled, tmp_path):
    last = filled.ok("audit verify")["last"]
    file = exported(filled, tmp_path)
    known = f"{last['number']}:{last['head']}"

    assert 0 == filled("audit verify --head", known).code
    assert 0 == filled("audit verify --head", known, str(file)).code
    assert 1 == filled("audit verify --head", f"9:{last['head']}", str(file)).code
    assert 1 == filled("audit verify --head", f"2:{'0' * 64}").code
    assert "NUMBER:HEAD" in filled("audit verify --head soon").err


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "{}", "[]", "null", '{"mintmark_audit": 3}', "\0", "id,at,event\n", "\ud800", "[" * 100_000,
        '{"mintmark_audit": {"version": 9, "filters": {}, "retired": null, "keys": []}}',
        '{"mintmark_audit": {"version": 1, "filters": {}, "retired": null, "keys": 3}}',
    ],
)  # fmt: skip
def test_what_is_no_export_is_refused(line, tmp_path, text):
    file = tmp_path / "odd"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    done = line("audit verify", str(file))

    assert 1 == done.code
    assert "" == done.out
    assert str(file) in done.err


@pytest.mark.parametrize(
    "row",
    [
        "{}", '{"row": {}}', '{"row": 3}', '{"seal": {}}', '{"end": {}}', '{"a": 1, "b": 2}', "3", '"row"', "[1]", "{",
        '{"rest": {"id": {}}}', '{"seal": {"number": -1}}', '{"odd": {}}',
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_told_and_broken(line, tmp_path, row):
    file = tmp_path / "odd"
    file.write_text(f'{{"mintmark_audit":{{"version":1,"filters":{{}},"retired":null,"keys":[]}}}}\n{row}\n')

    assert "line 2 cannot be read" in [fault["what"] for fault in report(line, file)["faults"]]


def test_files_that_are_not_there_are_refused(line, tmp_path):
    answers = [
        line("audit verify", str(tmp_path / "none")),
        line("audit verify", str(tmp_path)),
        line("audit verify --jwks", str(tmp_path / "none")),
        line("audit verify --jwks", __file__),
    ]

    assert [1, 1, 1, 1] == [answer.code for answer in answers]
    assert all(answer.err.startswith("mintmark: ") for answer in answers)


def test_a_csv_has_every_row_and_no_formula(filled, tmp_path):
    served(filled, seen("=HYPERLINK()", "+1", why='=cmd|"x"'), seen("-x"), seen("@SUM(1)"))
    file = tmp_path / "trail.csv"
    told = filled("audit export", str(file), "--format", "csv")
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))

    assert f"wrote 8 rows to {file}\n" == told.out
    assert list(audit_export.COLUMNS) == list(rows[0])
    assert 8 == len(rows) == len({row["id"] for row in rows})
    assert sorted(row["at"] for row in rows) == [row["at"] for row in rows]
    assert {"'=HYPERLINK()", "'-x", "'@SUM(1)", "bob", ""} <= {row["user_id"] for row in rows}
    assert "'+1" in {row["address"] for row in rows}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(audit_export.FORMULA)]
    assert 1 == filled("audit verify", str(file)).code


def test_an_export_overwrites_nothing_and_leaves_no_half_file(filled, tmp_path, monkeypatch):
    file = exported(filled, tmp_path)
    before = file.read_bytes()
    again = filled("audit export", str(file))
    nowhere = filled("audit export", str(tmp_path / "none" / "x"))

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    no_space = filled("audit export", str(tmp_path / "more"))

    assert [1, 1, 1] == [done.code for done in (again, nowhere, no_space)]
    assert "No space left on device" in no_space.err
    assert before == file.read_bytes()
    assert {"trail.jsonl"} == {path.name for path in tmp_path.iterdir() if "mintmark" not in path.name}


def test_an_export_before_anything_was_sealed_names_what_to_do(line, tmp_path):
    done = line("audit export", str(tmp_path / "x"))

    assert 1 == done.code
    assert "start the server once" in done.err


def test_filters_narrow_the_list(filled):
    def many(typed):
        return len(filled.ok(f"audit list {typed}")["items"])

    assert 5 == many("")
    assert 3 == many("--address 192.0.2.1") == many("--outcome refused")
    assert 1 == many("--address 192.0.2.1 --user bob")
    assert 0 == many("--address 192.0.2.1 --outcome done")
    assert 0 == many("--actor nobody")
    assert 2 == filled("audit list --outcome perhaps").code
    assert 2 == filled("audit list --follow --until 1h").code
