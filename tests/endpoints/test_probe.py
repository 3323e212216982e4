from mintmark.keys import probe

URL = "/health/probe/"


def signed(issuer):
    key = issuer.settings.sealing_key_bytes[0]
    return {probe.HEADER: probe.signed(key, issuer.url, issuer.server.clock())}


async def test_whoever_holds_no_sealing_key_finds_nothing(sqlite_issuer):
    nothing = await sqlite_issuer.http.get("/nothing")
    for headers in (
        {},
        {probe.HEADER: "garbage"},
        {probe.HEADER: probe.signed(b"o" * 32, sqlite_issuer.url, sqlite_issuer.server.clock())},
    ):
        answer = await sqlite_issuer.http.get(URL, headers=headers)

        assert (nothing.status_code, nothing.content) == (answer.status_code, answer.content)
        assert sorted(nothing.headers.items()) == sorted(answer.headers.items())


async def test_the_operator_hears_how_the_request_arrived(sqlite_issuer):
    headers = {**signed(sqlite_issuer), "Authorization": "Bearer secret-token", "X-Forwarded-For": "203.0.113.9"}
    answer = await sqlite_issuer.http.get(f"{URL}?a=%2F", headers=headers)
    told = answer.json()

    assert 200 == answer.status_code
    assert (URL, "a=%2F", "GET") == (told["path"], told["query"], told["method"])
    assert ("127.0.0.1", "127.0.0.1", False) == (told["peer"], told["address"], told["peer_is_trusted"])
    assert told["authorization"] is True
    assert ["203.0.113.9"] == told["headers"]["x-forwarded-for"]
    assert "secret-token" not in answer.text
    assert "no-store" == answer.headers["cache-control"]


async def test_an_old_question_is_none(sqlite_issuer):
    headers = signed(sqlite_issuer)
    sqlite_issuer.later(seconds=61)

    assert 404 == (await sqlite_issuer.http.get(URL, headers=headers)).status_code
