"""The house keeps its own rules: what no linter knows of (design: who may use whom, where a new thing goes)."""

import ast
import importlib
import importlib.metadata
import itertools
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

from tests.not_run import not_run

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "src" / "mintmark"
# What a house without a plan is full of; the words are left out on purpose.
BANNED = {
    "base",
    "common",
    "core",
    "data",
    "handler",
    "helper",
    "impl",
    "info",
    "manager",
    "processor",
    "service",
    "util",
}

# Folder: its table, and the files in it that several of its ways share and that are none themselves.
WAYS: dict[str, tuple[str, set[str]]] = {
    "grants": ("GRANTS", {"earning"}),
    "client_auth": ("METHODS", set()),
    "factors": ("FACTORS", {"factor", "hashing", "hash_formats", "hash_memory", "throttle"}),
}

# Written so that this file does not name them itself.
NAMES_OF_REGISTRIES_AND_PATHS_OF_ONE_MACHINE = re.compile(
    rb"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|registry[.]yarnpkg|(static|index)[.]crates[.]io|proxy[.]golang[.]org"
    rb"|repo1?[.]maven|(deb|security)[.]debian[.]org|/[w]ork/|/[f]arm/|/[r]oot/|/[h]ome/[a-z]"
)


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(HOUSE.rglob("*.py")):
        parts = ["mintmark", *path.relative_to(HOUSE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(path.read_text()) for name, path in modules().items()}


def tracked() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        not_run("a look through the tracked tree, for this is no checkout", "git clone")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def homes(entry: object) -> Iterator[str]:
    """The modules that an entry of a table comes from: its own, or those of what it is made of."""
    if isinstance(entry, ModuleType):
        yield entry.__name__
        return
    yield getattr(entry, "__module__", "")
    for name in getattr(entry, "__slots__", ()) or getattr(entry, "__dict__", ()):
        yield getattr(getattr(entry, name, None), "__module__", None) or ""


@pytest.mark.parametrize("folder", WAYS)
def test_every_file_among_the_ways_is_in_their_table(folder):
    table_name, shared = WAYS[folder]
    files = {path.stem for path in (HOUSE / folder).glob("*.py")} - {"__init__"} - shared
    table = getattr(importlib.import_module(f"mintmark.{folder}"), table_name)
    entries = table.values() if hasattr(table, "values") else table
    registered = {home.rpartition(".")[2] for entry in entries for home in homes(entry)}

    assert set() == files - registered, f"not in {table_name}: add its line, or take the file away"


def test_no_function_is_longer_than_sixty_lines():
    functions = [
        (name, node)
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert [] == [f"{name}.{node.name}: {lines(node)}" for name, node in functions if lines(node) > 60]


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines, less its docstring's: who explains is not to be punished."""
    explained = length(function.body[0]) if ast.get_docstring(function, clean=False) is not None else 0
    return length(function) - explained


def length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_longer_than_350_lines():
    assert [] == [f"{path}: {count}" for path in modules().values() if (count := path.read_text().count("\n")) > 350]


def test_imports_make_no_circle():
    known = modules()
    graph = {name: known.keys() & set(imports(name, known[name], tree)) - {name} for name, tree in trees().items()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" <- ".join(circle.args[1]))


def imports(name: str, path: Path, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
            above = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*above, *([node.module] if node.module else [])])
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def test_names_say_what_a_thing_is():
    """The words left out on purpose are the name of no module and no class."""
    named = [name.rpartition(".")[2] for name in modules()]
    named += [node.name for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    words = {name: {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)} for name in named}

    assert [] == [name for name in named if BANNED & words[name]]


def test_whatever_the_source_imports_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    names = {re.split(r"[\[<>=; ]", line)[0].lower() for line in declared}
    of_module = importlib.metadata.packages_distributions()
    known = modules()
    imported = {to.partition(".")[0] for name, tree in trees().items() for to in imports(name, known[name], tree)}
    foreign = imported - {"mintmark", ""} - sys.stdlib_module_names
    foreign -= {"pytest"}  # the plugin of `mintmark.testing` is loaded by it, and by nobody else

    assert [] == [
        module
        for module in foreign
        if not names & {name.lower().replace("_", "-") for name in of_module.get(module, [])}
    ]


def test_passlib_is_libpass():
    assert ["libpass"] == importlib.metadata.packages_distributions()["passlib"]


def test_the_tree_names_no_registry_and_no_machine():
    named = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.splitlines(), 1):
            if NAMES_OF_REGISTRIES_AND_PATHS_OF_ONE_MACHINE.search(line):
                named.append(f"{path.relative_to(ROOT)}:{number}")

    assert [] == named


@pytest.mark.parametrize("lock", ["bootstrap", "runtime", "dev", "go"])
def test_a_lock_names_versions_and_hashes_and_no_addresses(lock):
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    requirements = text.replace("\\\n", "").splitlines()

    assert [] == [line for line in requirements if not re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)]
    assert "://" not in text


def test_a_test_is_left_out_in_one_way_only():
    """By not_run(), which says what is missing and fails in CI."""
    skips = re.compile(r"pytest[.](skip|importorskip)\b|mark[.]skip(if)?\b|unittest[.]skip")
    tests = set((ROOT / "tests").rglob("*.py")) - {ROOT / "tests" / "not_run.py", Path(__file__).resolve()}

    assert [] == [str(path) for path in tests if skips.search(path.read_text())]
