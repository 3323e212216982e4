"""An apply file as text: JSON, YAML that reads the same by the rules of 1.1 and 1.2, and TOML."""

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import yaml

from mintmark.commands.forms import as_yaml
from mintmark.commands.opening import Refused

Document = Mapping[str, Any]  # Any: JSON
_TABLES = ("policy", "scopes", "claims", "address")  # members that are written as tables of their own


def to_json(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def to_yaml(document: Document) -> str:
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


def to_toml(document: Document) -> str:
    """Raises Refused for null, which TOML has no word for."""
    return "\n".join(_toml(document)).lstrip("\n") + "\n"


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML carries no types
    """No anchors, and quotes around every text that some reader would take for something else."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def text(self, data: str) -> Any:
        # 1e5 is text to PyYAML, whose rules are those of 1.1, and a number by those of 1.2; "" and line ends are shown.
        style = None if as_yaml.is_text(data) and data.isprintable() and data else '"'
        return self.represent_scalar(as_yaml.STR, data, style=style)


_Dumper.add_representer(str, _Dumper.text)


def _toml(document: Document) -> Iterator[str]:
    for section, part in document.items():
        if section == "groups":
            for name, group in part.items():
                yield from _table(f"groups.{_key(name)}", group, section)
        elif isinstance(part, list):
            for number, item in enumerate(part):
                yield from _table(section, item, f"{section}[{number}]", array=True)
        else:
            yield from _table(section, part, section)


def _table(name: str, members: Document, path: str, *, array: bool = False) -> Iterator[str]:
    apart = [member for member, value in members.items() if member in _TABLES and _is_table(value)]
    plain = {member: value for member, value in members.items() if member not in apart}
    if array or plain or not apart:
        yield ""
        yield f"[[{name}]]" if array else f"[{name}]"
    for member, value in plain.items():
        yield f"{_key(member)} = {_value(value, f'{path}.{member}')}"
    for member in apart:
        yield ""
        yield f"[{name}.{member}]"
        for inner, value in members[member].items():
            yield f"{_key(inner)} = {_value(value, f'{path}.{member}.{inner}')}"


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) and "literal" not in value


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else _text(name)


def _value(value: Any, path: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value)
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(_value(item, f'{path}[{number}]') for number, item in enumerate(value))}]"
        case Mapping():
            inner = (f"{_key(name)} = {_value(member, f'{path}.{name}')}" for name, member in value.items())
            return "{" + ", ".join(inner) + "}"
    raise Refused(f"{path} is null, which TOML has no word for: export it as yaml or json")


def _text(text: str) -> str:
    """JSON's form is TOML's too, but for the one control character that JSON lets stand."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


WRITERS: Mapping[str, Callable[[Document], str]] = MappingProxyType({"json": to_json, "yaml": to_yaml, "toml": to_toml})
