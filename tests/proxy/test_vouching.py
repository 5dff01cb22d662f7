from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from proxy.settings.model import Settings
from proxy.vouching import Vouching, open_vouching, unusable_keys
from tests.proxy.visitor.signing import (
    SECRET,
    START,
    jwk,
    rsa_key,
    signed_cookie,
    token,
    write_jwks,
    write_secret,
)

PRO = {"plan": "pro"}


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"origin": "http://origin.example", **given})


def with_jwks(path: Path) -> dict[str, Any]:
    return {"vouched_jwt": {"cookie": "jwt", "algorithms": ["RS256"], "jwks_file": path, "claims": {"plan": "plan"}}}


def with_cookie(path: Path) -> dict[str, Any]:
    return {"vouched_cookie": {"cookie": "shop_visitor", "secret_file": path}}


def opened(**given: Any) -> Vouching:
    return open_vouching(settings(**given), [b"k" * 32], now=lambda: START)


def signals(vouching: Vouching, cookie: bytes) -> dict[str, Any]:
    return vouching.vouched.signals(((b"cookie", cookie),), is_https=False)


def test_without_settings_there_is_no_way_to_vouch() -> None:
    vouched = opened().vouched
    assert (vouched.jwt, vouched.cookie, vouched.carrier) == (None, None, None)


def test_the_settings_say_which_ways_there_are(tmp_path: Path) -> None:
    keys = write_jwks(tmp_path / "keys.json", jwk(rsa_key(), kid="a"))
    jwt = b"jwt=" + token(PRO, rsa_key(), kid="a")
    assert signals(opened(**with_jwks(keys)), jwt) == {"visitor.plan": "pro"}
    secret = write_secret(tmp_path / "secret")
    assert signals(opened(**with_cookie(secret)), b"shop_visitor=" + signed_cookie(PRO)) == {"visitor.plan": "pro"}
    assert opened(vouched_header=True).vouched.carry(b"plan=pro", (), is_https=False)


def test_keys_that_are_replaced_are_read_anew(tmp_path: Path) -> None:
    keys = write_jwks(tmp_path / "keys.json", jwk(rsa_key(), kid="a"))
    vouching = opened(**with_jwks(keys))
    signed = b"jwt=" + token(PRO, rsa_key(1), kid="b")
    assert signals(vouching, signed) == {}
    write_jwks(tmp_path / "new.json", jwk(rsa_key(), kid="a"), jwk(rsa_key(1), kid="b")).rename(keys)
    assert [file.refresh() for file in vouching._files] == [True]
    assert signals(vouching, signed) == {"visitor.plan": "pro"}


def test_a_file_that_breaks_leaves_the_keys_as_they_are(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret = write_secret(tmp_path / "secret")
    vouching = opened(**with_cookie(secret))
    write_secret(tmp_path / "new", b"short").rename(secret)
    with caplog.at_level(logging.ERROR):
        assert [file.refresh() for file in vouching._files] == [False]
    assert "32 is the least" in caplog.text
    assert signals(vouching, b"shop_visitor=" + signed_cookie(PRO)) == {"visitor.plan": "pro"}


def test_a_process_that_starts_while_a_file_is_broken_believes_nobody(tmp_path: Path) -> None:
    vouching = opened(**with_jwks(tmp_path / "none.json"))
    assert signals(vouching, b"jwt=" + token(PRO, rsa_key())) == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "can't be read: No such file or directory (check vouched_jwt)"),
        (b"{}", "is no JSON Web Key Set"),
    ],
)
def test_keys_of_tokens_that_can_not_be_used_keep_it_from_starting(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_bytes(content)
    ((line,), warnings) = unusable_keys(settings(**with_jwks(path)))
    assert line.startswith(f"{path}: {told}")
    assert warnings == ()


def test_a_weak_or_missing_secret_keeps_it_from_starting_and_is_not_told(tmp_path: Path) -> None:
    weak = write_secret(tmp_path / "weak", b"hunter2")
    ((line,), _) = unusable_keys(settings(**with_cookie(weak)))
    assert line.startswith(f"{weak}: secret 1 has 7 bytes, 32 is the least")
    assert "hunter2" not in line
    ((line,), _) = unusable_keys(settings(**with_cookie(tmp_path / "none")))
    assert line.endswith("can't be read: No such file or directory (check vouched_cookie.secret_file)")


def test_a_secret_that_others_can_read_is_warned_of_once(tmp_path: Path) -> None:
    path = write_secret(tmp_path / "secret", SECRET)
    jwt = {"cookie": "jwt", "algorithms": ["HS256"], "secret_file": path, "claims": {"plan": "plan"}}
    given = settings(vouched_jwt=jwt, **with_cookie(path))
    assert unusable_keys(given) == ((), ())
    path.chmod(0o644)
    assert unusable_keys(given) == ((), (f"{path}: others on this machine can read it (chmod 600 {path})",))
