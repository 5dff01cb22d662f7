"""Keys and tokens for tests. Keys are made once, since RSA takes a while."""

from __future__ import annotations

import base64
import functools
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

SECRET = b"s" * 32
START = datetime(2026, 12, 2, 12, tzinfo=UTC)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@functools.cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A private key; another one for each number."""
    return rsa.generate_private_key(65537, bits)


@functools.cache
def ec_key(curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def public_pem(key: PrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def private_pem(key: PrivateKey) -> bytes:
    form, nothing = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, nothing)


def jwk(key: PrivateKey, **members: Any) -> dict[str, Any]:
    """The public key as a JSON Web Key."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return {**RSAAlgorithm.to_jwk(public, as_dict=True), **members}
    return {**ECAlgorithm.to_jwk(public, as_dict=True), **members}


def write_jwks(path: Path, *keys: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"keys": keys}), encoding="utf-8")
    return path


def write_secret(path: Path, *secrets: bytes) -> Path:
    path.write_bytes(b"\n".join(secrets or (SECRET,)) + b"\n")
    path.chmod(0o600)
    return path


def token(claims: dict[str, Any], key: PrivateKey | bytes = SECRET, **header: Any) -> bytes:
    """A token, signed as its key is for."""
    match key:
        case bytes():
            algorithm = "HS256"
        case rsa.RSAPrivateKey():
            algorithm = "RS256"
        case _:
            algorithm = "ES256"
    return jwt.encode(claims, key, algorithm=algorithm, headers=header).encode()


def forged(claims: dict[str, Any], secret: bytes, algorithm: str = "HS256") -> bytes:
    """A token that nobody's library would sign: `secret` may be a public key."""
    parts = ({"alg": algorithm, "typ": "JWT"}, claims)
    body = b".".join(_base64url(json.dumps(part).encode()) for part in parts)
    signature = hmac.digest(secret, body, "sha256") if secret else b""
    return body + b"." + _base64url(signature)


def signed_cookie(told: object, secret: bytes = SECRET) -> bytes:
    payload = _base64url(json.dumps(told).encode())
    return payload + b"." + hmac.new(secret, payload, "sha256").hexdigest().encode()


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
