"""The certificate and the versions that are offered: what a client checks before the first byte (RFC 9325)."""

import socket
import ssl
import warnings
from datetime import datetime, timedelta

from cryptography import x509

from mintmark.outside.findings import Findings
from mintmark.outside.visit import PATIENCE, Visitor

SOON = timedelta(days=14)
OLD = (("TLS 1.0", ssl.TLSVersion.TLSv1), ("TLS 1.1", ssl.TLSVersion.TLSv1_1))
# OpenSSL's numbers (X509_V_ERR_…).
EXPIRED, NOT_YET, WRONG_NAME = 10, 9, (62, 64)
SELF_SIGNED, NO_ISSUER = (18, 19), (2, 20, 21)


def look(visitor: Visitor, found: Findings, now: datetime) -> bool:
    """False: nobody answers there at all."""
    if not visitor.is_https:
        found.warn("no-tls", "The issuer is http: good for trying things out.", "Give it an https address.")
        return True
    context = ssl.create_default_context(cafile=visitor.ca)
    try:
        certificate = _certificate(visitor, context)
    except ssl.SSLCertVerificationError as error:
        _tell(visitor, found, error)
        certificate = _unverified(visitor)
    except ssl.SSLError as error:
        said = error.reason or error
        found.fault("tls", f"No TLS connection can be made: {said}.", "Let the proxy speak TLS 1.2 or 1.3 here.")
        return False
    except OSError as error:
        where = "{}:{}".format(*visitor.place(visitor.port))
        mending = "See that the proxy listens and that the name resolves to it."
        found.fault("unreachable", f"Nobody answers at {where}: {error.strerror or error}.", mending)
        return False
    if certificate is not None:
        _expiry(found, certificate, now)
    _old_versions(visitor, found)
    return True


def _certificate(visitor: Visitor, context: ssl.SSLContext) -> x509.Certificate | None:
    address = visitor.place(visitor.port)
    with (
        socket.create_connection(address, PATIENCE) as raw,
        context.wrap_socket(raw, server_hostname=visitor.host) as wrapped,
    ):
        given = wrapped.getpeercert(binary_form=True)
    return None if given is None else x509.load_der_x509_certificate(given)


def _unverified(visitor: Visitor) -> x509.Certificate | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        return _certificate(visitor, context)
    except (OSError, ValueError):
        return None


def _tell(visitor: Visitor, found: Findings, error: ssl.SSLCertVerificationError) -> None:
    code = error.verify_code
    if code == EXPIRED:
        found.fault("certificate-expired", "The certificate has expired.", "Renew it, and see why nothing else did.")
    elif code == NOT_YET:
        found.fault("certificate-not-yet", "The certificate is not valid yet.", "Set the clocks, or wait.")
    elif code in WRONG_NAME:
        fault = f"The certificate is not for {visitor.host}."
        found.fault("certificate-name", fault, "Give the proxy the certificate that has this name in it.")
    elif code in SELF_SIGNED:
        fault = "The certificate is signed by nobody whom clients know."
        found.fault("certificate-unknown", fault, "Use one of a public authority, or name yours with --ca.")
    elif code in NO_ISSUER:
        fault = "The chain to the authority is incomplete: a certificate between the two is not sent."
        found.fault("certificate-chain", fault, "Give the proxy the full chain (fullchain.pem), not the leaf alone.")
    else:
        fault = f"The certificate is refused: {error.verify_message}."
        found.fault("certificate", fault, "Give the proxy a certificate that clients accept.")


def _expiry(found: Findings, certificate: x509.Certificate, now: datetime) -> None:
    left = certificate.not_valid_after_utc - now
    if timedelta(0) < left < SOON:
        fault = f"The certificate expires at {certificate.not_valid_after_utc:%Y-%m-%d}."
        found.warn("certificate-soon", fault, "Renew it now, and see why nothing else did.")


def _old_versions(visitor: Visitor, found: Findings) -> None:
    for name, version in OLD:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it is old: that is the point
            context.minimum_version = context.maximum_version = version
        try:
            _certificate(visitor, context)
        except (OSError, ValueError):
            continue
        fault = f"The proxy speaks {name}, which is broken (RFC 8996)."
        found.fault("tls-version", fault, "Allow TLS 1.2 and 1.3 only (nginx: ssl_protocols TLSv1.2 TLSv1.3).")
