"""Opens a JWE by the letter of RFC 7516 and RFC 7518, with nothing but ciphers: no JOSE library helps."""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
BITS = {"A128GCM": 128, "A256GCM": 256, "A128CBC-HS256": 256}


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def opened(token, private):
    """The header and the content."""
    first, *rest = token.split(".")
    header = json.loads(decode(first))
    wrapped, iv, ciphertext, tag = map(decode, rest)
    key = content_key(header, wrapped, private)
    assert BITS[header["enc"]] == 8 * len(key)
    if header["enc"].endswith("GCM"):
        return header, AESGCM(key).decrypt(iv, ciphertext + tag, first.encode())
    return header, cbc(key, iv, ciphertext, tag, first.encode())


def content_key(header, wrapped, private):
    """RFC 7518 §4.3, §4.4, §4.6."""
    alg = header["alg"]
    if alg == "RSA-OAEP-256":
        oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        return private.decrypt(wrapped, oaep)
    if alg == "ECDH-ES":
        assert b"" == wrapped
        return agreed(header, private, header["enc"], BITS[header["enc"]])
    if alg == "A128KW":
        return aes_key_unwrap(private, wrapped)
    return aes_key_unwrap(agreed(header, private, alg, int(alg[-5:-2])), wrapped)


def agreed(header, private, name, bits):
    """The Concat KDF of RFC 7518 §4.6.2."""
    x, y = (int.from_bytes(decode(header["epk"][part])) for part in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, CURVES[header["epk"]["crv"]]).public_key()
    parts = (name.encode(), decode(header.get("apu", "")), decode(header.get("apv", "")))
    other = b"".join(len(part).to_bytes(4) + part for part in parts) + bits.to_bytes(4)
    return hashlib.sha256((1).to_bytes(4) + private.exchange(ec.ECDH(), public) + other).digest()[: bits // 8]


def cbc(key, iv, ciphertext, tag, aad):
    """RFC 7518 §5.2.2.2."""
    mac = hmac.digest(key[:16], aad + iv + ciphertext + (8 * len(aad)).to_bytes(8), "sha256")
    assert hmac.compare_digest(mac[:16], tag)
    decryptor = Cipher(algorithms.AES(key[16:]), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(ciphertext) + decryptor.finalize()) + unpadder.finalize()
