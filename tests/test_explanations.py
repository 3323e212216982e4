"""Each check by which the source refuses has its explanation, and each explanation has its check."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import mintmark
from mintmark import explanations
from mintmark.explanations import EXPLANATIONS
from mintmark.factors import password
from mintmark.protocol import link
from mintmark.protocol.errors import Refusal

HOUSE = Path(mintmark.__file__).parent
# Functions that make a refusal, and which of their arguments the check is.
MAKERS = {"_wrong": 9, "refused": 2, "_unknown": 0, "unproved": 0}
# Checks that pass through: where they come from is looked at, too.
PASSED_ON = {
    "refused.py",
    "admin/refusals.py",
    "client_auth/__init__.py",
    "protocol/client_assertion.py",
    "grants/refresh_token.py",
    "factors/passkey.py",
    "factors/password.py",
    "links.py",
    "factors/email_code.py",
    "endpoints/tokens_seen.py",
}


def kinds() -> set[str]:
    """The names of every class of refusal."""
    for module in pkgutil.walk_packages(mintmark.__path__, "mintmark."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    found, classes = set(), [Refusal]
    while classes:
        one = classes.pop()
        found.add(one.__name__)
        classes += one.__subclasses__()
    return found


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call in the source, but those of commands, which refuse whoever types and have other words for it."""
    for path in sorted(set(HOUSE.rglob("*.py")) - set((HOUSE / "commands").rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                yield str(path.relative_to(HOUSE)), node, name


def constants(node: ast.expr) -> list[str]:
    """The texts that an expression may come to."""
    if isinstance(node, ast.IfExp):
        return constants(node.body) + constants(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def checks() -> dict[str, str]:
    """Every check, and where it stands."""
    known = kinds()
    found: dict[str, str] = {}
    for file, call, name in calls():
        where = f"{file}:{call.lineno}"
        written = next((keyword.value for keyword in call.keywords if keyword.arg == "check"), None)
        if name in known and file != "protocol/errors.py":
            assert written is not None, f"{where}: a refusal without a check: nobody could say why"
        if written is None and name in MAKERS and len(call.args) > MAKERS[name]:
            written = call.args[MAKERS[name]]
        if written is not None and (name in known or name in MAKERS):
            texts = constants(written)
            assert texts or file in PASSED_ON, f"{where}: a check that nobody can read here"
            found |= dict.fromkeys(texts, where)
    found |= dict.fromkeys(password.CHECKS.values(), "factors/password.py")
    found |= dict.fromkeys(link.CHECKS, "links.py")
    return found | dict.fromkeys(told_of_tokens(), "endpoints/tokens_seen.py")


def told_of_tokens() -> list[str]:
    tree = ast.parse((HOUSE / "endpoints" / "tokens_seen.py").read_text())
    given = [node for node in ast.walk(tree) if isinstance(node, ast.Tuple) and len(node.elts) == 3]
    return [text for one in given for text in constants(one.elts[0])]  # check, expected, got


def test_every_check_of_the_source_is_explained():
    assert {} == {check: where for check, where in checks().items() if check not in EXPLANATIONS}


def test_every_explanation_is_of_a_check_that_there_is():
    assert set() == EXPLANATIONS.keys() - checks().keys()


def test_no_check_is_explained_in_two_places():
    rooms = (
        importlib.import_module(f"mintmark.explanations.{found.name}").__dict__.get("TABLE", {})
        for found in pkgutil.iter_modules(explanations.__path__)
    )

    assert len(EXPLANATIONS) == sum(len(table) for table in rooms)


def test_an_explanation_is_two_sentences_that_fit_a_table():
    for check, one in EXPLANATIONS.items():
        for sentence in (one.why, one.next):
            assert sentence.endswith("."), check
            assert "|" not in sentence, check
        assert one.parameter, check


def test_a_check_of_a_newer_version_is_explained_by_that_version():
    assert "another version" in explanations.of("a check of tomorrow").why
