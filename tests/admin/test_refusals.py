"""Operators ask why: the list, one refusal, and who may."""

from mintmark import upkeep
from tests.admin import operating
from tests.issuer import SECRET


async def refuse(issuer):
    """Three refusals, a second each; their trace ids."""
    traces = []
    for ask in (
        lambda: issuer.token(grant_type="nonsense"),
        lambda: issuer.token("other", grant_type="authorization_code", code="x"),
        lambda: issuer.http.get("/authorize", params=issuer.request(redirect_uri="https://evil.example/cb?x=1")),
    ):
        issuer.later(seconds=1)
        traces.append((await ask()).headers["x-trace-id"])
    await upkeep.flush(issuer.server)
    return traces


async def with_scope(issuer, scope):
    await issuer.change_client("operator", scope="admin:read admin:write admin:audit")
    return await operating.operator(issuer, scope=scope)


async def test_a_refusal_says_the_check_what_it_expected_and_what_it_got(issuer):
    trace = (await refuse(issuer))[2]
    found = (await (await operating.operator(issuer)).get(f"/refusals/{trace}")).json()
    said = {name: found[name] for name in ("id", "door", "client_id", "error", "check", "parameter", "got", "at")}

    assert {
        "id": trace, "door": "/authorize", "client_id": "web", "error": "invalid_request", "check": "redirect_uri",
        "parameter": "redirect_uri", "got": "https://evil.example/cb", "at": "2026-11-25T12:00:03Z",
    } == said  # fmt: skip
    assert "https://web.example/cb" in found["expected"]
    assert "registered" in found["why"]
    assert found["next_step"].endswith(".")


async def test_the_list_is_newest_first_page_by_page_and_filtered(issuer):
    traces = await refuse(issuer)
    operator = await operating.operator(issuer)
    pages = await operator.walk("/refusals", limit=1)
    filtered = {
        name: [one["id"] for one in await operator.items("/refusals", **{name: value})]
        for name, value in {
            "client_id": "other", "door": "/authorize", "error": "unsupported_grant_type",
            "since": "2026-11-25T12:00:02Z",
        }.items()
    }  # fmt: skip

    assert [[trace] for trace in reversed(traces)] == [[one["id"] for one in page] for page in pages]
    assert {
        "client_id": [traces[1]], "door": [traces[2]], "error": [traces[0]], "since": [traces[2], traces[1]]
    } == filtered  # fmt: skip


async def test_a_helper_with_admin_audit_alone_sees_refusals_and_nothing_else(issuer):
    traces = await refuse(issuer)
    helper, writer = [await with_scope(issuer, scope) for scope in ("admin:audit", "admin:write")]
    refused = await writer.get("/refusals")
    listed = [one["id"] for one in await helper.items("/refusals")]  # this one too, if it is written by now

    assert 200 == (await helper.get(f"/refusals/{traces[0]}")).status_code
    assert set(traces) == set(listed) - {refused.headers["x-trace-id"]}
    assert 403 == (await helper.get("/sessions")).status_code
    assert 403 == refused.status_code
    assert 'scope="admin:read"' in refused.headers["www-authenticate"]
    assert 401 == (await issuer.http.get("/admin/api/refusals")).status_code


async def test_bad_questions_are_problems_with_a_trace_id(issuer):
    operator = await operating.operator(issuer)
    unknown = await operator.get("/refusals/000000000000")
    odd = [await operator.get(f"/refusals/{id}") for id in ("%00", "é", "x" * 5000, "' OR 1=1")]
    bad = [
        await operator.get("/refusals", **query)
        for query in (
            {"since": "yesterday"},
            {"after": "x"},
            {"limit": "0"},
            {"clientid": "x"},
            {"since": "2026-11-25"},
        )
    ]

    assert {404} == {answer.status_code for answer in (unknown, *odd)}
    assert {400} == {answer.status_code for answer in bad}
    assert all(answer.json()["trace_id"] == answer.headers["x-trace-id"] for answer in (unknown, *odd, *bad))


async def test_what_is_refused_at_the_admin_api_is_kept_by_the_path_of_its_operation(issuer):
    operator = await operating.operator(issuer)
    await operator.get(f"/sessions/{SECRET}")
    await upkeep.flush(issuer.server)
    found = await operator.items("/refusals")

    assert ["/admin/api/sessions/{id}"] == [one["door"] for one in found]
    assert SECRET not in str(issuer.lines)


async def test_the_upkeep_forgets_what_is_older_than_is_kept(issuer):
    await refuse(issuer)
    issuer.later(days=6)
    await upkeep.clear_away(issuer.server)
    before = await issuer.count("refusals")
    issuer.later(days=2)
    await upkeep.clear_away(issuer.server)

    assert (3, 0) == (before, await issuer.count("refusals"))
