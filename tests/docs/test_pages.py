"""What the pages say of members, grants and methods is what the code has."""

import re
from datetime import UTC, datetime

import pytest

from mintmark import durations
from mintmark.client_auth import METHODS
from mintmark.grants import GRANTS
from mintmark.protocol import limits, policy
from tests.docs.blocks import ROOT

README = (ROOT / "README.md").read_text()
POLICY_PAGE = (ROOT / "docs" / "token-policy.md").read_text()
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", POLICY_PAGE, re.MULTILINE))
DEPENDS = {"ends_with_session"}  # its default is a sentence


def test_the_policy_page_has_every_member_once():
    assert sorted(policy.MEMBERS) == sorted(re.findall(r"^\| `(\w+)` \|", POLICY_PAGE, re.MULTILINE))
    assert [] == [name for name in policy.NOT_OFFERED if f"`{name}`" not in POLICY_PAGE]


@pytest.mark.parametrize("member", sorted(set(policy.MEMBERS) - DEPENDS))
def test_the_policy_page_tells_the_default(member):
    lines = limits.explain(
        [], resources=(), now=datetime.now(UTC), offline=False, confidential=True, self_registered=False
    )
    value = next(line.value for line in lines if line.member == member)

    assert said(value) == told(ROWS[member])


def said(value: object) -> str:
    if value is None or value == []:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def told(text: str) -> str:
    """`24h` is what the code calls 1d."""
    word = text.strip("`")
    if word == "any":
        return "none"
    try:
        return durations.shortest(durations.parse(word))
    except ValueError:
        return word


def test_the_readme_names_every_grant_and_every_method():
    assert [] == [name for name in (*GRANTS, *METHODS, *policy.ALGS) if f"`{name}`" not in README]


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_has_its_three_parts_on_less_than_forty_lines(page):
    text = page.read_text()

    assert [] == [part for part in ("**Context.**", "**Choice.**", "**Turned down.**") if part not in text]
    assert text.count("\n") < 40
