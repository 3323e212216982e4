"""Recovery codes, for whoever has lost what they prove themselves by: ten, shown once, each good once (ASVS 6.5.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mintmark.events import Event, RecoveryCodesMade, RecoveryCodeUsed
from mintmark.factors.factor import Factor, Offer, Proved, WrongProof
from mintmark.mails.notices import notice
from mintmark.protocol import recovery_code, totp
from mintmark.protocol.acr import Means, Proof
from mintmark.protocol.authorization import Holder
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.store import recovery_codes
from mintmark.store.changes import Change
from mintmark.store.held import Held
from mintmark.store.recovery_codes import Counted
from mintmark.texts import _

NAME = "recovery_code"
TITLE = _("Recovery codes")
MEANS = Means(NAME, frozenset({"possession"}))
PURPOSE = "recovery"  # of the key that makes the digests


class WrongCode(WrongProof):
    """No code that this person has, or one that was used."""


@dataclass(frozen=True, slots=True)
class Made:
    """New codes: to be shown once, when the changes were written."""

    codes: Sequence[str]
    changes: Sequence[Change]
    facts: Sequence[Event]


async def prove(server: Server, offer: Offer) -> Proved:
    """Spends the code. Of many who show the same one at once, one has proved something."""
    person = offer.person
    if person is None:
        raise WrongCode(_("Sign in first."), check="sign-in step", expected="a sign-in that is under way")
    id = person.holder.id
    code = recovery_code.read(offer.params.get("code") or "")
    if code is None:
        raise WrongCode(
            _("A recovery code has %(count)s letters and digits.", count=recovery_code.LETTERS),
            check="code form",
            expected="a recovery code",
        )
    digest = await _good(server, id, code)
    left = (await recovery_codes.count(server.store, id)).left - 1
    languages = offer.asked.languages
    letter = await notice(server, "recovery_code_used", person.holder, offer.now, languages=languages, left=str(left))
    return Proved(
        person,
        Proof(MEANS, offer.now, ("otp",)),
        (recovery_codes.spend(id, digest, offer.now), *letter),
        (RecoveryCodeUsed(person_id=id, left=left),),
    )


async def _good(server: Server, person_id: str, code: str) -> bytes:
    """The digest of one that was not used yet, whichever key made it."""
    used = False
    for digest in server.registry.every_mac(PURPOSE, recovery_code.message(person_id, code)):
        is_good = await recovery_codes.is_good(server.store, person_id, digest)
        if is_good:
            return digest
        used = used or is_good is False
    raise WrongCode(
        _("That code was used already. Take another one.") if used else _("That code is not right."),
        check="recovery code use" if used else "recovery code",
        expected=f"person {person_id}",
    )


def make(server: Server, person_id: str, before: Counted, now: datetime) -> Made:
    """In place of all that there were. Conflict where others were made since `before` was read."""
    codes = recovery_code.made(server.random)
    digests = [server.registry.mac(PURPOSE, recovery_code.message(person_id, code)) for code in codes]
    changes = recovery_codes.replace(person_id, before, digests, now)
    shown = [recovery_code.shown(code) for code in codes]
    return Made(shown, changes, (RecoveryCodesMade(person_id=person_id, count=len(codes)),))


def _available(server: Server, holder: Holder, held: Held) -> bool:
    return held.recovery_codes


def _recognises(params: Params) -> bool:
    """A whole one, and whatever was typed where one was asked for, unless it can only be an app's code."""
    typed = params.get("code")
    if typed is None or totp.read(typed) is not None:
        return False
    return params.get("factor") == NAME or recovery_code.read(typed) is not None


FACTOR = Factor(
    name=NAME,
    means=MEANS,
    label=_("Use a recovery code"),
    template="factors/recovery_code.html",
    available=_available,
    recognises=_recognises,
    prove=prove,
    spends=True,
)
