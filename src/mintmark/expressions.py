"""Small expressions that make a value of some facts: CEL (cel-spec), within bounds that hold whoever wrote them.

CEL has no loops, no assignment and no way out. The library bounds the depth of an expression and the steps of its
comprehensions; what it leaves open is bounded here: how long a text may grow, how much of a result is read.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Literal

LONGEST = 500  # characters of an expression
LONGEST_TEXT = 4000  # characters of a text that a function makes, or that comes out
MOST_ITEMS = 500  # of lists and objects in a result, together
DEEPEST = 5
MOST_CALLS = 1000  # of functions in one evaluation
# Each may multiply what the one inside it made, so two of them are the most that cannot grow out of hand.
MOST_COMPREHENSIONS = 2

_COMPREHENSION = re.compile(r"\b(?:all|exists|exists_one|filter|map)\b")
_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1
_UNKNOWN = (
    "NOT_FOUND",
    "null_type",
    "No value with name",
    "Index error",
)  # how the library says that something is not there

Kind = Literal["text", "texts", "flag", "object", "anything"]
Value = Any  # JSON; Any, for it is made of whatever an expression says


@cache
def _library() -> Any:  # Any: the library has no types
    """Read when the first expression is: who has none starts without it."""
    from cel_expr_python import cel

    return cel


class ExpressionRefused(ValueError):
    """It is no expression, or not one that may be kept; says why."""


class Failed(Exception):
    """It came to nothing that can be told; says why."""


class NotKnown(Failed):
    """What it speaks of is not known of whoever it was asked about: nobody's fault."""


class Expression:
    def __init__(  # Any: the library has no types
        self, text: str, names: Iterable[str], compiled: Any, calls: "_Calls"
    ) -> None:
        self.text = text
        self.names = frozenset(name for name in names if name in text)  # of the facts, all that it could speak of
        self._compiled, self._calls = compiled, calls

    def value(self, facts: Mapping[str, Value]) -> Value:
        """facts: as `readable` gives them. Raises Failed."""
        if self._compiled is None:
            raise Failed("the expression is not understood any more")
        self._calls.left = MOST_CALLS
        try:
            found = self._compiled.eval(data={name: facts[name] for name in self.names if name in facts})
        except RuntimeError as error:
            raise _failed(str(error)) from None
        if found.type() == _library().Type.ERROR:
            raise _failed(str(found.value()))
        return _Reading().read(found, 0)


class Language:
    """The names that expressions may speak of, each of a kind; and what they may do with them."""

    def __init__(self, names: Mapping[str, Kind]) -> None:
        cel = _library()
        self._calls, self._names = _Calls(), tuple(names)
        kinds = {
            "text": cel.Type.STRING,
            "texts": cel.Type.List(cel.Type.STRING),
            "flag": cel.Type.BOOL,
            "object": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
            "anything": cel.Type.DYN,
        }
        variables = {name: kinds[kind] for name, kind in names.items()}
        self._env = cel.NewEnv(variables=variables, functions=self._calls.declared())

    def read(self, text: str) -> Expression:
        """Raises ExpressionRefused: a mistake, a name that there is not, types that cannot go together."""
        if not 0 < len(text) <= LONGEST or readable(text) is None:
            raise ExpressionRefused(f"must be 1 to {LONGEST} characters of Unicode")
        if len(_COMPREHENSION.findall(text)) > MOST_COMPREHENSIONS:
            raise ExpressionRefused(f"may hold {MOST_COMPREHENSIONS} of all, exists, exists_one, filter and map")
        try:
            return Expression(text, self._names, self._env.compile(text), self._calls)
        except RuntimeError as error:
            raise ExpressionRefused(_told(str(error))) from None

    def kept(self, text: str) -> Expression:
        """One that was read before it was kept. Where this version does not understand it, it fails by itself."""
        try:
            return self.read(text)
        except ExpressionRefused:
            return Expression(text, (), None, self._calls)


def readable(value: Value) -> Value:
    """As an expression may see it: what the library cannot hold is not known."""
    match value:
        case bool() | float():
            return value
        case int():
            return value if _SMALLEST <= value <= _LARGEST else None
        case str():
            return None if "\0" in value or not _is_unicode(value) else value
        case Mapping():
            return {name: readable(one) for name, one in value.items() if readable(name) is not None}
        case list() | tuple():
            return [readable(one) for one in value]
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Calls:
    """The functions on texts that CEL itself lacks, counted and cut."""

    def __init__(self) -> None:
        self.left = 0

    def declared(self) -> list[Any]:
        cel = _library()
        text, texts = cel.Type.STRING, cel.Type.List(cel.Type.STRING)
        return [
            self._function("lower", text, [text], lambda one: str(one).lower()),
            self._function("upper", text, [text], lambda one: str(one).upper()),
            self._function("trim", text, [text], lambda one: str(one).strip()),
            self._function("split", texts, [text, text], _split),
            self._function("join", text, [texts, text], lambda some, by: by.join(some)),
            self._function("replace", text, [text, text, text], lambda one, old, new: one.replace(old, new)),
        ]

    def _function(self, name: str, gives: Any, takes: list[Any], does: Callable[..., Any]) -> Any:
        def called(*given: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise ValueError(f"more than {MOST_CALLS} calls of functions")
            if sum(map(_size, given)) > LONGEST_TEXT:
                raise ValueError(f"{name} of a text that is too long")
            made = does(*given)
            if _size(made) > LONGEST_TEXT:
                raise ValueError(f"{name} makes a text that is too long")
            return made

        cel = _library()
        overload = cel.Overload(f"{name}_of", gives, takes, True, impl=called)
        return cel.FunctionDecl(name, [overload])


def _split(text: str, by: str) -> list[str]:
    return text.split(by) if by else list(text)


def _size(given: Any) -> int:
    return len(given) if isinstance(given, str) else sum(len(str(one)) + 1 for one in given)


class _Reading:
    """Of a result no more than may be told: lists share their items, so a short one may be endless to write out."""

    def __init__(self) -> None:
        self.left = MOST_ITEMS

    def read(self, found: Any, depth: int) -> Value:
        value = found.value()
        match value:
            case None | bool() | int():
                return value
            case float():
                if value - value != 0:  # neither is JSON
                    raise Failed("the result is infinite, or no number")
                return value
            case str():
                if len(value) > LONGEST_TEXT:
                    raise Failed(f"the result holds a text of more than {LONGEST_TEXT} characters")
                return value
            case list():
                self._count(len(value), depth)
                return [self.read(one, depth + 1) for one in value]
            case dict():
                self._count(len(value), depth)
                return {self._name(name): self.read(one, depth + 1) for name, one in value.items()}
        raise Failed("the result is neither text, a number, true, false, a list nor an object")

    def _count(self, items: int, depth: int) -> None:
        self.left -= items
        if self.left < 0 or depth >= DEEPEST:
            raise Failed(f"the result holds more than {MOST_ITEMS} items, or is deeper than {DEEPEST}")

    def _name(self, name: object) -> str:
        if not isinstance(name, str):
            raise Failed("the result is an object whose names are no texts")
        return name


def _failed(message: str) -> Failed:
    return (NotKnown if any(word in message for word in _UNKNOWN) else Failed)(_told(message))


def _told(message: str) -> str:
    """The library's sentence in one line, without its own words for the kind of error."""
    lines = [line for line in message.split("\n") if not line.startswith(" | ")]
    text = " ".join(lines).replace("ERROR: <input>:", "at ").replace(" (in container '')", "")
    return re.sub(r"^[A-Z_]+: | \[[A-Z_]+\]| expecting \{.*\}", "", text).strip()[:300]
