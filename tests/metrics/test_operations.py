"""The dashboard and the alert rules load, and speak of nothing that /metrics does not have."""

import itertools
import json
import re
import shutil
import subprocess

import pytest
import yaml

from mintmark.metrics.families import FAMILIES
from tests.docs.blocks import ROOT
from tests.metrics.scraping import family_of
from tests.not_run import not_run

FOLDER = ROOT / "docs" / "operations"
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
RULES = yaml.safe_load((FOLDER / "alerts.yaml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
PANELS = DASHBOARD["panels"]
GRAPHS = [panel for panel in PANELS if panel["type"] != "row"]
QUERIES = [
    *(target["expr"] for panel in GRAPHS for target in panel["targets"]),
    *(found["definition"] for found in DASHBOARD["templating"]["list"] if found["type"] == "query"),
    *(found["expr"] for found in DASHBOARD["annotations"]["list"] if "expr" in found),
    *(rule["expr"] for rule in ALERTS),
]
_METRIC = re.compile(r"\b((?:mintmark|process|python)_\w+)(?:\{([^}]*)\})?")
# Labels that Prometheus itself puts on what it scrapes, and `le` of a histogram.
THEIRS = {"job", "instance", "le"}


def promtool():
    found = shutil.which("promtool")
    if found is None:
        not_run("promtool on the rules and the metrics", "apt-get install prometheus")
    return found


@pytest.mark.parametrize("query", QUERIES)
def test_every_metric_and_label_of_a_query_is_there(query):
    for name, selected in _METRIC.findall(query):
        assert family_of(name) is not None, f"{name} is no metric of ours"
        family = FAMILIES[family_of(name)]
        labels = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selected)

        assert set(labels) <= {*family.labels, *THEIRS}
        assert (family.kind == "histogram") == (name != family.name)


@pytest.mark.parametrize("query", QUERIES)
def test_what_a_query_groups_by_are_labels(query):
    known = set(itertools.chain(*(family.labels for family in FAMILIES.values()))) | THEIRS
    named = [label.strip() for group in re.findall(r"\bby \(([^)]*)\)", query) for label in group.split(",")]

    assert [] == [label for label in named if label not in known]


@pytest.mark.parametrize("query", QUERIES)
def test_a_counter_is_looked_at_by_its_rate(query):
    counters = [name for name, _ in _METRIC.findall(query) if FAMILIES[family_of(name)].kind == "counter"]

    assert [] == [name for name in counters if not re.search(rf"(rate|increase)\({name}\b", query)]


def test_every_family_but_those_of_the_process_is_on_the_dashboard():
    shown = {family_of(name) for query in QUERIES for name, _ in _METRIC.findall(query)}
    left = set(FAMILIES) - shown

    assert {name for name in left if name.startswith("mintmark_")} == set()


def test_a_panel_is_what_grafana_takes():
    known = {"timeseries", "stat", "row"}

    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= DASHBOARD.keys()
    assert len(PANELS) == len({panel["id"] for panel in PANELS})
    assert [] == [panel for panel in PANELS if panel["type"] not in known or not panel["title"]]
    for panel in GRAPHS:
        assert {"h", "w", "x", "y"} == panel["gridPos"].keys()
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert len(panel["targets"]) == len({target["refId"] for target in panel["targets"]})
        assert {"${datasource}"} == {target["datasource"]["uid"] for target in panel["targets"]}


def test_no_panel_lies_on_another():
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = set(
            itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"]))
        )

        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_variable_of_a_query_is_one_of_the_dashboard():
    known = {found["name"] for found in DASHBOARD["templating"]["list"]} | {"__rate_interval"}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD)))

    assert used <= known


def test_an_alert_says_what_it_is_about_and_how_urgent():
    assert len(ALERTS) == len({rule["alert"] for rule in ALERTS})
    for rule in ALERTS:
        assert rule["alert"].startswith("Mintmark")
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}


def check(path):
    return subprocess.run([promtool(), "check", "rules", str(path)], capture_output=True, text=True, check=False)


def test_prometheus_takes_the_rules():
    done = check(FOLDER / "alerts.yaml")

    assert 0 == done.returncode, done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout


def test_prometheus_takes_the_queries_of_the_dashboard(tmp_path):
    queries = [query for query in QUERIES if not query.startswith("label_values")]
    plain = [
        query.replace("$__rate_interval", "5m").replace("$job", "mintmark").replace("$instance", ".*")
        for query in queries
    ]
    rules = [{"record": f"query:number{number}", "expr": query} for number, query in enumerate(plain)]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = check(path)

    assert 0 == done.returncode, done.stderr


# What is seen of a server, minute by minute, and which alert that is.
SEEN = [
    ("MintmarkDown", {'up{job="mintmark",instance="a"}': "0x20"}, 5),
    ("MintmarkDatabaseDown", {'mintmark_database_up{job="mintmark",instance="a"}': "0x20"}, 5),
    ("MintmarkFaults",
     {'mintmark_requests_total{job="mintmark",instance="a",status="5xx",error="server_error"}': "0+10x20"}, 15),
    ("MintmarkRefusesForLoad",
     {'mintmark_requests_total{job="mintmark",instance="a",status="5xx",error="temporarily_unavailable"}': "0+10x20",
      'mintmark_requests_total{job="mintmark",instance="a",status="2xx",error=""}': "0+100x20"}, 15),
    ("MintmarkRegistryStale", {'mintmark_registry_age_seconds{job="mintmark",instance="a"}': "60x20"}, 5),
    ("MintmarkDutyFails", {'mintmark_duty_last_success{job="mintmark",instance="a",duty="purge"}': "0x30"}, 20),
    ("MintmarkOutboxLate", {'mintmark_outbox_oldest_due_seconds{job="mintmark",instance="a"}': "900x20"}, 10),
    ("MintmarkTokenReuse",
     {'mintmark_events_total{job="mintmark",instance="a",event="refresh_token_reused"}': "0+5x70"}, 65),
]  # fmt: skip


@pytest.mark.parametrize(("alert", "series", "minute"), SEEN, ids=[one[0] for one in SEEN])
def test_an_alert_comes_when_it_should(alert, series, minute, tmp_path):
    """By `promtool test rules`, which says which alerts there are at a minute."""
    given = [{"series": name, "values": values} for name, values in series.items()]
    nothing = {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": []}
    tested = {"interval": "1m", "input_series": given, "alert_rule_test": [nothing]}
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [str(FOLDER / "alerts.yaml")], "tests": [tested]}))
    done = subprocess.run([promtool(), "test", "rules", str(path)], capture_output=True, text=True, check=False)

    assert f'alertname="{alert}"' in done.stdout + done.stderr, "it expects none, and is told of the one that there is"


async def test_prometheus_takes_the_metrics(sqlite_issuer):
    await sqlite_issuer.tokens()
    text = (await sqlite_issuer.http.get("http://127.0.0.1/metrics")).content
    done = subprocess.run([promtool(), "check", "metrics"], input=text, capture_output=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
