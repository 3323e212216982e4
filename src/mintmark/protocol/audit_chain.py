"""The audit trail as a chain: what a row, its personal fields and a seal come to, and what is wrong with one.

A seal lists the digests of the rows it chains, and its head is the digest of the head before it, of its number and of
that list; the head is signed. Personal fields are chained by a salted digest only, so that they can be deleted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from typing import Any

import orjson

from mintmark.protocol import hmac_sha256, ids

# What of a row is chained, in this order, before the digest of its personal fields.
CHAINED = (
    "id", "at", "event", "outcome", "request_id", "client_id", "person_id", "session_id", "authorization_id", "actor",
    "count", "detail",
)  # fmt: skip
FIRST = bytes(32)  # the head before the first seal
SALT = 16  # bytes
SEAL, RETIRED, EXPORTED = "audit-seal+jws", "audit-retired+jws", "audit-export+jws"  # `typ` of what is signed
LATE = 600_000  # ms between a row's own time and its seal, from which on it is worth a word

Value = str | int | None
Claims = Mapping[str, Any]  # Any: JSON


def row_digest(chained: Sequence[Value], personal: str | None) -> str:
    """Of the columns of CHAINED, and the digest of the personal fields; both digests in hexadecimal."""
    return sha256(orjson.dumps([*chained, personal])).hexdigest()


def personal_digest(salt: bytes, address: str | None) -> bytes:
    """HMAC-SHA-256 under the salt. What else is personal becomes a further member; what is not there is left out."""
    return hmac_sha256.digest(salt, orjson.dumps({"address": address} if address is not None else {}))


def listed(rows: Sequence[tuple[str, str]]) -> str:
    """The list of a seal, from ids and digests."""
    return orjson.dumps(rows).decode()


def read_list(rows: str) -> list[tuple[str, str]] | None:
    """Ids and digests out of the list of a seal; None: it is none."""
    try:
        found = [(id, digest) for id, digest in orjson.loads(rows)]
    except (ValueError, TypeError):
        return None
    return found if all(isinstance(part, str) for pair in found for part in pair) else None


def head_of(previous: bytes, number: int, rows: str) -> bytes:
    return sha256(previous + number.to_bytes(8, "big") + rows.encode()).digest()


def owner(actor: str | None, person_id: str | None) -> str | None:
    """Whose personal fields they are: the address is that of whoever acted."""
    return person_id if actor is None else actor


@dataclass(frozen=True, slots=True)
class Side:
    """The personal fields of a row, as they stand beside it."""

    address: str | None
    salt: bytes


@dataclass(frozen=True, slots=True)
class Row:
    chained: Sequence[Value]
    personal: bytes | None  # None: it never had personal fields
    seal: int | None  # None: not sealed yet
    address: str | None  # in the row itself only until it is sealed
    side: Side | None  # None: it has none, or they were erased

    @property
    def id(self) -> str:
        return str(self.chained[0])

    @property
    def at(self) -> Value:
        return self.chained[1]

    @property
    def event(self) -> Value:
        return self.chained[2]


@dataclass(frozen=True, slots=True)
class Seal:
    number: int
    sealed_at: int  # ms
    rows: str
    head: bytes
    signature: str | None
    previous: bytes | None = None  # the head before it, as somebody said it; None: nobody did

    def claims(self) -> Claims:
        """What its signature is over."""
        return {"number": self.number, "head": self.head.hex(), "sealed_at": self.sealed_at}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, with the row or the seal that it is about."""

    what: str
    seal: int | None = None
    row: str | None = None
    at: int | None = None  # ms
    event: str | None = None


