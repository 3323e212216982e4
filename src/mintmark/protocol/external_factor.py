"""An operator's own service that says whether somebody is who they say: how it is declared, asked and understood.

What is sent and what comes back are signed by Standard Webhooks 1.0 with one secret: an answer to another question, or
from somebody else, is no answer. Whatever cannot be understood means no.
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast

from mintmark import durations, nearest
from mintmark.protocol import webhook
from mintmark.protocol.person_record import RecordRefused
from mintmark.protocol.webhook import Key, WebhookRefused

Kind = Literal["knowledge", "possession", "inherence"]
Place = Literal["first", "second"]
InputKind = Literal["text", "code", "secret", "none"]

MEMBERS: Final = ("name", "url", "secret", "use", "proves", "timeout", "label")
USES: Final[tuple[Place, ...]] = ("first", "second")
KINDS: Final[tuple[Kind, ...]] = ("knowledge", "possession", "inherence")
INPUTS: Final[tuple[InputKind, ...]] = ("text", "code", "secret", "none")
MOST = 20  # of them
LONGEST_TIMEOUT = timedelta(seconds=5)  # somebody waits
LONGEST_LABEL = 200  # characters, of one language
LONGEST_INPUT = 1024
LONGEST_STATE = 1024
LONGEST_ANSWER = 16384  # bytes
MOST_ROUNDS = 5  # of questions and inputs in one proof
SKEW = timedelta(minutes=5)  # Standard Webhooks, "Verifying webhook authenticity"
TYPE = "external_factor"  # of what is sent; it is no event
DEFAULT = ""  # the language of a label for whoever reads none of the others

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class ExternalFactor:
    """As it is declared. It was checked."""

    name: str
    url: str
    use: tuple[Place, ...]  # where in a sign-in it may be asked
    proves: Kind
    timeout: timedelta
    label: Mapping[str, str]  # language: how it is offered; DEFAULT is always there
    secret: bytes = field(repr=False)

    def labelled(self, languages: Sequence[str]) -> str:
        """languages: as the person reads them, the best first."""
        for language in languages:
            if language in self.label:
                return self.label[language]
        return self.label[DEFAULT]


@dataclass(frozen=True, slots=True)
class Yes:
    """They are who they say."""


@dataclass(frozen=True, slots=True)
class No:
    """They are not, or nobody knows: why is for the operator."""

    why: str


@dataclass(frozen=True, slots=True)
class Ask:
    """The service wants to be shown this first."""

    label: Mapping[str, str]
    kind: InputKind  # none: nothing is typed, and the person says that they are ready
    state: str  # what the service wants to see again


Answered = Yes | No | Ask


@dataclass(frozen=True, slots=True)
class Question:
    """What the service is told."""

    factor: str
    username: str  # as it was typed, or the person's
    person_id: str | None  # None: nobody has that name
    request_id: str
    address: str
    user_agent: str
    round: int  # the first is 1
    given: str | None = field(repr=False)  # what was typed; None: nothing was asked for yet
    state: str = field(repr=False)  # of the answer before


def read(document: Mapping[str, object]) -> ExternalFactor:
    """A member that is null has its default. Raises RecordRefused."""
    for member in document:
        if member not in MEMBERS:
            raise RecordRefused(str(member), f"is no member of a factor{nearest.hint(str(member), MEMBERS)}")
    proves = document.get("proves") or "possession"
    if proves not in KINDS:
        raise RecordRefused("proves", f"must be {', '.join(KINDS)}")
    name = check_name(document.get("name"))
    return ExternalFactor(
        name=name,
        url=_url(document.get("url")),
        use=_use(document.get("use")),
        proves=proves,
        timeout=_timeout(document.get("timeout")),
        label=_label(document.get("label"), name),
        secret=_secret(document.get("secret")),
    )


def document(one: ExternalFactor) -> dict[str, object]:
    """What `read` understands again, without the secret."""
    label: object = one.label[DEFAULT] if len(one.label) == 1 else dict(one.label)
    return {
        "name": one.name,
        "url": one.url,
        "use": list(one.use),
        "proves": one.proves,
        "timeout": durations.shortest(one.timeout),
        "label": label,
    }


def stored(document: Mapping[str, object], secret: bytes) -> ExternalFactor:
    """Of a document that was checked when it was stored."""
    return read({**document, "secret": shown(secret)})


def shown(secret: bytes) -> str:
    """A secret as it is written in a file."""
    return webhook.secret(Key(secret))


def check_name(name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RecordRefused("name", "must be 1 to 64 lower-case letters, digits, dots, dashes and underscores")
    return name


def _url(url: object) -> str:
    if not isinstance(url, str):
        raise RecordRefused("url", "must be an https URL such as https://proofs.example.org/ring")
    try:
        return webhook.check_url(url)
    except WebhookRefused as refusal:
        raise RecordRefused("url", refusal.sentence) from None


def _use(value: object) -> tuple[Place, ...]:
    if value is None:
        return ("second",)
    if not isinstance(value, list) or not value or any(one not in USES for one in value):
        raise RecordRefused("use", 'must be a list of "first", "second", or both')
    return tuple(place for place in USES if place in value)


def _timeout(value: object) -> timedelta:
    if value is None:
        return LONGEST_TIMEOUT
    try:
        span = durations.parse(value)
    except ValueError as refusal:
        raise RecordRefused("timeout", str(refusal)) from None
    if span > LONGEST_TIMEOUT:
        raise RecordRefused("timeout", f"must be {durations.shortest(LONGEST_TIMEOUT)} at most: somebody waits")
    return span


def _label(value: object, name: str) -> dict[str, str]:
    found = {DEFAULT: name} if value is None else _in_languages(value)
    if not found:
        raise RecordRefused("label", "must be a text of one line, or an object of such texts by language")
    return {DEFAULT: next(iter(found.values()), name), **found}


def _in_languages(value: object) -> dict[str, str] | None:
    """A text, or texts by language; None: neither."""
    texts = {DEFAULT: value} if isinstance(value, str) else value
    if not isinstance(texts, Mapping) or len(texts) > MOST:
        return None
    for language, text in texts.items():
        if language != DEFAULT and not (isinstance(language, str) and _LANGUAGE.fullmatch(language)):
            return None
        if not isinstance(text, str) or not 0 < len(text) <= LONGEST_LABEL or not text.isprintable():
            return None
    return dict(texts)


def _secret(value: object) -> bytes:
    wrong = RecordRefused("secret", "must be whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)")
    if not isinstance(value, str) or not value.startswith(webhook.PREFIX):
        raise wrong
    try:
        found = base64.b64decode(value.removeprefix(webhook.PREFIX), validate=True)
    except (ValueError, binascii.Error):
        raise wrong from None
    if not 24 <= len(found) <= 64:
        raise wrong
    return found


def body(question: Question, now: datetime) -> str:
    """What is sent. Whoever is not known here has no id."""
    fields: dict[str, Any] = {
        "factor": question.factor,
        "user": {"id": question.person_id, "username": question.username},
        "request_id": question.request_id,
        "address": question.address,
        "user_agent": question.user_agent,
        "round": question.round,
        "input": question.given,
        "state": question.state,
    }
    return webhook.written(TYPE, now, fields)


def headers(one: ExternalFactor, id: str, now: datetime, body: str) -> list[tuple[str, str]]:
    return [("content-type", "application/json"), *webhook.headers([Key(one.secret)], id, now, body)]


def answered(
    one: ExternalFactor, id: str, now: datetime, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes
) -> Answered:
    """What came back for the question of that id. Only what is signed for this question counts, and only 200."""
    if 300 <= status < 400:
        return No(f"it answered {status}, a redirect, which is not followed")
    if status != 200:
        return No(f"it answered {status}")
    if (wrong := _unsigned(one, id, now, headers, body)) is not None:
        return No(wrong)
    try:
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return No("its answer is no JSON")
    return _understood(found)


def _unsigned(
    one: ExternalFactor, id: str, now: datetime, headers: Sequence[tuple[bytes, bytes]], body: bytes
) -> str | None:
    """What is wrong with the signature; None: nothing."""
    got = {name.lower(): value for name, value in headers}
    if not hmac.compare_digest(got.get(b"webhook-id", b""), id.encode()):
        return "its answer is for another question: webhook-id must be the one that was asked with"
    stamp = got.get(b"webhook-timestamp", b"")
    if not re.fullmatch(rb"[0-9]{1,12}", stamp) or abs(int(stamp) - now.timestamp()) > SKEW.total_seconds():
        return "webhook-timestamp of its answer is not now, in seconds"
    signed = b".".join((id.encode(), stamp, body))
    right = b"v1," + base64.b64encode(hmac.digest(one.secret, signed, "sha256"))
    given = got.get(b"webhook-signature", b"").split(b" ")
    if not any(hmac.compare_digest(right, signature) for signature in given):
        return "webhook-signature of its answer is not right"
    return None


def _understood(found: object) -> Answered:
    if not isinstance(found, dict):
        return No("its answer is no object")
    match found.get("answer"):
        case "yes":
            return Yes()
        case "no":
            return No("it said no")
        case "ask":
            return _asked(found)
    return No('its answer must be "yes", "no" or "ask"')


def _asked(found: Mapping[str, Any]) -> Answered:
    wanted, state = found.get("input"), found.get("state", "")
    if not isinstance(wanted, dict) or wanted.get("kind", "text") not in INPUTS:
        return No(f"what it asks for must be an object with a kind of {', '.join(INPUTS)}")
    label = _in_languages(wanted.get("label"))
    if not label:
        return No("what it asks for must have a label of one line, or labels by language")
    if not isinstance(state, str) or len(state) > LONGEST_STATE:
        return No(f"its state must be text of {LONGEST_STATE} characters at most")
    return Ask({DEFAULT: next(iter(label.values())), **label}, cast("InputKind", wanted.get("kind", "text")), state)
