"""How each kind of setting is written, and the words for it when it is written wrong. No message shows a value."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr

import mintmark.settings.smtp as smtp
from mintmark import colours, durations, networks
from mintmark.networks import Network
from mintmark.settings.issuer import check as check_issuer

_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Kind:
    """What the settings page calls the type."""

    words: str


@dataclass(frozen=True, slots=True)
class Throttle:
    """So many tries, then a wait."""

    count: int
    per: timedelta | None = None  # None: no span of its own; the door that counts says when they are forgotten

    def __str__(self) -> str:
        return f"{self.count}/{durations.shortest(self.per)}" if self.per else str(self.count)


def _span(value: object) -> timedelta:
    return value if isinstance(value, timedelta) else durations.parse(value)


def _span_or_none(value: object) -> timedelta | None:
    return None if value is None else _span(value)


def _span_or_off(value: object) -> timedelta | None:
    return None if value is None or value is False or value == "off" else _span(value)


def _throttle(value: object) -> Throttle | None:
    if value is None or isinstance(value, Throttle):
        return value
    if value is False or value == "off":  # TOML's false
        return None
    count, slash, per = str(value).partition("/")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", count):
        raise ValueError("must be a number, a number per duration such as 300/1m, or off")
    return Throttle(int(count), durations.parse(per) if slash else None)


def _whole(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError("must be a whole number")


def _switch(value: object) -> bool:
    word = str(value).lower()
    if word not in ("on", "true", "yes", "1", "off", "false", "no", "0"):
        raise ValueError("must be on or off")
    return word in ("on", "true", "yes", "1")


def listed(value: object) -> object:
    """A variable separates the parts by commas; a file has a list, or does as a variable."""
    if not isinstance(value, str):
        return value
    return tuple(part for part in (part.strip() for part in value.split(",")) if part)


def _networks(value: object) -> tuple[Network, ...]:
    parts = listed(value)
    if not isinstance(parts, list | tuple):
        raise ValueError("must be networks such as 10.0.0.0/8, separated by commas")
    return tuple(part if isinstance(part, Network) else networks.read(part) for part in parts)


def _sealing_keys(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not keys:
        raise ValueError("must be at least one key of 32 bytes in base64url (43 characters)")
    for number, key in enumerate(keys, start=1):
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", key.get_secret_value()):
            raise ValueError(f"must be 32 bytes each in base64url (43 characters); key {number} of {len(keys)} is not")
    if len({sealing_key(key) for key in keys}) < len(keys):
        raise ValueError("must not name the same key twice")
    return keys


def sealing_key(written: SecretStr) -> bytes:
    """Its 32 bytes."""
    return base64.urlsafe_b64decode(written.get_secret_value()[:43] + "=")


def _page_url(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"https?://[^\s/?#@]+([/?#]\S*)?", text):
        raise ValueError("must be the address of a web page, such as https://example.org/privacy")
    return text


def _colour(text: str | None) -> str | None:
    return None if text is None else colours.read(text)


def _range_url(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"https?://[^\s?#@]+/", text):
        raise ValueError("must be a URL that ends with /, such as https://passwords.example/range/")
    return text


def _policy(value: object) -> Mapping[str, object] | None:
    return _object(value, 'of policy members, such as {"require_pkce": true}')


def _levels(value: object) -> Mapping[str, object] | None:
    return _object(value, 'of levels, such as {"urn:example:gold": {"kinds": 2, "fresh": "5m"}}')


def _object(value: object, what: str) -> Mapping[str, object] | None:
    """A variable holds JSON, a file a table. What its members mean is not known here."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = ()
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"must be a JSON object {what}")
    return value


def _database_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if re.match(r"(postgres|postgresql\+\w*|sqlite\+\w*)://", text):
        raise ValueError("must begin with sqlite:/// or postgresql://, without the name of a driver")
    is_file = re.fullmatch(r"sqlite:///[^?#]*[^?#/]", text) is not None and ":memory:" not in text
    # PostgreSQL's hosts may be several, or none (a socket).
    if not is_file and not re.fullmatch(r"postgresql://[^\s/?#]*/[^\s/?#]+(\?\S*)?", text):
        raise ValueError(
            "must be sqlite:///relative/file, sqlite:////absolute/file or postgresql://user:password@host/name"
        )
    return url


