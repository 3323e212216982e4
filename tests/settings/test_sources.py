from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest

from mintmark.settings import Settings, SettingsRefused, Throttle
from tests.settings.loading import KEY, NEEDED, load, refusals


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "mintmark.toml"
        path.write_text(text)
        return path

    return write


def test_an_issuer_and_a_sealing_key_are_all_that_a_server_needs():
    made = Settings.load(NEEDED, None)

    assert "https://id.example" == made.issuer
    assert (bytes(range(32)),) == made.sealing_key_bytes
    assert ("127.0.0.1", 8000, 1) == (made.host, made.port, made.workers)
    assert timedelta(seconds=30) == made.refresh_grace
    assert () == made.warnings


def test_without_them_the_start_is_refused_with_both_names():
    with pytest.raises(SettingsRefused) as caught:
        Settings.load({}, None)

    named = "\n".join(caught.value.refusals)
    assert "MINTMARK_ISSUER must be set" in named
    assert "MINTMARK_SEALING_KEYS must be set" in named
    assert named == str(caught.value)


def test_an_empty_variable_is_an_absent_one():
    assert 8000 == load(port="", smtp_url="").port
    assert "MINTMARK_ISSUER must be set" in refusals(issuer="")[0]


def test_the_file_is_read_and_the_environment_wins(config):
    path = config(
        'host = "0.0.0.0"\nport = 9000\naudit_every_token = true\ntrusted_proxies = ["10.0.0.0/8", "::1"]\n'
        'throttle_sign_in = "off"\nthrottle_registration = 5\nrefresh_grace = 60\n'
    )

    made = load(path, port="9001")

    assert ("0.0.0.0", 9001, True) == (made.host, made.port, made.audit_every_token)
    assert (IPv4Network("10.0.0.0/8"), IPv6Network("::1/128")) == made.trusted_proxies
    assert made.throttle_sign_in is None
    assert Throttle(5, timedelta(minutes=1)) == made.throttle_registration
    assert timedelta(minutes=1) == made.refresh_grace


def test_a_variable_names_another_file(config):
    path = config(f'issuer = "https://id.example"\nsealing_keys = ["{KEY}"]\n')

    assert "https://id.example" == Settings.load({"MINTMARK_CONFIG": str(path)}, Path("absent.toml")).issuer


def test_the_usual_file_may_be_absent_and_a_named_one_may_not(tmp_path):
    absent = tmp_path / "absent.toml"

    assert 8000 == load(absent).port
    with pytest.raises(SettingsRefused, match=r"absent\.toml cannot be read: No such file"):
        Settings.load(NEEDED | {"MINTMARK_CONFIG": str(absent)})


@pytest.mark.parametrize("text", ["port 9000", 'sealing_keys = "canary', "port = 1\nport = 2"])
def test_a_file_that_is_no_toml_is_refused_without_its_contents(config, text):
    (refusal,) = refusals(config(text))

    assert "mintmark.toml is not valid TOML in UTF-8" in refusal
    assert "canary" not in refusal


def test_an_unknown_name_in_the_file_is_refused_with_the_nearest(config):
    path = config("prot = 1\nPORT = 1\n[table]\n")

    assert f"prot in {path} is no setting; did you mean 'port'?" == refusals(path)[0]
    assert f"PORT in {path} is no setting; did you mean 'port'?" == refusals(path)[1]
    assert 3 == len(refusals(path))


def test_a_wrong_value_in_the_file_is_refused_under_its_name_there(config):
    path = config("port = 0\nhost = 5\nworkers = true\noutbound_allow = 5\nsealing_keys = [5]")

    with pytest.raises(SettingsRefused) as caught:
        Settings.load({"MINTMARK_ISSUER": "https://id.example"}, path)

    assert {
        f"port in {path} must be greater than or equal to 1",
        f"host in {path} must be a valid string",
        f"workers in {path} must be a whole number",
        f"outbound_allow in {path} must be networks such as 10.0.0.0/8, separated by commas",
        f"sealing_keys in {path} must be a valid string",
    } == set(caught.value.refusals)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("MINTMARK_ISUER", "MINTMARK_ISSUER"),
        ("MINTMARK_SEALING_KEY", "MINTMARK_SEALING_KEYS"),
        ("MINTMARK_issuer", "MINTMARK_ISSUER"),
        ("MINTMARK_CONFIGS", "MINTMARK_CONFIG"),
        ("MINTMARK_THROTTLE_SIGNIN", "MINTMARK_THROTTLE_SIGN_IN"),
        ("MINTMARK_POSTGRES_SERVICE_HOST", "MINTMARK_"),
        ("MINTMARK_PORT_HTTP", "MINTMARK_PORT"),
    ],
)
@pytest.mark.parametrize("value", ["", "canary"])
def test_an_unknown_variable_stops_the_start_with_its_name_and_the_nearest(name, nearest, value):
    with pytest.raises(SettingsRefused) as caught:
        Settings.load(NEEDED | {name: value}, None)

    assert caught.value.refusals[0].startswith(f"{name} is no setting; did you mean {nearest}")
    assert "canary" not in str(caught.value)


def test_what_kubernetes_sets_for_a_service_is_passed_over_with_a_warning():
    injected = {
        "MINTMARK_SERVICE_HOST": "10.0.0.1",
        "MINTMARK_SERVICE_PORT": "8000",
        "MINTMARK_SERVICE_PORT_HTTP": "8000",
        "MINTMARK_PORT": "tcp://10.0.0.1:8000",
        "MINTMARK_PORT_8000_TCP": "tcp://10.0.0.1:8000",
        "MINTMARK_PORT_8000_TCP_PROTO": "tcp",
    }

    made = Settings.load(NEEDED | injected, None)

    assert 8000 == made.port
    assert sorted(injected) == [warning.split()[0] for warning in made.warnings]


def test_other_programs_variables_are_none_of_our_business():
    assert load().issuer == Settings.load(NEEDED | {"PORT": "x", "MINT_ISSUER": "x", "mintmark_port": "x"}, None).issuer


def test_the_demo_needs_nothing_and_its_issuer_follows_the_port():
    assert "http://localhost:8000" == load(demo=True).issuer
    assert "http://localhost:9000" == load(demo=True, port="9000").issuer
    assert "http://127.0.0.1:9000" == load(demo=True, port="9000", issuer="http://127.0.0.1:9000").issuer
    assert () == load(demo=True).sealing_keys


def test_the_demo_stays_on_loopback():
    assert ["MINTMARK_HOST must be localhost, 127.0.0.1 or ::1 for the demo"] == refusals(demo=True, host="0.0.0.0")
    assert ["MINTMARK_ISSUER must be on localhost or a loopback address for the demo"] == refusals(
        demo=True, issuer="https://id.example"
    )
    assert "::1" == load(demo=True, host="::1").host


def test_a_port_that_is_none_is_one_refusal_in_the_demo():
    assert ["MINTMARK_PORT must be a whole number"] == refusals(demo=True, port="http")
