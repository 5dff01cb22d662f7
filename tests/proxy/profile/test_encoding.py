from __future__ import annotations

from datetime import timedelta

import pytest

from proxy.profile.encoding import UnreadableProfileError, decode, encode
from proxy.profile.model import PageView, Preferences, Profile, Purchase, Source
from proxy.profile.observe import observe
from tests.proxy.profile.browsing import SEARCH, TUESDAY, after


def everything() -> Profile:
    profile = after(0, 3, 600, source=SEARCH, path="/zelte/größe")
    profile = observe(profile, Purchase(49.9, ("tent", "pegs")), TUESDAY)
    return observe(profile, Preferences({"diet": "vegan", "note": '"\U0001f600"'}), TUESDAY)


@pytest.mark.parametrize(
    "profile",
    [
        Profile(TUESDAY),
        observe(None, Preferences({"diet": "vegan"}), TUESDAY),
        after(0),
        observe(None, PageView("/", Source("email", "", "", "", "", "news.example")), TUESDAY),
        everything(),
    ],
)
def test_what_is_written_is_read_again(profile: Profile) -> None:
    assert decode(encode(profile)) == profile


def test_a_profile_of_a_year_of_visits_is_small() -> None:
    profile = after(*range(0, 365 * 24 * 60, 7 * 24 * 60), source=SEARCH, path="/products/tents/two-persons")
    assert len(encode(profile)) < 1000


def test_a_field_that_a_later_version_wrote_is_not_minded() -> None:
    assert decode(b'{"t":1796119200,"v":2,"later":[1]}') == Profile(TUESDAY, visits=2)


def test_a_text_without_bytes_is_written_all_the_same() -> None:
    profile = observe(None, PageView("/\udce9"), TUESDAY)
    session = decode(encode(profile)).session
    assert session is not None
    assert session.landing == "/?"


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00", b"[]", b"1", b"{}", b'{"t":"x"}', b'{"t":1,"s":[1]}', b'{"t":1e300}', b'{"t":1,"r":5}', b"\xff"],
)
def test_bytes_that_are_no_profile_are_told(body: bytes) -> None:
    with pytest.raises(UnreadableProfileError):
        decode(body)


def test_moments_beyond_the_calendar_are_told() -> None:
    with pytest.raises(UnreadableProfileError):
        decode(b'{"t":99999999999999}')
    assert decode(encode(after(0))).seen + timedelta(0) == TUESDAY