def _smtp_url(url: SecretStr | None) -> SecretStr | None:
    if url is not None:
        smtp.read(url.get_secret_value())
    return url


def _mail_address(text: str | None) -> str | None:
    if text is not None and not (len(text) <= 254 and re.fullmatch(r"[^\s@<>()\[\],;:\\\"]+@[A-Za-z0-9.-]+", text)):
        raise ValueError("must be an e-mail address such as no-reply@example.org")
    return text


def _line(text: str | None) -> str | None:
    if text is not None and (not 0 < len(text) <= 80 or not text.isprintable()):
        raise ValueError("must be 1 to 80 characters on one line")
    return text


def _token(token: SecretStr | None) -> SecretStr | None:
    if token is not None and not re.fullmatch(r"[A-Za-z0-9._~+/=-]{16,}", token.get_secret_value()):
        raise ValueError("must be at least 16 characters, each a letter, a digit or one of . _ ~ + / = -")
    return token


def without_password(url: str) -> str:
    """As it may be shown. Where an unescaped password makes the end of it doubtful, more is hidden rather than less."""
    hidden = re.sub(r"(://[^:@/]*):.*@", r"\1:***@", url)
    return re.sub(r"(?i)([?&][a-z_]*(?:pass|secret|key)[a-z_]*=)[^&]*", r"\1***", hidden)


def shown(value: object) -> object:
    """A setting as it may be printed, in the form it is written in."""
    match value:
        case SecretStr():
            text = value.get_secret_value()
            return without_password(text) if "://" in text else _HIDDEN
        case tuple():
            return [_HIDDEN if isinstance(one, SecretStr) else str(one) for one in value]
        case timedelta():
            return durations.shortest(value)
        case Throttle() | Path():
            return str(value)
    return value


Duration = Annotated[timedelta, BeforeValidator(_span), Kind("duration")]
DurationOrNone = Annotated[timedelta | None, BeforeValidator(_span_or_none), Kind("duration")]
DurationOrOff = Annotated[timedelta | None, BeforeValidator(_span_or_off), Kind("duration or `off`")]
PolicyText = Annotated[Mapping[str, object] | None, BeforeValidator(_policy), Kind("JSON")]
LevelsText = Annotated[Mapping[str, object] | None, BeforeValidator(_levels), Kind("JSON")]
ThrottleOrOff = Annotated[Throttle | None, BeforeValidator(_throttle), Kind("throttle")]
Whole = Annotated[int, BeforeValidator(_whole), Kind("whole number")]
WholeOrNone = Annotated[int | None, BeforeValidator(_whole), Kind("whole number")]
Switch = Annotated[bool, BeforeValidator(_switch), Kind("`on` or `off`")]
Text = Annotated[str, Kind("text")]
Issuer = Annotated[str, AfterValidator(check_issuer), Kind("URL")]
Colour = Annotated[str | None, AfterValidator(_colour), Kind("colour")]
PageUrl = Annotated[str | None, AfterValidator(_page_url), Kind("URL")]
RangeUrl = Annotated[str | None, AfterValidator(_range_url), Kind("URL")]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url), Kind("URL")]
SmtpUrl = Annotated[SecretStr | None, AfterValidator(_smtp_url), Kind("URL")]
MailAddress = Annotated[str | None, AfterValidator(_mail_address), Kind("e-mail address")]
LineOrNone = Annotated[str | None, AfterValidator(_line), Kind("text")]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks), Kind("networks, separated by commas")]
SealingKeys = Annotated[
    tuple[SecretStr, ...], BeforeValidator(listed), AfterValidator(_sealing_keys), Kind("keys, separated by commas")
]
Token = Annotated[SecretStr | None, AfterValidator(_token), Kind("text")]
File = Annotated[Path | None, Kind("path")]
