"""`mintmark audit verify`: recomputes the chain, of the database or of an export that stands alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from mintmark.commands import audit_trail
from mintmark.commands.audit_export import VERSION
from mintmark.commands.audit_trail import Trail
from mintmark.commands.opening import Refused
from mintmark.keys import checkpoints
from mintmark.keys.checkpoints import PublicKeys
from mintmark.protocol import audit_chain
from mintmark.protocol.audit_chain import Check, Fault, Row, Seal, Side
from mintmark.store.executor import Executor
from mintmark.store.times import at

Members = Mapping[str, Any]  # Any: JSON, which each reader checks
MOST_FAULTS = 1_000
LONGEST = 16 * 1024 * 1024  # octets of a line


@dataclass(slots=True)
class Report:
    """What was found, each row and seal blamed once for each thing."""

    check: Check
    faults: dict[tuple[object, ...], Fault] = field(default_factory=dict)
    more: int = 0  # faults beyond those that are kept

    def add(self, faults: Iterator[Fault]) -> None:
        for fault in faults:
            key = (fault.row,) if fault.row is not None else (fault.seal, fault.what)
            if key in self.faults:
                continue
            if len(self.faults) < MOST_FAULTS:
                self.faults[key] = fault
            else:
                self.more += 1

    def document(self) -> dict[str, object]:
        check = self.check
        last = None
        if check.sealed_at is not None and check.head is not None:
            last = {"number": check.number, "sealed_at": when(check.sealed_at), "head": check.head.hex()}
        return {
            "whole": not self.faults,
            "seals": check.seals,
            "rows": check.rows,
            "last": last,
            "unsealed": check.unsealed,
            "erased": check.erased,
            "retired_through": check.retired,
            "retired": check.gone,
            "late": check.late,
            "filtered": check.is_part,
            "faults": [_fault(fault) for fault in self.faults.values()],
            "more_faults": self.more,
        }


def when(moment: int | None) -> str | None:
    """Milliseconds in words; as a number where they are no time."""
    if moment is None:
        return None
    try:
        return at(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(moment)


def _fault(fault: Fault) -> dict[str, object]:
    return {
        "what": fault.what, "seal": fault.seal, "row": fault.row, "at": when(fault.at), "event": fault.event,
    }  # fmt: skip


def lines(report: Report) -> list[str]:
    """For a person."""
    found, check = report.document(), report.check
    said = [f"broken: {sentence(fault)}" for fault in report.faults.values()]
    said += [f"broken: and {report.more} more"] if report.more else []
    head = "" if check.head is None else f", whose head is {check.head.hex()}"
    upto = f", up to seal {check.number} of {when(check.sealed_at)}{head}" if check.seals else ""
    said.append(f"{'whole' if found['whole'] else 'not whole'}: {check.rows} rows in {check.seals} seals{upto}")
    notes = {
        f"not sealed yet: {check.unsealed} rows": check.unsealed,
        f"erased: the personal fields of {check.erased} rows": check.erased,
        f"retired: {check.gone} rows of seals up to {check.retired}": check.retired,
        f"late: {check.late} rows were sealed more than ten minutes after their own time": check.late,
        "filtered: rows that are not in the export are not missed": check.is_part,
    }
    return [*said, *(note for note, applies in notes.items() if applies)]


def sentence(fault: Fault) -> str:
    if fault.row is not None:
        of = "" if fault.event is None else f" ({fault.event})"
        place = "" if fault.seal is None else f", seal {fault.seal}"
        return f"row {fault.row} of {when(fault.at) or 'no known time'}{of}{place}: {fault.what}"
    return fault.what if fault.seal is None else f"seal {fault.seal}: {fault.what}"


def pinned(files: Sequence[Path]) -> PublicKeys | None:
    """Only what these keys have signed counts; None: whatever stands beside the seals."""
    jwks: list[Members] = []
    for file in files:
        try:
            text = file.read_bytes()
            checkpoints.read_jwks(text)
        except OSError as error:
            raise Refused(f"{file} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise Refused(f"{file}: {error}") from None
        jwks += orjson.loads(text)["keys"]
    return PublicKeys(jwks) if files else None


def heads(words: Sequence[str]) -> dict[int, str]:
    """NUMBER:HEAD, as `verify` has told it earlier."""
    found = {}
    for word in words:
        parts = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", word)
        if parts is None:
            raise Refused(f"--head must be NUMBER:HEAD, as verify has told it, not {word[:100]!r}")
        found[int(parts[1])] = parts[2]
    return found


async def database(store: Executor, pins: PublicKeys | None, known: dict[int, str]) -> Report:
    keys = pins or PublicKeys(await audit_trail.keys(store))
    proof = await audit_trail.retirement(store, keys)
    retired = audit_trail.retired_through(keys, proof) if proof else None
    report = Report(Check(keys.claims, retired or 0, heads=known))
    trail = Trail(store)
    async for seal, rows in trail.sealed():
        report.add(report.check.seal(seal, rows))
    async for row in trail.rest():
        report.add(report.check.rest(row))
    report.add(report.check.end())
    return report


def export(file: Path, pins: PublicKeys | None, known: dict[int, str]) -> Report:
    """An export alone: nothing else is asked."""
    try:
        with file.open("rb") as read:
            return _Export(pins, known).read(iter(lambda: read.readline(LONGEST), b""), file)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None


class _Export:
    """The lines of one export, one after another."""

    def __init__(self, pins: PublicKeys | None, known: dict[int, str]) -> None:
        self._pins, self._known = pins, known
        self._seal: Seal | None = None  # whose rows are being read
        self._rows: list[Row] = []
        self._counts = {"rows": 0, "seals": 0}
        self._ended = False

    def read(self, lines: Iterator[bytes], file: Path) -> Report:
        digest = sha256()
        first = next(lines, b"")
        digest.update(first)
        self._keys, self._report = self._begun(first, file)
        for number, line in enumerate(lines, 2):
            if self._ended:
                self._say(f"line {number} stands behind the end")
                break
            try:
                [(kind, members)] = orjson.loads(line).items()
                if kind == "end":
                    self._end(members, digest.hexdigest())
                else:
                    self._take(kind, members)
            except (ValueError, TypeError, KeyError, AttributeError):
                self._say(f"line {number} cannot be read")
            digest.update(line)
        self._close()
        if not self._ended:
            self._say("the end of the file is missing")
        self._report.add(self._report.check.end())
        return self._report

    def _begun(self, line: bytes, file: Path) -> tuple[PublicKeys, Report]:
        try:
            header = orjson.loads(line)["mintmark_audit"]
            version, filters, proof = header["version"], header["filters"], header["retired"]
            keys = self._pins or PublicKeys(header["keys"])
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Refused(f"{file} is no audit export in JSON lines (a CSV one proves nothing)") from None
        if version != VERSION:
            raise Refused(f"{file} is of version {version}, which this Mintmark does not read")
        retired = audit_trail.retired_through(keys, proof) if isinstance(proof, str) else None
        report = Report(Check(keys.claims, retired or 0, is_part=bool(filters), heads=self._known))
        if proof is not None and retired is None:
            report.add(iter([Fault("its proof that rows were retired is forged")]))
        return keys, report

    def _take(self, kind: str, members: Members) -> None:
        if kind == "seal":
            seal = _seal(members)
            self._close()
            self._seal = seal
            self._counts["seals"] += 1
        elif kind == "row" and self._seal is not None:
            self._rows.append(_row(members))
            self._counts["rows"] += 1
        elif kind == "rest":
            self._close()
            self._report.add(self._report.check.rest(_row(members)))
            self._counts["rows"] += 1
        else:
            raise ValueError(kind)

    def _close(self) -> None:
        """The rows of a seal are there."""
        if self._seal is not None:
            self._report.add(self._report.check.seal(self._seal, self._rows))
        self._seal, self._rows = None, []

    def _end(self, members: Members, digest: str) -> None:
        """A file that is part of another, or put together of several, is not what somebody exported."""
        self._close()
        self._ended = True
        signature = members["signature"]
        claims = self._keys.claims(str(signature), audit_chain.EXPORTED)
        if claims is None:
            self._say("the end of the file is forged: none of the known keys has signed it")
        elif claims.get("digest") != digest or any(claims.get(name) != many for name, many in self._counts.items()):
            self._say("the file was changed since it was exported")

    def _say(self, what: str) -> None:
        self._report.add(iter([Fault(what)]))


def _seal(members: Members) -> Seal:
    number, sealed_at, rows, signature = (members[name] for name in ("number", "sealed_at", "rows", "signature"))
    if not (_is_whole(number) and _is_whole(sealed_at) and isinstance(rows, str) and 0 < number < 2**63):
        raise ValueError("no seal")
    if not isinstance(signature, str | None):
        raise ValueError("no signature")
    return Seal(number, sealed_at, rows, _octets(members["head"]), signature, _octets_or_none(members["previous"]))


def _row(members: Members) -> Row:
    chained = tuple(members[name] for name in audit_chain.CHAINED)
    if not all(value is None or isinstance(value, str) or _is_whole(value) for value in chained):
        raise ValueError("no row")
    seal, address, side = members["seal"], members.get("address"), members.get("side")
    if not (seal is None or _is_whole(seal)) or not isinstance(address, str | None):
        raise ValueError("no row")
    beside = None if side is None else Side(_text_or_none(side["address"]), _octets(side["salt"]))
    return Row(chained, _octets_or_none(members["personal"]), seal, address, beside)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text_or_none(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ValueError("no text")


def _octets(value: object) -> bytes:
    if isinstance(value, str):
        octets = bytes.fromhex(value)
        if octets.hex() == value:  # one way to write it
            return octets
    raise ValueError("no octets")


def _octets_or_none(value: object) -> bytes | None:
    return None if value is None else _octets(value)
