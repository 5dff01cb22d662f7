"""The keys by which the site's tokens are checked: secrets, a public key in PEM, or a JSON Web Key Set (RFC 7517).

Owns what makes a key file unusable. Each key is for one algorithm, so that none is ever taken for another kind of key
(RFC 8725 §3.1). When files are read is the caller's matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import InvalidKeyError, PyJWKSet, PyJWTError
from jwt.algorithms import HMACAlgorithm

from proxy.settings.vouched import JwtAlgorithm, VouchedJwt
from proxy.visitor.keys import MAX_FILE_BYTES, read_keys

MAX_KEYS = 32
"""A token that names no key is tried with each."""
MIN_RSA_BITS = 2048  # RFC 7518 §3.3

Material = bytes | RSAPublicKey | EllipticCurvePublicKey


class KeyFileError(Exception):
    """A file that holds no key to check tokens with: one line, with what to do, that never holds a key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and the one algorithm that it is for; `id` is its `kid`, if it has one."""

    algorithm: JwtAlgorithm
    material: Material
    id: str = ""


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one file."""

    keys: tuple[Key, ...] = ()

    def fitting(self, algorithm: str, key_id: str) -> tuple[Key, ...]:
        """The keys that may have signed a token with this header; `key_id` is empty where it names none."""
        fit = (key for key in self.keys if key.algorithm == algorithm)
        return tuple(key for key in fit if not key_id or key.id in ("", key_id))


def load_keys(settings: VouchedJwt) -> KeySet:
    """The keys that the settings name. Raises KeyFileError, SecretError or OSError."""
    if settings.secret_file is not None:
        return KeySet(tuple(_secret_keys(settings.secret_file)))
    path = settings.key_file
    content = _content(path)
    found = [_pem_key(path, content)] if settings.public_key_file is not None else [*_jwks_keys(path, content)]
    keys = tuple(key for key in found if key.algorithm in settings.algorithms)
    if not keys:
        wanted = ", ".join(settings.algorithms)
        has = ", ".join(sorted({key.algorithm for key in found})) or "none that can be used"
        raise KeyFileError(f"{path}: holds no key for {wanted}, but {has} (check vouched_jwt.algorithms)")
    if len(keys) > MAX_KEYS:
        raise KeyFileError(f"{path}: holds {len(keys)} keys, {MAX_KEYS} is the most (take out those that are over)")
    return KeySet(keys)


def _secret_keys(path: Path) -> Iterable[Key]:
    secrets, _ = read_keys(path, "vouched_jwt.secret_file")
    for secret in secrets[:MAX_KEYS]:
        try:
            # What everyone may know is no secret: a public key, or a set of them.
            HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
        except InvalidKeyError as error:
            raise KeyFileError(f"{path}: holds a key of another kind (write one secret on each line)") from error
        yield Key(JwtAlgorithm.HS256, secret)


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise KeyFileError(f"{path}: is larger than {MAX_FILE_BYTES} bytes (give the keys alone)")
    return content


def _pem_key(path: Path, content: bytes) -> Key:
    if b"PRIVATE KEY-----" in content:
        hint = f"give the public one: openssl pkey -in {path.name} -pubout"
        raise KeyFileError(f"{path}: is a private key, which only the site should have ({hint})")
    if b"BEGIN CERTIFICATE" in content:
        hint = f"give its key: openssl x509 -in {path.name} -pubkey -noout"
        raise KeyFileError(f"{path}: is a certificate ({hint})")
    try:
        material = load_pem_public_key(content)
    except ValueError as error:
        raise KeyFileError(f"{path}: is no public key in PEM (it begins with -----BEGIN PUBLIC KEY-----)") from error
    key = _key(material, "")
    if key is None:
        hint = f"take RSA with {MIN_RSA_BITS} bits or more, or the curve P-256"
        raise KeyFileError(f"{path}: is a key that is too weak, or of another kind ({hint})")
    return key


def _jwks_keys(path: Path, content: bytes) -> Iterable[Key]:
    """The public signature keys of a set; what else is in it is for others (RFC 7517 §5)."""
    try:
        keys = PyJWKSet.from_json(content.decode()).keys
    except (PyJWTError, ValueError, AttributeError, RecursionError) as error:
        raise KeyFileError(f'{path}: is no JSON Web Key Set with public keys (such as {{"keys": […]}})') from error
    for each in keys:
        key = _key(each.key, each.key_id or "") if each.public_key_use in (None, "sig") else None
        # A key of a set may say which algorithm it is for (RFC 7517 §4.4).
        if key is not None and each.algorithm_name == key.algorithm:
            yield key


def _key(material: object, key_id: str) -> Key | None:
    """The key, if it is public, of a kind that we take, and strong enough."""
    match material:
        case RSAPublicKey() if material.key_size >= MIN_RSA_BITS:
            return Key(JwtAlgorithm.RS256, material, key_id)
        case EllipticCurvePublicKey() if isinstance(material.curve, SECP256R1):
            return Key(JwtAlgorithm.ES256, material, key_id)
        case _:
            return None
