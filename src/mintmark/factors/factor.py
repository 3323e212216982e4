"""What a factor is, what it is shown, and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from mintmark.browser import Browser
from mintmark.events import Event
from mintmark.protocol.acr import Means, Proof
from mintmark.protocol.authorization import Holder
from mintmark.protocol.errors import Refusal
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.store.changes import Change
from mintmark.store.held import Held
from mintmark.store.people import Person
from mintmark.wire.asked import Asked


class WrongProof(Refusal):
    """What was shown proves nothing. The page comes again with the description, and nothing is spent."""

    counts: ClassVar[bool] = True  # as a try; False: it cannot have been a guess

    def __init__(self, description: str, *, shows: Mapping[str, object] = MappingProxyType({}), **more: Any) -> None:
        """shows: what its page is given besides; nothing: it is the usual one. more: as of a Refusal."""
        super().__init__(description, **more)
        self.shows = shows


class AsksFirst(WrongProof):
    """Nothing was proved, and nothing was wrong: the factor has done what comes before, and the page comes again.

    Such as: it has sent a code. It counts as no try.
    """

    status = 200
    counts = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody shows as a proof."""

    asked: Asked
    params: Params
    person: Person | None  # who it must be; None: nobody is known yet, and the factor says who it is
    browser: Browser
    now: datetime
    sign_in: str | None = None  # of the sign-in under way; None: this is its first step


@dataclass(frozen=True, slots=True)
class Proved:
    """A right proof, with what must be written in the same commit as what it earns: what it spends, too."""

    person: Person
    proof: Proof
    changes: tuple[Change, ...] = ()
    facts: tuple[Event, ...] = ()


def never(server: Server, holder: Holder, held: Held) -> bool:
    return False


def seldom(server: Server) -> bool:
    return False


async def nothing(server: Server, offer: Offer) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class Factor:
    """One way to prove who one is. `prove` raises WrongProof, TooManyAttempts or Overloaded, and then writes nothing.

    `prove` of a factor that `spends` is asked again where its changes met with a Conflict: it reads anew what is left.
    """

    name: str
    means: Means  # what it proves at most; a Proof says what it was
    label: str  # of the link that chooses it: "Use your authenticator app"
    template: str  # of templates/: its fields, within the form of the page
    available: Callable[[Server, Holder, Held], bool]  # whether this person can prove it
    recognises: Callable[[Params], bool]  # whether the form has what it looks at
    prove: Callable[[Server, Offer], Awaitable[Proved]]
    second: bool = True  # it can be asked of somebody who is known already
    obliges: Callable[[Server, Holder, Held], bool] = never  # who has it needs two factors to sign in
    prepare: Callable[[Server, Offer], Awaitable[Mapping[str, object]]] = nothing  # what its template is given
    spends: bool = False  # its changes hold for one use
    may_begin: Callable[[Server], bool] = seldom  # a sign-in may begin with it as the operator declared it
    means_here: Callable[[Server], Means] | None = None  # None: `means`, whatever the operator declares

    @property
    def first(self) -> bool:
        """A sign-in may begin with it."""
        return self.means.begins
