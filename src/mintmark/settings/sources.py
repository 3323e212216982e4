"""Where settings come from: `MINTMARK_` variables and mintmark.toml, and which of their names mean nothing."""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mintmark import nearest

PREFIX = "MINTMARK_"
CONFIG = "MINTMARK_CONFIG"

# What Kubernetes gives every container beside a Service called mintmark (Kubernetes docs: Service).
_KUBERNETES = re.compile(r"MINTMARK_(SERVICE_.+|PORT_[0-9]+_.+)")
_URL = re.compile(r"[a-z]+://")


class SettingsRefused(Exception):
    """The server does not start with these settings. `refusals` are sentences for the person who starts it."""

    def __init__(self, refusals: list[str]) -> None:
        super().__init__("\n".join(refusals))
        self.refusals = refusals


@dataclass(slots=True)
class Found:
    """What the sources said, by field; `labels` are the names that its writer knows it by."""

    values: dict[str, object] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def variable(name: str) -> str:
    return PREFIX + name.upper()


def read(environ: Mapping[str, str], config_file: Path | None, known: Collection[str]) -> Found:
    """The environment wins. `config_file` may be absent; one that MINTMARK_CONFIG names may not."""
    found = Found()
    named = environ.get(CONFIG)
    if named:
        _read_file(Path(named), known, found)
    elif config_file is not None and config_file.exists():
        _read_file(config_file, known, found)
    _read_environment(environ, known, found)
    return found


def _read_file(path: Path, known: Collection[str], found: Found) -> None:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        found.refusals.append(f"{path} cannot be read: {problem.strerror}")
        return
    except ValueError:  # its message may quote the file, and a sealing key may stand there
        found.refusals.append(f"{path} is not valid TOML in UTF-8")
        return
    for name, value in document.items():
        if name not in known:
            found.refusals.append(f"{name} in {path} is no setting{nearest.hint(name, known)}")
            continue
        found.values[name], found.labels[name] = value, f"{name} in {path}"


def _read_environment(environ: Mapping[str, str], known: Collection[str], found: Found) -> None:
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name == CONFIG:
            continue
        if _is_from_kubernetes(name, environ[name]):
            found.passed_over.append(f"{name} is passed over: it looks like one that Kubernetes set for a Service")
            continue
        setting = name.removeprefix(PREFIX).lower()
        if setting not in known or variable(setting) != name:
            found.refusals.append(f"{name} is no setting{_hint(setting, known)}")
        elif environ[name]:  # an empty one is an absent one: compose files pass on what is not set
            found.values[setting], found.labels[setting] = environ[name], name


def _is_from_kubernetes(name: str, value: str) -> bool:
    return _KUBERNETES.fullmatch(name) is not None or (name == "MINTMARK_PORT" and _URL.match(value) is not None)


def _hint(setting: str, known: Collection[str]) -> str:
    """Compared without the prefix, which all of them share."""
    closest = nearest.known(setting, {*known, "config"})
    return f"; did you mean {variable(closest)}?" if closest else ""
