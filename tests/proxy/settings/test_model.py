from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from proxy.settings.model import Settings
from proxy.settings.values import is_loopback


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"origin": "http://127.0.0.1:9000", **given})


def test_only_the_origin_has_no_default() -> None:
    assert [name for name, field in Settings.model_fields.items() if field.is_required()] == ["origin"]


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")] == []


def test_settings_can_not_be_changed() -> None:
    with pytest.raises(ValidationError):
        settings().port = 1


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("https://Shop.Example/", "https://shop.example"),
        ("http://[::1]:9000/", "http://[::1]:9000"),
        ("http://cms_backend:80", "http://cms_backend:80"),
    ],
)
def test_an_origin_is_a_scheme_and_a_host(written: str, origin: str) -> None:
    assert settings(origin=written).origin == origin


@pytest.mark.parametrize(
    "written",
    [
        "",
        "shop.example",
        "ftp://shop.example",
        "http://",
        "http:///x",
        "http://shop.example/blog",
        "http://shop.example/?a",
        "http://shop.example?",
        "http://shop.example#",
        "http://user:secret@shop.example",
        "http://a.example,b.example",
        "http://a example",
        "http://shop.example:99999",
        "http://shop.example:0",
        "http://bücher.example",
        "http://[::1",
    ],
)
def test_anything_else_is_no_origin(written: str) -> None:
    with pytest.raises((ValidationError, ValueError)):
        settings(origin=written)


def test_a_password_in_an_origin_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(origin="http://user:hunter2@shop.example")
    assert "hunter2" not in str(refusal.value)


def test_trusted_proxies_are_addresses_networks_and_words() -> None:
    trusted = settings(trusted_proxies="loopback, 192.0.2.1,2001:db8::/32").trusted_proxies
    assert trusted == (
        ip_network("127.0.0.0/8"),
        ip_network("::1/128"),
        ip_network("192.0.2.1/32"),
        ip_network("2001:db8::/32"),
    )
    assert ip_network("10.0.0.0/8") in settings(trusted_proxies=["private"]).trusted_proxies


@pytest.mark.parametrize("written", ["everyone", "10.0.0.1/8", "300.0.0.1", "10.0.0.0/33"])
def test_anything_else_is_not_trusted(written: str) -> None:
    with pytest.raises(ValidationError):
        settings(trusted_proxies=written)


@pytest.mark.parametrize(
    "written", ["plan=shop_plan,name=n", ("plan=shop_plan", "name=n"), {"plan": "shop_plan", "name": "n"}]
)
def test_visitor_cookies_are_pairs(written: object) -> None:
    assert settings(visitor_cookies=written).visitor_cookies == {"plan": "shop_plan", "name": "n"}


@pytest.mark.parametrize(
    "written", ["plan", "=x", "Plan=x", "a.b=x", "plan=", "plan=a b", "plan=a,plan=b", {"plan": "a;b"}, "new=a"]
)
def test_a_pair_of_a_bad_name_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        settings(visitor_cookies=written)


def test_profiles_lie_in_the_data_folder_where_somebody_can_consent() -> None:
    assert settings().profiles is None
    assert settings(consent="tcf").profiles == Path("tailor-data/profiles.db")
    assert settings(consent="tcf", profile_db="elsewhere.db").profiles == Path("elsewhere.db")


def test_the_origin_hears_the_public_host_unless_the_operator_says_otherwise() -> None:
    assert (settings().host_mode, settings(host_mode="Origin").host_mode) == ("pass", "origin")


def test_urls_are_mapped_only_where_the_origin_hears_its_own_name() -> None:
    assert settings(host_mode="origin", map_urls="true").map_urls
    with pytest.raises(ValidationError, match="set host_mode to origin, or leave map_urls out"):
        settings(map_urls=True)


