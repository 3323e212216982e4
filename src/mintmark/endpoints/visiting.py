"""What the authorization door has read before it decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mintmark.browser import Browser
from mintmark.protocol import consent as consents_
from mintmark.protocol.authorization_request import AuthorizationRequest
from mintmark.protocol.client import Client
from mintmark.protocol.consent import Allowed
from mintmark.protocol.params import Params
from mintmark.server import Server
from mintmark.store.consents import Consent
from mintmark.store.requests import KeptRequest
from mintmark.wire.asked import Asked


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser at this door with a checked request: all that was read before anything is decided."""

    server: Server
    asked: Asked
    now: datetime
    params: Params
    client: Client
    browser: Browser
    request: AuthorizationRequest
    kept: KeptRequest | None  # None: the request comes for the first time
    consent: Consent | None  # what this person allowed this client before
    version: int  # of the configuration that the request was read by

    @property
    def tells_clients_apart(self) -> bool:
        """False: another program could pose as this client, so its consent is not remembered (RFC 8252 §8.6)."""
        return not (self.client.is_public and self.request.return_address.is_native)

    @property
    def allowed(self) -> Allowed:
        return consents_.NOTHING if self.consent is None else self.consent.by_resource(self.server.issuer)

    @property
    def asked_for(self) -> Mapping[str, tuple[str, ...]]:
        """Each scope, and the resources that it is asked for at."""
        return self.server.registry.catalogue.places(self.request.to_allow, self.request.audience)
