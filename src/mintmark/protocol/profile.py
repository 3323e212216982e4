"""What a person may change of themselves, where the operator lets them (OIDC Core §5.1)."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from mintmark.protocol import person_record
from mintmark.protocol.person_record import PersonRecord, RecordRefused


def changed(before: PersonRecord, wanted: Mapping[str, str], may: Collection[str]) -> tuple[PersonRecord, list[str]]:
    """The person as they are then, and the names of what changed. wanted: text by claim; empty: not known any more.

    A claim that is not in `may` stays as it is, whatever is wanted. Raises RecordRefused, whose path is the claim.
    """
    standard = dict(before.standard)
    names = []
    for name in wanted:
        if name not in may:
            continue
        value = _read(name, wanted[name].strip())
        if value == standard.get(name):
            continue
        names.append(name)
        standard.pop(name, None)
        if value is not None:
            standard[name] = value
    if "phone_number" in names:
        standard.pop("phone_number_verified", None)  # that was said of another number
    return replace(before, standard=standard), names


def _read(name: str, text: str) -> object:
    if not text:
        return None
    try:
        return person_record.MEMBERS[name](name, text)
    except RecordRefused as refusal:
        raise RecordRefused(name, refusal.message) from None
