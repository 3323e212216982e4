"""The settings themselves.

Plain pydantic, which FastAPI loads anyway: pydantic-settings would lengthen every start, and know neither our durations
nor the variables that mean nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

import mintmark.settings.faults as faults
import mintmark.settings.forms as forms
import mintmark.settings.smtp as smtp
import mintmark.settings.sources as sources
from mintmark import durations
from mintmark.settings.accounts import Accounts
from mintmark.settings.branding import Branding
from mintmark.settings.forms import (
    DatabaseUrl,
    Duration,
    DurationOrNone,
    DurationOrOff,
    File,
    Issuer,
    Kind,
    Networks,
    PageUrl,
    PolicyText,
    SealingKeys,
    SmtpUrl,
    Switch,
    Text,
    Throttle,
    ThrottleOrOff,
    Token,
    Whole,
)
from mintmark.settings.issuer import cookie_name, is_loopback
from mintmark.settings.mails import Mails
from mintmark.settings.passkeys import Passkeys
from mintmark.settings.passwords import Passwords
from mintmark.settings.signing_in import SigningIn
from mintmark.settings.signing_up import SigningUp

CLOCK_MARGIN = timedelta(seconds=10)  # how far clocks and cached answers may be late beyond what they promise
DEFAULT_FILE = Path("mintmark.toml")

_LEAST_WORK = 19456 * 2  # KiB times passes (OWASP Password Storage Cheat Sheet, argon2id)
_MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


class Settings(Branding, Passwords, SigningIn, Passkeys, Mails, Accounts, SigningUp):
    """What the operator decides. Made by `load`; every value has been checked, alone and beside the others."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: Issuer = Field(
        description="The server's own URL, from which every other is built; only loopback may be http."
    )
    sealing_keys: SealingKeys = Field(
        default=(),
        description="32 bytes each in base64url: they seal what must be read back; the first seals, all of them open.",
    )
    database_url: DatabaseUrl = Field(
        default=SecretStr("sqlite:///var/mintmark.db"),
        description="`sqlite:///relative`, `sqlite:////absolute` or `postgresql://user:password@host/name`.",
    )
    host: Text = Field(default="127.0.0.1", min_length=1, description="The address that the server listens on.")
    port: Whole = Field(default=8000, ge=1, le=65535, description="The port that the server listens on.")
    workers: Whole = Field(default=1, ge=1, le=256, description="Server processes; SQLite allows one.")
    trusted_proxies: Networks = Field(
        default=(), description="Proxies that are believed when they forward a caller's address and scheme."
    )
    tls_certificate: File = Field(
        default=None, description="PEM file with the certificate chain, to serve https itself."
    )
    tls_key: File = Field(default=None, description="PEM file with the certificate's private key.")
    log_format: Annotated[Literal["console", "json"], Kind("`console` or `json`")] = Field(
        default="console", description="How a log line is written: for people or for machines."
    )
    metrics_token: Token = Field(
        default=None,
        description="Whoever sends it as a bearer token may read `/metrics` from anywhere; unset: this machine alone.",
    )
    shutdown_delay: DurationOrNone = Field(
        default=None,
        description="How long it goes on serving after SIGTERM while `/health/ready` says 503, so that load balancers "
        "turn away; unset: no time.",
    )
    allow_unsigned_id_tokens: Switch = Field(
        default=False, description="A client may register `none` as its `id_token_signed_response_alg`."
    )
    audit_every_token: Switch = Field(
        default=False, description="Issuing an access token waits until its audit record is durable."
    )
    refusals_kept: Duration = Field(
        default=timedelta(days=7), description="How long operators can ask why a request was refused."
    )
    refusals_most: Whole = Field(
        default=100_000, ge=1000, le=1_000_000, description="How many refusals are kept at most, the newest."
    )
    audit_retention: DurationOrNone = Field(
        default=None, description="How long rows of the audit trail are kept; unset: for ever. Their seals stay."
    )
    smtp_url: SmtpUrl = Field(
        default=None,
        description="The mail server, `smtp://user:password@host:587` or `smtps://…`; unset: no mail is sent.",
    )
    operator_name: Text = Field(
        default="Mintmark",
        min_length=1,
        max_length=80,
        description="Who runs this server, as people read it on its pages.",
    )
    privacy_url: PageUrl = Field(default=None, description="The operator's privacy policy, linked from the pages.")
    terms_url: PageUrl = Field(default=None, description="The operator's terms of service, linked from the pages.")
    documentation_url: PageUrl = Field(
        default=None, description="What developers of clients should read, named in the metadata."
    )
    refresh_grace: Duration = Field(
        default=timedelta(seconds=30),
        description="How long a used refresh token, sent again, gets the same heir again.",
    )
    request_lifetime: Duration = Field(
        default=timedelta(minutes=30), description="How long an authorization request waits for the person."
    )
    session_cookie_samesite: Annotated[Literal["lax", "none"], Kind("`lax` or `none`")] = Field(
        default="lax", description="SameSite of the session cookie; `none` is for renewal in an iframe and needs https."
    )
    body_limit: Whole = Field(
        default=65536,
        ge=1024,
        le=16777216,
        description="The longest request body, in bytes; a longer one is answered 413.",
    )
    key_rotation: Duration = Field(default=timedelta(days=90), description="How often a new signing key takes over.")
    key_announce: Duration = Field(
        default=timedelta(days=2), description="How long a signing key is published before it signs."
    )
    jwks_max_age: Duration = Field(
        default=timedelta(hours=1), description="How long others may keep our published keys before they look again."
    )
    throttle_sign_in: ThrottleOrOff = Field(
        default=Throttle(10), description="Failed sign-ins of one account before each further one must wait."
    )
    throttle_sign_in_address: ThrottleOrOff = Field(
        default=Throttle(1000, timedelta(hours=1)), description="Failed sign-ins from one address (IPv6: one /64)."
    )
    throttle_client_auth: ThrottleOrOff = Field(
        default=Throttle(200, timedelta(minutes=1)),
        description="Failed authentications of one client from one address.",
    )
    throttle_registration: ThrottleOrOff = Field(
        default=Throttle(300, timedelta(minutes=1)), description="Client registrations from one address."
    )
    throttle_user_code: ThrottleOrOff = Field(
        default=Throttle(60, timedelta(minutes=1)), description="User codes tried from one address."
    )
    registration: Annotated[Literal["open", "token", "off"], Kind("`open`, `token` or `off`")] = Field(
        default="open",
        description="Who may register a client at `/register`: anybody, who has an initial access token, or nobody.",
    )
    registration_scope: Text = Field(
        default="openid profile email address phone offline_access",
        description="The scopes of a client that registers itself and names none.",
    )
    registration_policy: PolicyText = Field(
        default=None,
        description='The policy that a client gets when it registers itself, as JSON: `{"require_pkce": true}`; '
        "unset: none of its own.",
    )
    registration_unused: DurationOrOff = Field(
        default=timedelta(days=30),
        description="When a client that registered itself, and that nobody signed in to, is deleted; `off`: never.",
    )
    registration_statements: File = Field(
        default=None,
        description="JSON file with those whose software statements are believed: an object of issuers and JWK Sets.",
    )
    outbound_allow: Networks = Field(
        default=(), description="Private networks that a webhook, or a fetch caused by a stranger, may reach."
    )
    outbound_ca: File = Field(default=None, description="PEM bundle of authorities trusted for such fetches.")

    _passed_over: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def load(cls, environ: Mapping[str, str], config_file: Path | None = DEFAULT_FILE, *, demo: bool = False) -> Self:
        """Raises SettingsRefused with everything that is wrong. The demo needs neither an issuer nor a sealing key.

        A command's own options come in as variables: `load({**environ, "MINTMARK_PORT": "9000"})`.
        """
        found = sources.read(environ, config_file, cls.model_fields)
        if not demo and "sealing_keys" not in found.values:
            found.refusals.append(f"MINTMARK_SEALING_KEYS must be set; make one with {_MAKE_A_KEY}")
        if demo:
            found.values.setdefault("issuer", f"http://localhost:{_port(found.values.get('port'))}")
        try:
            settings = cls.model_validate(found.values)
        except ValidationError as problem:
            raise sources.SettingsRefused([*found.refusals, *faults.sentences(problem, found)]) from None
        refusals = [*found.refusals, *(settings._wrong_for_the_demo() if demo else ())]
        if refusals:
            raise sources.SettingsRefused(refusals)
        settings._passed_over = tuple(found.passed_over)
        return settings

    @field_validator(
        "throttle_sign_in_address",
        "throttle_sign_in_everybody",
        "throttle_client_auth",
        "throttle_registration",
        "throttle_user_code",
        "throttle_mail",
        "throttle_mail_asked",
        "throttle_sign_up",
    )
    @classmethod
    def _with_a_span(cls, throttle: Throttle | None, field: ValidationInfo) -> Throttle | None:
        """A bare number changes how many, and keeps the default's span."""
        if throttle is None or throttle.per or field.field_name is None:
            return throttle
        return replace(throttle, per=cls.model_fields[field.field_name].default.per)

    @model_validator(mode="after")
    def _must_fit_together(self) -> Self:
        misfits = list(self._misfits())
        if misfits:
            raise ValueError("\n".join(misfits))
        return self

    def _misfits(self) -> Iterator[str]:
        yield from self.wrong_sign_up(mails=self.smtp_url is not None)
        if (self.tls_certificate is None) != (self.tls_key is None):
            yield "MINTMARK_TLS_CERTIFICATE and MINTMARK_TLS_KEY come together: set both, or neither"
        if self.tls_certificate is not None and not self.is_https:
            yield "MINTMARK_ISSUER must be https where MINTMARK_TLS_CERTIFICATE is set"
        if self.session_cookie_samesite == "none" and not self.is_https:
            yield "MINTMARK_SESSION_COOKIE_SAMESITE must be lax on http: browsers drop a cookie that says none"
        if self.workers > 1 and self.is_sqlite:
            yield "MINTMARK_WORKERS must be 1 with SQLite, whose one writer lives in the process; PostgreSQL takes more"
        if self.key_announce < self.jwks_max_age + CLOCK_MARGIN:
            yield (
                "MINTMARK_KEY_ANNOUNCE must be at least MINTMARK_JWKS_MAX_AGE and "
                f"{durations.shortest(CLOCK_MARGIN)}: others would meet a signature before they know its key"
            )
        if self.key_rotation < self.key_announce:
            yield "MINTMARK_KEY_ROTATION must be at least MINTMARK_KEY_ANNOUNCE: a key is announced before it signs"
        if self.password_hash_memory < 8 * self.password_hash_parallelism:
            yield "MINTMARK_PASSWORD_HASH_MEMORY must be at least 8 KiB for each lane (RFC 9106 §3.1)"

    def _wrong_for_the_demo(self) -> Iterator[str]:
        """Its secrets lie in a file and its people are made up: nobody else may reach it."""
        if not is_loopback(self.host):
            yield "MINTMARK_HOST must be localhost, 127.0.0.1 or ::1 for the demo"
        if not is_loopback(urlsplit(self.issuer).hostname or ""):
            yield "MINTMARK_ISSUER must be on localhost or a loopback address for the demo"

    @property
    def issuer_path(self) -> str:
        """What comes before each door's path: "" at the root, or "/id"."""
        return urlsplit(self.issuer).path

    @property
    def origin(self) -> str:
        """What browsers send as `Origin` from our own pages."""
        return self.issuer.removesuffix(self.issuer_path)

    @property
    def is_https(self) -> bool:
        return self.issuer.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """On http the browser refuses `__Host-`; two servers on one loopback host are told apart by their issuer."""
        return "__Host-mintmark" if self.is_https else cookie_name(self.issuer)

    @property
    def is_sqlite(self) -> bool:
        return self.sqlite_path is not None

    @property
    def sqlite_path(self) -> Path | None:
        """None: the database is PostgreSQL."""
        url = self.database_url.get_secret_value()
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None

    @property
    def mail_server(self) -> smtp.MailServer | None:
        """None: no mail is sent."""
        return None if self.smtp_url is None else smtp.read(self.smtp_url.get_secret_value())

    @property
    def sealing_key_bytes(self) -> tuple[bytes, ...]:
        """The first seals, all open."""
        return tuple(forms.sealing_key(key) for key in self.sealing_keys)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was passed over, and what is allowed but unwise."""
        return (*self._passed_over, *self._unwise())

    def _unwise(self) -> Iterator[str]:
        if self.password_hash_memory * self.password_hash_time_cost < _LEAST_WORK:
            yield "MINTMARK_PASSWORD_HASH_MEMORY and _TIME_COST are less than OWASP asks for (19456 KiB, 2 passes)"
        if self.refresh_grace > timedelta(minutes=5):
            yield "MINTMARK_REFRESH_GRACE is long: so long can a stolen refresh token be used unnoticed"
        if self.outbound_allow:
            yield "MINTMARK_OUTBOUND_ALLOW lets webhooks, and strangers, make this server ask private networks"
        if self.smtp_plain:
            yield "MINTMARK_SMTP_PLAIN lets links that open accounts go over the network for anybody to read"
        yield from self.unreadable()
        for name in (name for name in type(self).model_fields if name.startswith("throttle_")):
            if getattr(self, name) is None:
                yield f"{sources.variable(name)} is off: nothing slows down guessing there"

    def shown(self) -> dict[str, object]:
        """Every setting as it is in effect, under its variable's name, secrets hidden."""
        shown = {name: forms.shown(getattr(self, name)) for name in type(self).model_fields}
        return {sources.variable(name): _or_off(name, value) for name, value in shown.items()}


def _or_off(name: str, value: object) -> object:
    is_off = name.startswith("throttle_") or name in ("registration_unused", "trusted_browser")
    return "off" if value is None and is_off else value


def _port(value: object) -> object:
    """A port that is nonsense is refused under its own name, not under the issuer's too."""
    return value if re.fullmatch(r"[1-9][0-9]{0,4}", str(value)) else 8000
