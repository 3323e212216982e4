"""What changes, member by member, as it is shown to a person and as JSON. A secret is named and never shown."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

HIDDEN = "***"
MERGED = ("policy", "address", "claims")  # objects whose members are told apart; any other value is one value


Change = Literal["create", "update", "delete"]
Kind = Literal["resource", "client", "user", "policy", "group", "claim_rule", "factor"]


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    before: object  # None: not stated
    after: object

    @property
    def text(self) -> str:
        if self.before is None:
            return f"{self.name}: {_text(self.after)}"
        return f"{self.name}: {_text(self.before)} -> {_text(self.after)}"


@dataclass(frozen=True, slots=True)
class Difference:
    kind: Kind
    name: str
    change: Change
    members: tuple[Member, ...] = ()

    @property
    def names(self) -> str:
        return " ".join(member.name for member in self.members)

    def document(self) -> dict[str, object]:
        listed = [{"member": one.name, "before": one.before, "after": one.after} for one in self.members]
        return {"kind": self.kind, "name": self.name, "change": self.change, "members": listed}

    def lines(self) -> Iterator[str]:
        """`+` what is made, `~` what is changed, `-` what goes."""
        yield f"{_SIGNS[self.change]} {self.kind} {self.name}".rstrip()
        for one in self.members:
            yield f"  {one.text}"


def merged(before: Mapping[str, object], stated: Mapping[str, object]) -> dict[str, object]:
    """An absent member is left alone; null stands for the default, and whoever reads the whole knows it."""
    whole = {**before, **stated}
    for name in MERGED:
        old, new = before.get(name), stated.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            whole[name] = {**old, **new}
    return whole


def members(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Member, ...]:
    """Those that differ, in the order in which they are written."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return tuple(
        Member(name, old.get(name), new.get(name))
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    )


def secret(name: str, *, before: bool, after: bool) -> Member:
    return Member(name, HIDDEN if before else None, HIDDEN if after else None)


def _flat(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        if name in MERGED and isinstance(value, Mapping):
            yield from ((f"{name}.{member}", inner) for member, inner in value.items())
        elif value not in (None, "", [], {}):
            yield name, value


def _text(value: object) -> str:
    return "(default)" if value is None else json.dumps(value, ensure_ascii=False)


def items(differences: Iterable[Difference]) -> list[dict[str, object]]:
    return [one.document() for one in differences]


_SIGNS: Mapping[str, str] = {"create": "+", "update": "~", "delete": "-"}