@pytest.mark.parametrize("given", [{"host_mode": "public"}, {"host_mode": "origin", "map_urls": "some"}])
def test_a_host_mode_that_is_not_known_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"consent": "maybe"},
        {"consent": "cookie"},
        {"consent": "cookie", "consent_cookie": "ok"},
        {"consent": "cookie", "consent_category": "yes"},
        {"consent": "cookie", "consent_cookie": "ok", "consent_category": ""},
        {"consent": "onetrust", "consent_cookie": "a b"},
        {"consent": "onetrust", "consent_category": "C0002,"},
        {"consent": "tcf", "consent_category": "functional"},
        {"consent": "tcf", "consent_category": "0"},
        {"consent": "tcf", "consent_category": "25"},
        {"consent_cookie": "ok"},
        {"consent": "not-required", "consent_category": "C0003"},
        {"visitor_days": 0},
        {"visitor_days": 401},
        {"company_without_consent": "perhaps"},
        {"secrets": "x" * 32, "secret_file": "secrets.txt"},
    ],
)
def test_consent_that_would_mean_nothing_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**given)


def test_a_plain_cookie_of_consent_has_a_name_and_a_value() -> None:
    plain = settings(consent="cookie", consent_cookie="ok", consent_category="yes, all of it")
    assert (plain.consent_cookie, plain.consent_category) == ("ok", "yes, all of it")
    assert settings(consent="tcf", consent_category="1, 24").consent_category == "1, 24"


@pytest.mark.parametrize("prefix", ["", "/", "tailor", "/a/", "/a//b", "/../a", "/a?b", "/ä"])
def test_a_prefix_is_a_plain_path(prefix: str) -> None:
    assert settings(prefix="/-/tailor").prefix == "/-/tailor"
    with pytest.raises(ValidationError):
        settings(prefix=prefix)


@pytest.mark.parametrize(
    "given",
    [
        {"port": -1},
        {"port": 65536},
        {"workers": 0},
        {"page_seconds": 0},
        {"page_seconds": float("inf")},
        {"page_size_bytes": 10},
        {"log_level": "loud"},
        {"geo_headers": "cloudfare"},
        {"host": "a b"},
        {"host": ""},
        {"unknown": 1},
        {"port": 8081},
    ],
)
def test_values_out_of_range_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**given)


def test_the_folder_for_data_must_be_creatable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert settings(data=tmp_path / "a" / "b").data == tmp_path / "a" / "b"
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ValidationError):
            settings(data=folder)


@pytest.mark.parametrize(
    ("origin", "listening"),
    [
        ("http://127.0.0.1:8080", {}),
        ("http://localhost:8080", {}),
        ("http://127.0.0.1:8081", {}),
        ("http://127.0.0.1:8080", {"host": "0.0.0.0"}),
        ("http://shop.example", {"host": "shop.example", "port": 80}),
    ],
)
def test_tailor_can_not_stand_in_front_of_itself(origin: str, listening: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="where Tailor itself listens"):
        settings(origin=origin, **listening)


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.2:8080", "http://shop.example:8080", "https://127.0.0.1", "http://127.0.0.1:9000"]
)
def test_an_origin_may_have_tailors_port_on_another_address(origin: str) -> None:
    assert settings(origin=origin).origin == origin


def test_beyond_loopback_the_admin_listener_needs_a_token() -> None:
    with pytest.raises(ValidationError, match="TAILOR_ADMIN_TOKEN"):
        settings(admin_host="0.0.0.0")
    assert settings(admin_host="0.0.0.0", admin_token="0123456789abcdef").admin_host == "0.0.0.0"


@pytest.mark.parametrize("token", ["short", "0123456789abcdeé", "0123456789abcde\n"])
def test_a_token_that_is_easily_guessed_or_can_not_be_sent_is_refused_and_not_told(token: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(admin_token=token)
    assert token not in str(refusal.value)


def test_a_token_is_never_printed() -> None:
    assert "0123456789abcdef" not in repr(settings(admin_token="0123456789abcdef"))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("given", [{}, {"trusted_proxies": ["loopback"], "page_cache": False}])
def test_edge_mode_is_for_a_cache_that_is_trusted_and_for_pages_that_are_kept(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"is for a cache in front|shares only what"):
        settings(edge=True, **given)
    assert settings(edge=True, trusted_proxies="loopback").edge_seconds == 60
