"""A person as an operator writes them down: standard claims by type, and claims of their own (OIDC Core §5.1)."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from mintmark import nearest
from mintmark.protocol import claims
from mintmark.protocol.authorization import Holder
from mintmark.protocol.names import normalise_username

LONGEST_TEXT = 1000  # characters
LONGEST_NAME = 255
LONGEST_EMAIL = 254  # RFC 5321 §4.5.3.1.3
MOST_GROUPS = 1000
LONGEST_CLAIMS = 16_384  # characters of a person's own claims together

_CONTROL = re.compile(r"[\0-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufffe\uffff]")
_NOT_IN_LINES = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_HIDDEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # two names that look like one
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+")
_BIRTHDATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?")
_LOCALE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")  # BCP 47, and the underscore that is still seen
_ZONE = re.compile(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*")


class RecordRefused(ValueError):
    """`path` is the member, such as `address.country`; `message` goes on behind it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path} {message}" if path else message)
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class PersonRecord:
    username: str
    email: str | None = None
    email_verified: bool = False
    groups: tuple[str, ...] = ()
    standard: Mapping[str, object] = field(default_factory=dict)  # the claims that have no field of their own here
    custom: Mapping[str, object] = field(default_factory=dict)

    @property
    def username_key(self) -> str:
        return normalise_username(self.username)

    @property
    def email_key(self) -> str | None:
        """None: it does not sign in."""
        return normalise_username(self.email) if self.email is not None and self.email_verified else None

    def document(self) -> dict[str, object]:
        """What `read` understands again; what is not known is left out."""
        found: dict[str, object] = {"username": self.username, **self.standard}
        if self.email is not None:
            found |= {"email": self.email, "email_verified": self.email_verified}
        if self.groups:
            found["groups"] = list(self.groups)
        if self.custom:
            found["claims"] = dict(self.custom)
        return found


def of(holder: Holder) -> PersonRecord:
    """What is stored of a person."""
    return PersonRecord(
        username=holder.username,
        email=holder.email,
        email_verified=holder.email_verified,
        groups=holder.groups,
        standard=json.loads(holder.claims),
        custom=json.loads(holder.custom_claims),
    )


def written(members: Mapping[str, object]) -> str:
    """As claims are stored: in order of name, so that equal ones are equal text."""
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read(document: Mapping[str, object]) -> PersonRecord:
    """A member that is null is not known. Raises RecordRefused."""
    values = {name: _member(name, value) for name, value in document.items() if _is_stated(name, value)}
    if "username" not in values:
        raise RecordRefused("username", "is missing")
    found = PersonRecord(
        username=str(values.pop("username")),
        email=_optional(values.pop("email", None)),
        email_verified=values.pop("email_verified", False) is True,
        groups=tuple(_strings(values.pop("groups", ()))),
        custom=_mapping(values.pop("claims", {})),
        standard=values,
    )
    _check_email(found)
    return found


def _check_email(found: PersonRecord) -> None:
    if found.email is None and found.email_verified:
        raise RecordRefused("email_verified", "needs an email")
    # A name that is somebody else's address would sign in, and be written to, in their stead (CVE-2021-3754).
    if "@" in found.username_key and (found.email is None or normalise_username(found.email) != found.username_key):
        raise RecordRefused("username", "looks like an e-mail address; it may be the person's own one only")


def _is_stated(name: object, value: object) -> bool:
    if name not in MEMBERS:
        raise RecordRefused(str(name), f"is no member of a person{nearest.hint(str(name), MEMBERS)}")
    return value is not None


def _member(name: str, value: object) -> object:
    return MEMBERS[name](name, value)


def _optional(value: object) -> str | None:
    return None if value is None else str(value)


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


# ── the forms


def _text(path: str, value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or _CONTROL.search(value):
        raise RecordRefused(path, f"must be text of 1 to {LONGEST_TEXT} characters, none of them a control character")
    return value


def _flag(path: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise RecordRefused(path, "must be true or false")
    return value


def _username(path: str, value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not normalise_username(value):
        raise RecordRefused(path, f"must be text of 1 to {LONGEST_NAME} characters")
    for form in (value, normalise_username(value)):
        if _CONTROL.search(form) or _HIDDEN.search(form):
            raise RecordRefused(path, "holds a control character, or one that nobody sees")
    return value


def _email(path: str, value: object) -> str:
    address = _text(path, value)
    # "=?" begins an encoded word (RFC 2047 §2), as which mail programs read something else.
    if len(address) > LONGEST_EMAIL or not _EMAIL.fullmatch(address) or _HIDDEN.search(address) or "=?" in address:
        raise RecordRefused(path, "must be an e-mail address such as alice@example.org")
    return address


def _matching(form: re.Pattern[str], such_as: str) -> "Reader":
    def read(path: str, value: object) -> str:
        found = _text(path, value)
        if not form.fullmatch(found):
            raise RecordRefused(path, f"must be such as {such_as}")
        return found

    return read


def _page(path: str, value: object) -> str:
    url = _text(path, value)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RecordRefused(path, "is no URL") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or " " in url:
        raise RecordRefused(path, "must be an http or https address")
    return url


def _address(path: str, value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise RecordRefused(path, f"must be an object of {', '.join(claims.ADDRESS)} (OIDC Core §5.1.1)")
    return {name: _address_line(path, str(name), line) for name, line in value.items() if line is not None}


def _address_line(path: str, name: str, line: object) -> str:
    if name not in claims.ADDRESS:
        raise RecordRefused(f"{path}.{name}", f"is no member of an address{nearest.hint(name, claims.ADDRESS)}")
    if not isinstance(line, str) or len(line) > LONGEST_TEXT or _NOT_IN_LINES.search(line):
        raise RecordRefused(f"{path}.{name}", f"must be text of at most {LONGEST_TEXT} characters")
    return line


def check_group(name: str) -> str:
    """A group has no row of its own: it is there once somebody names it."""
    return _text("", name)


def _groups(path: str, value: object) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) > MOST_GROUPS:
        raise RecordRefused(path, f"must be a list of at most {MOST_GROUPS} names")
    return list(dict.fromkeys(_text(f"{path}[{number}]", name) for number, name in enumerate(value)))


def _custom(path: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise RecordRefused(path, "must be an object")
    for name in value:
        _text(f"{path}.{name}", name)
        if name in claims.OWNED:
            raise RecordRefused(f"{path}.{name}", "is a name that the protocols own; choose another")
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > LONGEST_CLAIMS or re.search("[\ud800-\udfff]", text):
        raise RecordRefused(path, f"must be text of at most {LONGEST_CLAIMS} characters together")
    return {name: member for name, member in value.items() if member is not None}


def _not_yours(path: str, value: object) -> object:
    raise RecordRefused(path, "is kept by the server itself")


Reader = Callable[[str, object], object]  # path, value; raises RecordRefused

_FORMS: Mapping[str, Reader] = MappingProxyType(
    {
        "profile": _page,
        "picture": _page,
        "website": _page,
        "birthdate": _matching(_BIRTHDATE, "1990-12-31, 0000-12-31 without the year, or 1990"),
        "zoneinfo": _matching(_ZONE, "Europe/Berlin"),
        "locale": _matching(_LOCALE, "de-DE"),
        "email": _email,
        "email_verified": _flag,
        "phone_number_verified": _flag,
        "address": _address,
        "groups": _groups,
        "updated_at": _not_yours,
    }
)
MEMBERS: Mapping[str, Reader] = MappingProxyType(
    {"username": _username, **{name: _FORMS.get(name, _text) for name in claims.STANDARD}, "claims": _custom}
)
