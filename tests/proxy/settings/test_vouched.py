from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from proxy.settings.layers import SettingsError, read_settings
from proxy.settings.vouched import JwtAlgorithm, VouchedCookie, VouchedJwt, is_attribute

JWT: dict[str, Any] = {
    "cookie": "session_jwt",
    "algorithms": ["RS256"],
    "jwks_file": "keys.json",
    "claims": {"plan": "plan"},
}


def jwt(**changed: Any) -> VouchedJwt:
    given = {**JWT, **changed}
    return VouchedJwt.model_validate({name: value for name, value in given.items() if value is not None})


def test_a_token_has_one_place_and_one_file_of_keys() -> None:
    assert jwt().key_file == Path("keys.json")
    assert jwt(cookie=None, header="X-Session").header == "x-session"
    assert jwt(algorithms="ES256", jwks_file=None, public_key_file="site.pem").algorithms == (JwtAlgorithm.ES256,)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"header": "authorization"}, "give either cookie or header"),
        ({"cookie": None}, "give either cookie or header"),
        ({"cookie": "a b"}, "can't name a cookie"),
        ({"cookie": None, "header": "a b"}, "can't name a header"),
        ({"jwks_file": None}, "give one of secret_file, public_key_file, jwks_file"),
        ({"public_key_file": "site.pem"}, "give one of secret_file, public_key_file, jwks_file"),
        ({"algorithms": ["none"]}, "'HS256', 'RS256' or 'ES256'"),
        ({"algorithms": []}, "at least 1 item"),
        ({"algorithms": None}, "Field required"),
        ({"claims": {}}, "name a claim for each attribute"),
        ({"claims": {"plan": ""}}, "name a claim for each attribute"),
        ({"claims": {"Plan": "plan"}}, "can't name a signal"),
        ({"claims": {"new": "new"}}, "told by the visitor's profile"),
        ({"key": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_what_can_not_be_meant_is_refused(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        jwt(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"algorithms": ["RS256", "HS256"]},
        {"algorithms": ["HS256"]},
        {"algorithms": ["HS256"], "jwks_file": None, "public_key_file": "site.pem"},
        {"jwks_file": None, "secret_file": "site.secret"},
        {"algorithms": ["HS256", "RS256"], "jwks_file": None, "secret_file": "site.secret"},
    ],
)
def test_a_secret_and_a_public_key_are_never_taken_for_each_other(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="HS256"):
        jwt(**changed)


def test_a_section_is_read_from_the_file_and_its_paths_lie_beside_it(tmp_path: Path) -> None:
    text = 'origin = "http://a"\n[vouched_cookie]\ncookie = "shop_visitor"\nsecret_file = "shop.secret"\n'
    (tmp_path / "tailor.toml").write_text(text, encoding="utf-8")
    settings, _ = read_settings({}, {}, directory=tmp_path)
    assert settings.vouched_cookie == VouchedCookie(cookie="shop_visitor", secret_file=tmp_path / "shop.secret")


@pytest.mark.parametrize("where", ["flag", "variable"])
def test_a_flag_and_a_variable_hold_an_inline_table(where: str) -> None:
    table = '{cookie = "shop_visitor", secret_file = "shop.secret"}'
    flags = {"origin": "http://a", **({"vouched_cookie": table} if where == "flag" else {})}
    settings, _ = read_settings(flags, {"TAILOR_VOUCHED_COOKIE": table} if where == "variable" else {})
    assert settings.vouched_cookie == VouchedCookie(cookie="shop_visitor", secret_file=Path("shop.secret"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('algorithms = ["none"]\nclaims = {a = "b"}', "vouched_jwt.algorithms: 'none' is not known (choose 'HS256'"),
        ('algorithms = ["RS256"]', 'vouched_jwt.claims: is missing (such as claims = {plan = "plan"})'),
        ('algorithms = 1\nclaims = {a = "b"}', "vouched_jwt.algorithms: 1 does not fit: "),
        ('algorithms = "RS256"\nclaims = {}', "vouched_jwt.claims: name a claim for each attribute"),
        (
            'algorithms = "RS256"\nclaims = {a = "b"}\njwk_file = "x"',
            "vouched_jwt.jwk_file: no such setting (did you mean 'jwks_file'?)",
        ),
        ('algorithms = "RS256"\nclaims = {a = "b"}', "vouched_jwt: the token's place must be one (give either"),
    ],
)
def test_a_mistake_in_a_section_is_told_with_its_place(text: str, line: str, tmp_path: Path) -> None:
    file = tmp_path / "tailor.toml"
    file.write_text(f'origin = "http://a"\n[vouched_jwt]\n{text}\n', encoding="utf-8")
    with pytest.raises(SettingsError) as refusal:
        read_settings({}, {}, directory=tmp_path)
    (told,) = refusal.value.lines
    assert told.startswith(f"{file}: {line}")


def test_a_flag_that_is_no_table_is_told_how_one_is_written() -> None:
    with pytest.raises(SettingsError, match="--vouched-cookie: is not an inline table of TOML"):
        read_settings({"origin": "http://a", "vouched_cookie": "shop_visitor"}, {})


@pytest.mark.parametrize("name", ["email", "email_domain"])
def test_a_plain_cookie_can_not_be_set_up_to_tell_an_email_address(name: str) -> None:
    with pytest.raises(SettingsError, match=f"visitor.{name} is not believed without a signature"):
        read_settings({"origin": "http://a", "visitor_cookies": {name: "shop_email"}}, {})


@pytest.mark.parametrize(
    ("name", "can"),
    [
        ("plan", True),
        ("email", True),
        ("new", False),
        ("preferences", False),
        ("a.b", False),
        ("", False),
        ("x" * 51, False),
    ],
)
def test_names_of_attributes_are_those_of_signals(name: str, can: bool) -> None:
    assert is_attribute(name) is can
