"""How each command begins and ends: settings, an open store, what is printed, and the exit codes of the contract."""

import asyncio
import getpass
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from mintmark.settings import Settings, SettingsRefused

# The store and SQLAlchemy take 0.4 s to import, and `--help` or a mistyped setting need neither.
if TYPE_CHECKING:
    from mintmark.events import Event
    from mintmark.keys.sealing import Sealer
    from mintmark.registry import Registry
    from mintmark.store.changes import Change
    from mintmark.store.executor import Executor

T = TypeVar("T")

# What to do next; the other refusals say it themselves.
REACH = "see that it runs and that MINTMARK_DATABASE_URL names it, then try again"
SEALING = "put the key that sealed it behind the newer one, after a comma"
DONE, REFUSED, USAGE, CHANGES, NOT_FOUND, UNREACHABLE = range(6)


class Refused(Exception):
    """Nothing was done. Each sentence is for the person who typed the command."""

    code = REFUSED

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class NotFound(Refused):
    code = NOT_FOUND


@dataclass(frozen=True, slots=True)
class Opened:
    """What a command works with; the registry is as it stood when the command began."""

    settings: Settings
    store: "Executor"
    sealer: "Sealer"
    registry: "Registry"
    now: datetime
    actor: str  # who types: in every audit row of the command
    random: Callable[[int], bytes] = os.urandom

    def id(self) -> str:
        from mintmark.protocol import ids

        return ids.uuid7(self.now, self.random(10))

    async def commit(self, changes: "Sequence[Change]", events: "Sequence[Event]") -> None:
        """All or nothing, the facts with their cause. Raises Conflict, Unavailable."""
        from mintmark.store import audit, outbox

        facts = [
            audit.add(self.id(), replace(event, actor=self.actor), self.now, request_id=None, address=None)
            for event in events
        ]
        if self.registry.webhooks:
            mine = [replace(event, actor=self.actor) for event in events]
            facts += outbox.told(self.registry.webhooks, mine, self.now, None, self.random(10))
        await self.store.commit([*changes, *facts])


def load(*, demo: bool = False, **options: str | int | None) -> Settings:
    """The settings, with the command's own options over them. Warnings go to stderr. Raises SettingsRefused."""
    return load_from(environment(**options), demo=demo)


def environment(**options: str | int | None) -> dict[str, str]:
    """The environment, with options as the variables of the same settings."""
    given = {f"MINTMARK_{name.upper()}": str(value) for name, value in options.items() if value is not None}
    return {**os.environ, **given}


def load_from(environ: Mapping[str, str], *, demo: bool = False, quiet: bool = False) -> Settings:
    settings = Settings.load(environ, demo=demo)
    for warning in () if quiet else settings.warnings:
        say(f"warning: {warning}")
    return settings


@asynccontextmanager
async def opened(settings: Settings, *, changing: bool = True) -> AsyncIterator[Opened]:
    """The store, open and migrated. changing: the secrets that a first start makes are made, for digests need them.

    Raises Unmigrated, Unavailable, BadDatabaseUrl, WrongSealingKey.
    """
    from mintmark import keyring
    from mintmark.keys.sealing import Sealer
    from mintmark.registry import Registry
    from mintmark.store import connect, migrate

    store = await connect.connect(settings.database_url.get_secret_value(), connections=2)
    try:
        await migrate.require_migrated(store)
        sealer, now = Sealer(settings.sealing_key_bytes), datetime.now(UTC)
        if changing:
            await keyring.make_secrets(store, sealer, os.urandom, now)
        registry = Registry(store, sealer, settings.issuer)
        await registry.renew()
        yield Opened(settings, store, sealer, registry, now, actor())
    finally:
        await store.close()


def actor() -> str:
    """Who types, as far as the system knows."""
    try:
        return f"command line: {getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return f"command line: uid {os.getuid()}"


def run(work: Coroutine[Any, Any, T]) -> T:  # Any: nothing is sent into it
    return asyncio.run(work)


def say(sentence: str) -> None:
    """For the person who typed: on stderr, so that stdout is the answer and nothing else."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201


def show(document: Mapping[str, object]) -> None:
    """What `--json` answers."""
    print(json.dumps(document, ensure_ascii=False, indent=2))  # noqa: T201


def print_line(line: str = "") -> None:
    print(line, flush=True)  # noqa: T201


def tell(error: Exception) -> int:
    """Says in one sentence or more why nothing was done; the exit code. What nobody foresaw flies on."""
    code, sentences = told(error)
    for sentence in sentences:
        say(f"mintmark: {sentence}")
    return code


def told(error: Exception) -> tuple[int, Sequence[str]]:
    """Exit code and sentences; what nobody foresaw is raised again."""
    if isinstance(error, Refused):
        return error.code, error.sentences
    if isinstance(error, SettingsRefused):
        return REFUSED, error.refusals
    from mintmark.keys.sealing import WrongSealingKey
    from mintmark.pages.branding import BadBranding
    from mintmark.store.changes import Conflict, Unavailable
    from mintmark.store.connect import BadDatabaseUrl
    from mintmark.store.migrate import Unmigrated

    match error:
        case Unavailable():
            return UNREACHABLE, [f"the database cannot be reached: {error}; {REACH}"]
        case Unmigrated() | BadDatabaseUrl() | BadBranding():
            return REFUSED, [str(error)]
        case WrongSealingKey():
            return REFUSED, [f"MINTMARK_SEALING_KEYS does not open what is stored: {error}; {SEALING}"]
        case Conflict():
            return REFUSED, ["something else changed the same thing meanwhile; nothing was written: try again"]
    raise error
