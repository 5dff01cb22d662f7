from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proxy.settings.cache import DEFAULT, SessionPreset
from proxy.settings.layers import SettingsError, read_settings
from proxy.settings.model import Settings

ORIGIN = {"origin": "http://127.0.0.1:9000"}


def read(**given: object) -> Settings:
    return read_settings({**ORIGIN, **given}, {})[0]


def wrong(**given: object) -> str:
    with pytest.raises(SettingsError) as error:
        read(**given)
    (line,) = error.value.lines
    return line


def test_lifetimes_are_durations_by_path_in_the_order_of_the_file(tmp_path: Path) -> None:
    written = 'origin = "http://127.0.0.1:9000"\ncache = {"/news" = "90s", "/blog/**" = "5m", "/a" = "2h", "/b" = "1d"}'
    (tmp_path / "tailor.toml").write_text(written)
    settings, _ = read_settings({}, {}, directory=tmp_path)
    assert list(settings.cache.items()) == [("/news", 90), ("/blog/**", 300), ("/a", 7200), ("/b", 86_400)]


def test_flags_and_the_environment_write_lifetimes_as_pairs() -> None:
    expected = {"/blog/**": 60, "/a=b": 3600}
    assert read(cache=("/blog/**=60s", "/a=b=1h")).cache == expected
    assert read_settings(ORIGIN, {"TAILOR_CACHE": "/blog/**=60s, /a=b=1h"})[0].cache == expected


@pytest.mark.parametrize(
    ("cache", "told"),
    [
        ({"/blog": 60}, "60 for '/blog' is no duration (write seconds, minutes, hours or days: 60s, 5m)"),
        ({"/blog": "60"}, "'60' for '/blog' is no duration"),
        ({"/blog": "0s"}, "'0s' for '/blog' is no duration"),
        ({"/blog": True}, "True for '/blog' is no duration"),
        ({"/blog": "366d"}, "'366d' for '/blog' is more than a year (give at most 365d)"),
        ({"blog": "60s"}, "'blog' is no path (write a glob that begins with /, such as /blog/**)"),
        ({"/a?b": "60s"}, "'/a?b' is no path"),
        (("/blog/**",), "'/blog/**' is not a pair (write path=duration, such as /blog/**=60s)"),
        (("/a=1s", "/a=2s"), "'/a' is named twice"),
    ],
)
def test_a_lifetime_that_can_not_be_meant_is_told(cache: object, told: str) -> None:
    assert wrong(cache=cache).startswith(f"--cache: {told}")


def test_a_lifetime_of_another_kind_is_told() -> None:
    assert "does not fit" in wrong(cache=60)


@pytest.mark.parametrize("words", [["django", "shop_*"], "django,shop_*", ("django", "shop_*")])
def test_cookies_are_presets_and_names(words: object) -> None:
    assert read(session_cookies=words).session_cookies == ("django", "shop_*")


def test_without_a_word_every_preset_counts_and_an_empty_list_is_none() -> None:
    assert read().session_cookies == (DEFAULT,)
    assert read(session_cookies=[]).session_cookies == ()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("wordpres", "'wordpres' is no preset (did you mean wordpress? a cookie of that name is wordpres*)"),
        ("magneto", "did you mean magento?"),
        ("wagtail", "did you mean django?"),
        ("woocommerce", "did you mean wordpress?"),
        ("defaults", "did you mean default?"),
        ("a b", "'a b' can't name a cookie (write its name, or a glob such as shop_session_*)"),
    ],
)
def test_a_word_that_may_be_a_preset_is_never_taken_for_a_cookie(word: str, told: str) -> None:
    assert told in wrong(session_cookies=[word])


@pytest.mark.parametrize("cookie", ["JSESSIONID", "sessionid", "cart", "shop_session", "wordpres*", "laravel_session"])
def test_a_name_that_is_like_no_preset_is_a_cookie(cookie: str) -> None:
    assert read(session_cookies=[cookie]).session_cookies == (cookie,)


@pytest.mark.parametrize("preset", SessionPreset)
def test_every_preset_can_be_named(preset: str) -> None:
    assert read(session_cookies=[preset]).session_cookies == (preset,)


def test_parameters_add_to_the_default_or_replace_it() -> None:
    assert read(tracking_parameters="default,ref").tracking_parameters == (DEFAULT, "ref")
    assert read(tracking_parameters=["utm_*"]).tracking_parameters == ("utm_*",)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("a=b", "'a=b' can't name a parameter (write its name, or a glob such as utm_*)"),
        ("*", "'*' would take every parameter for one that tells nothing (name them)"),
    ],
)
def test_a_parameter_that_can_not_be_meant_is_told(word: str, told: str) -> None:
    assert wrong(tracking_parameters=[word]) == f"--tracking-parameter: {told}"


@pytest.mark.parametrize(("written", "is_kept"), [("false", False), ("true", True)])
def test_the_page_cache_can_be_switched_off(written: Any, is_kept: bool) -> None:
    assert read(page_cache=written).page_cache is is_kept
