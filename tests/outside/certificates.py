"""Certificates as authorities make them: a root, one between, and leaves; good ones and the other kinds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "id.example.org"


@dataclass(frozen=True)
class Signed:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Authority:
    root: Signed
    between: Signed
    folder: Path

    @property
    def ca(self) -> str:
        path = self.folder / "ca.pem"
        path.write_bytes(self.root.pem)
        return str(path)

    def leaf(self, kind: str = "good") -> tuple[Path, Path]:
        """Files of the chain and of the key."""
        now = datetime.now(UTC)
        from_, until = (-40, -1) if kind == "expired" else (-1, 3 if kind == "soon" else 60)
        hosts = ["elsewhere.example"] if kind == "name" else [HOST, "www.example.org"]
        by = None if kind == "unknown" else self.between
        made = sign(hosts[0], by, (now + timedelta(days=from_), now + timedelta(days=until)), hosts=hosts)
        chain, key = self.folder / f"{kind}.pem", self.folder / f"{kind}.key"
        chain.write_bytes(made.pem + (b"" if kind in ("chain", "unknown") else self.between.pem))
        key.write_bytes(
            made.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return chain, key


def authority(folder: Path) -> Authority:
    now = datetime.now(UTC)
    span = (now - timedelta(days=100), now + timedelta(days=100))
    root = sign("root", None, span)
    return Authority(root, sign("between", root, span), folder)


def sign(name: str, by: Signed | None, span: tuple[datetime, datetime], hosts: list[str] | None = None) -> Signed:
    """hosts: None, an authority. by: None, itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = Signed(None, key) if by is None else by  # type: ignore[arg-type]  # it signs itself
    found = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(span[0])
        .not_valid_after(span[1])
        .add_extension(x509.BasicConstraints(ca=hosts is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
    )
    if hosts is not None:
        found = found.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in hosts]), critical=False)
    else:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        found = found.add_extension(usage, critical=True)
    return Signed(found.sign(signer.key, hashes.SHA256()), key)
