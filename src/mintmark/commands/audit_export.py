"""`mintmark audit export`: JSON lines that prove themselves, or CSV for a spreadsheet."""

import csv
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import orjson

from mintmark.commands import audit_trail, verbs
from mintmark.commands.audit_trail import Trail
from mintmark.commands.opening import Opened, Refused
from mintmark.events import AuditExported
from mintmark.keys import checkpoints, jwt
from mintmark.keys.ring import NoSigningKey
from mintmark.protocol import audit_chain
from mintmark.protocol.audit_chain import Row, Seal
from mintmark.store import listed_audit
from mintmark.store.listed_audit import Entry, Wanted

VERSION = 1
PAGE = 1_000
COLUMNS = (
    "id", "at", "event", "outcome", "actor", "user_id", "client_id", "session_id", "authorization_id", "request_id",
    "address", "count", "seal", "detail",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would run


async def jsonl(opened: Opened, wanted: Wanted, file: Path) -> dict[str, int]:
    """The rows with what is personal of them, their seals, and the keys; its last line is signed. Numbers of each."""
    try:
        signer = opened.registry.ring.signer(checkpoints.ALG, opened.now)
    except NoSigningKey:
        raise Refused("nothing is sealed yet, and there is no key to sign an export: start the server once") from None
    trail = Trail(opened.store, wanted)
    digest = sha256()
    counts = {"rows": 0, "seals": 0}
    with _written(file) as out:

        def write(kind: str, document: Mapping[str, object]) -> None:
            line = orjson.dumps({kind: document}) + b"\n"
            digest.update(line)
            out.write(line)
            counts["seals"] += kind == "seal"
            counts["rows"] += kind in ("row", "rest")

        write("mintmark_audit", await _header(opened, wanted))
        await _rows(trail, write)
        signature = jwt.sign(signer, audit_chain.EXPORTED, {**counts, "digest": digest.hexdigest()})
        out.write(orjson.dumps({"end": {"signature": signature}}) + b"\n")
    await _told(opened, wanted, counts)
    return counts


async def _rows(trail: Trail, write: Callable[[str, Mapping[str, object]], None]) -> None:
    async for seal, rows in trail.sealed():
        write("seal", seal_document(seal))
        for row in rows:
            write("row", row_document(row))
    async for row in trail.rest():
        write("rest", row_document(row))


async def _header(opened: Opened, wanted: Wanted) -> dict[str, object]:
    keys = await audit_trail.keys(opened.store)
    return {
        "version": VERSION,
        "issuer": opened.settings.issuer,
        "exported_at": audit_trail.text_of(opened.now),
        "filters": wanted.document(),
        "retired": await audit_trail.retirement(opened.store, checkpoints.PublicKeys(keys)),
        "keys": keys,
    }


def seal_document(seal: Seal) -> dict[str, object]:
    return {
        "number": seal.number,
        "sealed_at": seal.sealed_at,
        "previous": None if seal.previous is None else seal.previous.hex(),
        "rows": seal.rows,
        "head": seal.head.hex(),
        "signature": seal.signature,
    }


def row_document(row: Row) -> dict[str, object]:
    """As it is stored, so that its digest can be made again. `at` is in milliseconds since 1970, UTC."""
    found: dict[str, object] = dict(zip(audit_chain.CHAINED, row.chained, strict=True))
    found |= {"seal": row.seal, "personal": None if row.personal is None else row.personal.hex()}
    if row.address is not None:
        found["address"] = row.address
    if row.side is not None:
        found["side"] = {"address": row.side.address, "salt": row.side.salt.hex()}
    return found


async def table(opened: Opened, wanted: Wanted, file: Path) -> dict[str, int]:
    """CSV, oldest first. It proves nothing."""
    count = 0
    with _written(file) as out:
        writer = csv.writer(_Text(out))
        writer.writerow(COLUMNS)
        async for entry in _entries(opened, wanted):
            found = document(entry)
            writer.writerow([cell(found[name]) for name in COLUMNS])
            count += 1
    await _told(opened, wanted, {"rows": count, "seals": 0})
    return {"rows": count}


class _Text:
    """What csv writes, as octets."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def write(self, text: str) -> None:
        self._out.write(text.encode())


async def _entries(opened: Opened, wanted: Wanted) -> AsyncIterator[Entry]:
    after: str | None = None
    while page := await listed_audit.page(opened.store, wanted, limit=PAGE, after=after, oldest_first=True):
        for entry in page:
            yield entry
        after = page[-1].id


def document(entry: Entry) -> dict[str, Any]:  # Any: JSON
    """As `list` shows it."""
    found = asdict(entry)
    found["at"] = verbs.when(entry.at)
    found["user_id"] = found.pop("person_id")
    return found


def cell(value: object) -> str:
    """Text that no spreadsheet takes for a formula: whoever is logged chose some of it (OWASP, CSV Injection)."""
    if value is None:
        return ""
    text = orjson.dumps(value).decode() if isinstance(value, Mapping) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


async def _told(opened: Opened, wanted: Wanted, counts: Mapping[str, int]) -> None:
    filters = " ".join(f"{name}={value}" for name, value in wanted.document().items())
    await opened.commit([], [AuditExported(seals=counts["seals"], rows=counts["rows"], filters=filters)])


@contextmanager
def _written(file: Path) -> Iterator[IO[bytes]]:
    """A file that is there when all of it is, for its owner alone: addresses stand in it."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    if file.exists():
        raise Refused(f"{file} exists already")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    except OSError as error:
        raise Refused(f"{file} could not be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            part.unlink()
