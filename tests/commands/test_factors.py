"""The operator's own services in the apply file: plan, prune, drift and export."""

import base64
import json

import jsonschema_rs
import pytest

from mintmark.commands import apply_schema
from tests.commands.applying import *  # noqa: F403

SECRET = "whsec_" + base64.b64encode(b"a" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"b" * 32).decode()
RING = {"name": "ring", "url": "https://proofs.example/ring", "secret": SECRET, "label": {"de": "Dein Ring"}}
FACTORS = {"factors": [RING]}


def test_a_factor_is_applied_once_and_exported_without_its_secret(applied, write, monkeypatch):
    plan = applied("apply", write(FACTORS), "--plan")
    done = applied("apply", write(FACTORS))
    again = applied("apply", write(FACTORS), "--plan")
    exported = applied("export")

    assert 3 == plan.code
    assert "+ factor ring" == plan.out.splitlines()[0]
    assert '  secret: "***"' in plan.out
    assert (0, 0) == (done.code, again.code), done.err
    assert {"env": "RING_FACTOR_SECRET"} == exported.json["factors"][0]["secret"]
    assert "set RING_FACTOR_SECRET before it is applied" in exported.err
    assert SECRET not in plan.out + done.out + exported.out
    monkeypatch.setenv("RING_FACTOR_SECRET", SECRET)
    assert 0 == applied("apply", write({"factors": exported.json["factors"]}), "--plan").code


def test_another_secret_is_a_change_and_a_member_left_out_is_none(applied, write):
    applied("apply", write(FACTORS))
    same = applied("apply", write({"factors": [{"name": "ring"}]}), "--plan")
    changed = applied("apply", write({"factors": [{"name": "ring", "secret": OTHER, "use": ["first"]}]}))

    assert 0 == same.code
    assert ["~ factor ring", '  use: ["second"] -> ["first"]', '  secret: "***" -> "***"'] == changed.out.splitlines()
    assert 0 == applied("keys", "reseal").code


def test_prune_deletes_what_the_section_does_not_name(applied, write):
    applied("apply", write(FACTORS))
    kept = applied("apply", write({"claim_rules": []}), "--prune", "--plan")
    done = applied("apply", write({"factors": []}), "--prune")

    assert "factor" not in kept.out
    assert ["- factor ring"] == done.out.splitlines()
    assert "factors" not in applied("export").json
    assert 0 == applied("drift", write(FACTORS)).code


@pytest.mark.parametrize(
    ("factors", "says"),
    [
        ([{"name": "ring"}], "factors[0].url must be"),
        ([{**RING, "uze": []}], "factors[0].uze is no member of a factor; did you mean 'use'?"),
        ([RING, RING], "factors[1].name stands twice in the file"),
        ([{**RING, "name": f"ring-{n}"} for n in range(21)], "factors[20] would be one more than 20"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_applied(applied, write, factors, says):
    done = applied("apply", write({"factors": factors}))

    assert 1 == done.code
    assert says in done.err
    assert "factors" not in applied("export").json


def test_the_schema_knows_the_section():
    schema = json.loads(json.dumps(apply_schema.document()))
    valid = jsonschema_rs.validator_for(schema)

    assert valid.is_valid(FACTORS)
    assert not valid.is_valid({"factors": [{**RING, "uze": 1}]})
