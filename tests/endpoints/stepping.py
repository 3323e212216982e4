"""Second factors for tests of the steps themselves: a code that is good once, of the minute it is, and one of paper."""

from types import MappingProxyType

from sqlalchemy import bindparam, select

from mintmark import factors
from mintmark.factors import password
from mintmark.factors.factor import AsksFirst, Factor, Proved, WrongProof, nothing
from mintmark.protocol.acr import Means, Proof
from mintmark.store import schema
from mintmark.store.changes import Insert, Update
from mintmark.store.executor import Read
from mintmark.store.times import ms
from tests.issuer import ALICE, hidden

TOTP = Means("totp", frozenset({"possession"}))
RECOVERY = Means("recovery_code", frozenset({"possession"}))
PASSKEY = Means("passkey", frozenset({"possession", "inherence"}), resists_phishing=True, begins=True)
_FIND = Read(
    select(schema.totps.c.id, schema.totps.c.last_step).where(schema.totps.c.person_id == bindparam("person_id"))
)


def step_of(now):
    return int(now.timestamp()) // 60


def code(issuer):
    """The one that is right now."""
    return f"{step_of(issuer.server.clock()) % 1_000_000:06d}"


async def _prove(server, offer):
    sent = offer.params.get("code") or ""
    if sent == "send":
        raise AsksFirst("It was sent.", check="factor")
    ((id, last),) = await server.store.fetch(_FIND, person_id=offer.person.holder.id)
    step = step_of(offer.now)
    if sent != f"{step % 1_000_000:06d}" or step <= last:
        raise WrongProof("That code is not right.", check="factor", expected="the code of now")
    spent = Update(schema.totps, {"id": id, "last_step": last}, {"last_step": step})
    return Proved(offer.person, Proof(TOTP, offer.now, ("otp",)), (spent,))


async def _prove_paper(server, offer):
    if offer.params.get("code") != "on-paper":
        raise WrongProof("That code is not right.", check="factor", expected="a code of theirs")
    return Proved(offer.person, Proof(RECOVERY, offer.now, ("otp",)))


async def _prove_passkey(server, offer):
    if offer.params.get("credential") != "signed":
        raise WrongProof("That key is not right.", check="factor", expected="a key of theirs")
    person = offer.person or await server_person(server)
    return Proved(person, Proof(PASSKEY, offer.now, ("hwk", "user")))


async def server_person(server):
    from mintmark.store import people

    return await people.find(server.store, ALICE)


def _recognises(means, field):
    """The code of paper has a dash."""
    return lambda params: params.get(field) is not None and (means is RECOVERY) == ("-" in str(params.get(field)))


def _factor(means, prove, has, field, obliges):
    return Factor(
        name=means.factor,
        means=means,
        label=f"Use {means.factor}",
        template=factors.passkey.FACTOR.template if means is PASSKEY else "factors/code.html",
        prepare=factors.passkey.FACTOR.prepare if means is PASSKEY else nothing,
        available=lambda server, holder, held: has(held),
        obliges=lambda server, holder, held: obliges and has(held),
        recognises=_recognises(means, field),
        prove=prove,
        spends=True,
    )


def install(monkeypatch):
    known = (
        password.FACTOR,
        _factor(PASSKEY, _prove_passkey, lambda held: held.passkey, "credential", True),
        _factor(TOTP, _prove, lambda held: held.totp, "code", True),
        _factor(RECOVERY, _prove_paper, lambda held: held.recovery_codes, "code", False),
        factors.external.FACTOR,  # none is declared
    )
    monkeypatch.setattr(factors, "FACTORS", MappingProxyType({one.name: one for one in known}))


async def give(issuer, person=ALICE):
    """An authenticator app, confirmed, and a recovery code."""
    now = ms(issuer.server.clock())
    app = {"id": f"totp-{person}", "person_id": person, "name": "Phone", "seed": b"", "last_step": 0, "created_at": now,
           "confirmed_at": now, "last_used_at": None}  # fmt: skip
    paper = {"digest": person.encode(), "person_id": person, "created_at": now, "spent_at": None}
    await issuer.server.store.commit([Insert(schema.totps, app), Insert(schema.recovery_codes, paper)])


async def give_passkey(issuer, person=ALICE):
    now = ms(issuer.server.clock())
    key = {"id": f"key-{person}", "person_id": person, "credential_id": person.encode(), "public_key": b"",
           "sign_count": 0, "name": "Ring", "aaguid": "", "transports": "[]", "discoverable": 1, "backup_eligible": 0,
           "backed_up": 0, "created_at": now, "last_used_at": None}  # fmt: skip
    await issuer.server.store.commit([Insert(schema.passkeys, key)])


async def second_page(issuer, browser=None, **form):
    """The page of the second step, after the right password."""
    browser = browser or issuer.http
    answer = await issuer.sign_in(browser, **form)
    assert 303 == answer.status_code, answer.text
    assert "/login?" in answer.headers["location"]
    return await browser.get(answer.headers["location"])


async def send(browser, page, **changed):
    """The page's form; a member that is None is left out."""
    form = {**hidden(page.text), **changed}
    return await browser.post("/login", data={name: value for name, value in form.items() if value is not None})
