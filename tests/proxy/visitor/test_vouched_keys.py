import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from proxy.settings.vouched import JwtAlgorithm, VouchedJwt
from proxy.visitor.keys import SecretError
from proxy.visitor.vouched_keys import MAX_KEYS, Key, KeyFileError, KeySet, load_keys
from tests.proxy.visitor.signing import (
    SECRET,
    ec_key,
    jwk,
    private_pem,
    public_pem,
    rsa_key,
    write_jwks,
    write_secret,
)


def load(algorithms: list[str], **files: Path) -> KeySet:
    given: dict[str, Any] = {"cookie": "jwt", "claims": {"plan": "plan"}, "algorithms": algorithms, **files}
    return load_keys(VouchedJwt.model_validate(given))


def refusal(algorithms: list[str], **files: Path) -> str:
    with pytest.raises(KeyFileError) as error:
        load(algorithms, **files)
    return str(error.value)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "key.pem"
    path.write_bytes(content)
    return path


def test_secrets_stand_one_on_each_line(tmp_path: Path) -> None:
    keys = load(["HS256"], secret_file=write_secret(tmp_path / "secret", SECRET, b"t" * 40)).keys
    assert keys == (Key(JwtAlgorithm.HS256, SECRET), Key(JwtAlgorithm.HS256, b"t" * 40))


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="secret 1 has 5 bytes, 32 is the least"):
        load(["HS256"], secret_file=write_secret(tmp_path / "secret", b"short"))


def test_a_public_key_is_no_secret(tmp_path: Path) -> None:
    with pytest.raises(SecretError):
        load(["HS256"], secret_file=written(tmp_path, public_pem(rsa_key())))
    key_set = json.dumps({"keys": [jwk(rsa_key())]}).encode()
    assert "holds a key of another kind" in refusal(["HS256"], secret_file=written(tmp_path, key_set))


def test_a_public_key_is_for_the_algorithm_of_its_kind(tmp_path: Path) -> None:
    algorithms = ["RS256", "ES256"]
    (found,) = load(algorithms, public_key_file=written(tmp_path, public_pem(rsa_key()))).keys
    assert (found.algorithm, found.id) == (JwtAlgorithm.RS256, "")
    (found,) = load(algorithms, public_key_file=written(tmp_path, public_pem(ec_key()))).keys
    assert found.algorithm == JwtAlgorithm.ES256


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (private_pem(rsa_key()), "which only the site should have (give the public one: openssl pkey -in key.pem"),
        (b"-----BEGIN CERTIFICATE-----\n", "is a certificate (give its key: openssl x509 -in key.pem"),
        (b"", "is no public key in PEM"),
        (b"\xff" * 100, "is no public key in PEM"),
        (b"x" * (1 << 17), "is larger than 65536 bytes"),
        (public_pem(ec_key(ec.SECP384R1)), "too weak, or of another kind (take RSA with 2048 bits or more, or the"),
        (public_pem(rsa_key(bits=1024)), "too weak, or of another kind"),
        (public_pem(ec_key()), "holds no key for RS256, but ES256 (check vouched_jwt.algorithms)"),
    ],
)
def test_a_file_without_a_fitting_public_key_says_what_it_is(content: bytes, told: str, tmp_path: Path) -> None:
    line = refusal(["RS256"], public_key_file=written(tmp_path, content))
    assert line.startswith(str(tmp_path / "key.pem"))
    assert told in line


def test_a_set_of_keys_is_read_by_their_ids(tmp_path: Path) -> None:
    path = write_jwks(
        tmp_path / "keys.json",
        jwk(rsa_key(), kid="old"),
        jwk(rsa_key(1), kid="new", alg="RS256", use="sig"),
        jwk(ec_key(), kid="curve"),
    )
    keys = load(["RS256", "ES256"], jwks_file=path)
    assert [key.id for key in keys.keys] == ["old", "new", "curve"]
    assert [key.id for key in keys.fitting("RS256", "new")] == ["new"]
    assert [key.id for key in keys.fitting("RS256", "")] == ["old", "new"]
    assert keys.fitting("RS256", "curve") == ()
    assert keys.fitting("none", "new") == ()
    assert [key.id for key in load(["ES256"], jwks_file=path).keys] == ["curve"]


def test_what_else_a_set_holds_is_for_others(tmp_path: Path) -> None:
    private = {**jwk(rsa_key(1)), "d": "AQAB"}
    path = write_jwks(
        tmp_path / "keys.json",
        jwk(rsa_key(), kid="ours"),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        {"kty": "never", "kid": "unknown"},
        jwk(rsa_key(2), use="enc", kid="for secrets"),
        jwk(rsa_key(3), alg="PS256", kid="another algorithm"),
        jwk(rsa_key(bits=1024), kid="weak"),
        private,
    )
    assert [key.id for key in load(["RS256"], jwks_file=path).keys] == ["ours"]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": 1}', b'{"keys": ["a"]}', b"\xff", b"[" * 60_000]
)
def test_a_file_that_is_no_set_of_keys_is_refused(content: bytes, tmp_path: Path) -> None:
    assert "is no JSON Web Key Set" in refusal(["RS256"], jwks_file=written(tmp_path, content))


def test_a_set_without_a_key_to_check_with_is_refused(tmp_path: Path) -> None:
    path = write_jwks(tmp_path / "keys.json", {"kty": "oct", "k": "c2VjcmV0"})
    assert "holds no key for RS256, but none that can be used" in refusal(["RS256"], jwks_file=path)


def test_a_set_holds_only_so_many_keys(tmp_path: Path) -> None:
    path = write_jwks(tmp_path / "keys.json", *[jwk(ec_key(), kid=str(number)) for number in range(MAX_KEYS + 1)])
    assert f"{MAX_KEYS} is the most" in refusal(["ES256"], jwks_file=path)


def test_a_file_that_is_missing_is_an_error_of_the_systems(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        load(["RS256"], jwks_file=tmp_path / "none")