@dataclass(slots=True)
class Check:
    """Takes seals and rows in their order, and tells what is wrong with each.

    signed: the claims of a signature that a known key made as `typ`; None where it is none.
    """

    signed: Callable[[str, str], Claims | None]
    retired: int = 0  # rows up to this seal may be gone
    is_part: bool = False  # rows may be missing everywhere, and seals
    number: int = 0
    head: bytes | None = FIRST  # None: not known
    seals: int = 0
    rows: int = 0
    erased: int = 0  # rows whose personal fields are gone
    gone: int = 0  # rows that were retired
    late: int = 0  # rows sealed long after their own time
    unsealed: int = 0
    sealed_at: int | None = None  # of the last seal
    heads: dict[int, str] = field(default_factory=dict)  # that are known from elsewhere

    def seal(self, seal: Seal, rows: Sequence[Row]) -> Iterator[Fault]:
        """rows: what is marked with its number, or listed in it, in the order found."""
        yield from self._place(seal)
        yield from self._signature(seal)
        expected = read_list(seal.rows)
        if expected is None:
            yield Fault("the list of its rows cannot be read", seal.number)
            return
        yield from self._ascending(seal.number, expected)
        yield from self._rows(seal, expected, rows)

    def rest(self, row: Row) -> Iterator[Fault]:
        """A row that no seal lists: it waits to be sealed, or has no business there."""
        if row.seal is not None:
            yield _of(
                row, f"it was inserted: seal {row.seal}, with whose number it is marked, is missing or does not list it"
            )
        elif row.personal is not None or row.side is not None:
            yield _of(row, "it was changed: it is not sealed, but its personal fields are")
        else:
            self.unsealed += 1

    def end(self) -> Iterator[Fault]:
        """After the last: what is known from elsewhere, and did not come by."""
        for number in sorted(self.heads):
            yield Fault("it is missing, and its head is known", number)

    def _place(self, seal: Seal) -> Iterator[Fault]:
        expected = self.number + 1
        follows = seal.number == expected
        if seal.number < expected:
            yield Fault(f"it stands after seal {self.number}: it was inserted or reordered", seal.number)
        elif not follows and not self.is_part:
            for number in range(expected, min(seal.number, expected + 20)):
                yield Fault("it is missing", number)
        previous = self.head if follows else seal.previous
        is_whole = previous is None or head_of(previous, seal.number, seal.rows) == seal.head
        if not is_whole:
            yield Fault("it was changed: the seal before it, its number and its list do not make its head", seal.number)
        if self.heads.pop(seal.number, seal.head.hex()) != seal.head.hex():
            yield Fault("it is another one than that whose head is known", seal.number)
        self.number, self.sealed_at = seal.number, seal.sealed_at
        self.head = seal.head if is_whole else None  # the next one shall not be blamed for this
        self.seals += 1

    def _signature(self, seal: Seal) -> Iterator[Fault]:
        claims = None if seal.signature is None else self.signed(seal.signature, SEAL)
        if claims is None:
            yield Fault("it is forged: none of the known keys has signed it", seal.number)
        elif claims != seal.claims():
            yield Fault("it is forged: its signature is over something else", seal.number)

    def _ascending(self, number: int, expected: Sequence[tuple[str, str]]) -> Iterator[Fault]:
        for (before, _), (id, _) in pairwise(expected):
            if id <= before:
                yield Fault(f"it was reordered in the list of its seal: it stands behind {before}", number, id, _at(id))

    def _rows(self, seal: Seal, expected: Sequence[tuple[str, str]], rows: Sequence[Row]) -> Iterator[Fault]:
        places = {id: place for place, (id, _) in enumerate(expected)}
        found: dict[str, Row] = {}
        highest = -1
        for row in rows:
            place = places.get(row.id)
            if place is None or row.id in found:
                why = "its seal does not list it" if place is None else "it stands there twice"
                yield _of(row, f"it was inserted: {why}", seal.number)
                continue
            if place < highest:
                yield _of(row, "it was reordered: it stands behind one that came later", seal.number)
            highest = max(highest, place)
            found[row.id] = row
        for id, digest in expected:
            if id in found:
                yield from self._row(seal, digest, found[id])
            elif seal.number <= self.retired:
                self.gone += 1
            elif not self.is_part:
                yield Fault("it was deleted", seal.number, id, _at(id))

    def _row(self, seal: Seal, digest: str, row: Row) -> Iterator[Fault]:
        self.rows += 1
        self.late += isinstance(row.at, int) and seal.sealed_at - row.at > LATE
        if row_digest(row.chained, None if row.personal is None else row.personal.hex()) != digest:
            yield _of(row, "it was changed", seal.number)
        elif row.seal != seal.number:
            yield _of(row, f"it was moved: it is marked with {_number(row.seal)}", seal.number)
        elif row.address is not None:
            yield _of(row, "it was changed: an address was written into it", seal.number)
        elif row.side is None:
            self.erased += row.personal is not None
        elif row.personal != personal_digest(row.side.salt, row.side.address):
            yield _of(row, "its personal fields were changed", seal.number)


def _of(row: Row, what: str, seal: int | None = None) -> Fault:
    at = row.at if isinstance(row.at, int) else None
    return Fault(what, row.seal if seal is None else seal, row.id, at, None if row.event is None else str(row.event))


def _number(seal: int | None) -> str:
    return "no seal" if seal is None else f"seal {seal}"


def _at(id: str) -> int | None:
    try:
        return ids.issued_at_ms(id)
    except ValueError:
        return None
