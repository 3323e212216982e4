"""A code of an authenticator app: within a step of the server's clock, and once ever (RFC 6238)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mintmark import texts
from mintmark.factors.factor import Factor, Offer, Proved, WrongProof
from mintmark.protocol import recovery_code, totp
from mintmark.protocol.acr import Means, Proof
from mintmark.protocol.authorization import Holder
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.store import totps
from mintmark.store.held import Held
from mintmark.store.totps import Totp
from mintmark.texts import _

NAME = "totp"
TITLE = _("Authenticator app")  # also of one that nobody gave a name
MEANS = Means(NAME, frozenset({"possession"}))


class WrongCode(WrongProof):
    """No code, or none that is good now."""


async def prove(server: Server, offer: Offer) -> Proved:
    """Spends the step of the code. Of many who show the same one at once, one has proved something."""
    person = offer.person
    if person is None:
        raise WrongCode(_("Sign in first."), check="sign-in step", expected="a sign-in that is under way")
    code = read(offer.params.get("code") or "")
    confirmed = [one for one in await totps.of_person(server.store, person.holder.id) if one.confirmed_at]
    for one in confirmed:
        step = matched(server, one, code, offer.now)
        if step is not None:
            return Proved(person, Proof(MEANS, offer.now, ("otp",)), (totps.use(one, step, offer.now),))
    raise _wrong(server, confirmed, code, offer.now, person.holder.id)


def called(name: str) -> str:
    """The app of that name, in a letter."""
    return TITLE if name == TITLE else texts.listed([TITLE, name])


def read(typed: str) -> str:
    """Raises WrongCode for what can be none."""
    code = totp.read(typed)
    if code is None:
        raise WrongCode(_("A code has six digits."), check="code form", expected="six digits, or a recovery code")
    return code


def matched(server: Server, one: Totp, code: str, now: datetime) -> int | None:
    """The step of which it is the code, if it is still good; None: it is not."""
    return totp.matched(code, _codes(_app(server, one), totp.good_steps(now, one.last_step)))


def _wrong(server: Server, confirmed: Iterable[Totp], code: str, now: datetime, person_id: str) -> WrongCode:
    """Only who holds a code that was good is told that it was used: whoever guesses hears the same otherwise."""
    steps = totp.good_steps(now, totp.NEVER)
    if any(totp.matched(code, _codes(_app(server, one), steps)) is not None for one in confirmed):
        return WrongCode(
            _("That code was used already. Wait for the next one."), check="totp step", expected=f"person {person_id}"
        )
    return WrongCode(_("That code is not right."), check="totp code", expected=f"person {person_id}")


def _codes(app: Any, steps: Iterable[int]) -> dict[int, str]:
    return {step: app.generate(step * int(totp.PERIOD.total_seconds())).token for step in steps}


def _app(server: Server, one: Totp) -> Any:
    return app(server.sealer.open(one.seed, bound_to=totps.bound_to(one.id)))


def app(seed: bytes) -> Any:
    """passlib's, which has no types. It is imported with the first code: it would lengthen every start by 0.3 s."""
    from passlib.totp import TOTP

    period = int(totp.PERIOD.total_seconds())
    return TOTP(key=seed, format="raw", digits=totp.DIGITS, period=period, alg="sha1")  # all that every app knows


def _available(server: Server, holder: Holder, held: Held) -> bool:
    return held.totp


def _recognises(params: Params) -> bool:
    """Whatever stands in the field of codes, unless it can only be a recovery code."""
    typed = params.get("code")
    return typed is not None and recovery_code.read(typed) is None


FACTOR = Factor(
    name=NAME,
    means=MEANS,
    label=_("Use your authenticator app"),
    template="factors/totp.html",
    available=_available,
    recognises=_recognises,
    prove=prove,
    obliges=_available,
    spends=True,
)
