from __future__ import annotations

import pytest

from proxy.cache.cache_status import CacheStatus, Forward
from proxy.cache.policy import Asked, Lifetimes, Policy, make_policy
from proxy.cache.sessions import session_cookies
from proxy.settings.cache import SessionPreset
from proxy.settings.model import Settings
from proxy.wire import Headers
from rules.errors import MistakeError
from tests.proxy.cache.scripted import SITE

POLICY = Policy(sessions=session_cookies([SessionPreset.DJANGO]))


def asked(target: bytes = b"/", headers: Headers = (), method: str = "GET", *, has_body: bool = False) -> Asked:
    return Asked(SITE, target, headers, method, has_body)


def test_tracking_parameters_are_neither_asked_for_nor_of_the_key() -> None:
    errand = POLICY.read(asked(b"/a?utm_source=news&b=1"))
    assert (errand.target, errand.key) == (b"/a?b=1", b"https://shop.example/a?b=1")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (asked(), None),
        (asked(method="HEAD"), None),
        (asked(method="POST"), CacheStatus(Forward.METHOD)),
        (asked(method="OPTIONS"), CacheStatus(Forward.METHOD)),
        (asked(has_body=True), CacheStatus(Forward.BYPASS, detail="body")),
        (asked(headers=((b"cookie", b"a=1; sessionid=x"),)), CacheStatus(Forward.BYPASS, detail="session")),
        (
            asked(headers=((b"cookie", b"a=1"), (b"cookie", b"SessionID=x"))),
            CacheStatus(Forward.BYPASS, detail="session"),
        ),
        (asked(headers=((b"x-original-url", b"/admin"),)), CacheStatus(Forward.BYPASS, detail="override")),
        (asked(headers=((b"x-http-method-override", b"HEAD"),)), CacheStatus(Forward.BYPASS, detail="override")),
        (asked(headers=((b"cookie", b"theme=dark"),)), None),
        (asked(headers=((b"authorization", b"Basic x"),)), None),
    ],
)
def test_some_requests_are_for_the_origin_alone(request_: Asked, status: CacheStatus | None) -> None:
    assert POLICY.read(request_).bypass() == status


def test_what_is_kept_for_a_head_is_a_gets() -> None:
    errand = POLICY.read(asked(method="HEAD"))
    assert errand.is_head
    assert errand.request.method == "GET"


@pytest.mark.parametrize(
    ("target", "seconds"),
    [
        (b"/blog/a", 60),
        (b"/blog/a?page=2", 60),
        (b"/blog/caf%C3%A9", 60),
        (b"/blog", None),
        (b"/", None),
        (b"/news/a", 30),
        (b"/news/latest", 30),
    ],
)
def test_the_operator_gives_lifetimes_by_path_and_the_first_counts(target: bytes, seconds: int | None) -> None:
    lifetimes = Lifetimes.of({"/blog/**": 60, "/news/*": 30, "/news/latest": 5})
    assert lifetimes.assigned(b"shop.example", target) == seconds
    assert Policy(lifetimes).assigned(Policy().read(asked(target))) == seconds


def test_a_pattern_that_is_no_path_is_refused() -> None:
    with pytest.raises(MistakeError, match="does not begin"):
        Lifetimes.of({"blog/**": 60})


def policy_of(**given: object) -> Policy:
    return make_policy(Settings.model_validate({"origin": "http://127.0.0.1:9000", **given}))


def test_the_operators_words_become_the_policy() -> None:
    words = {"session_cookies": ["default", "shop_*"], "tracking_parameters": ["default", "ref"]}
    policy = policy_of(cache={"/blog/**": "60s"}, **words)
    assert policy.lifetimes.assigned(SITE.host, b"/blog/a") == 60
    assert all(map(policy.sessions.are_in, (b"sessionid=x", b"cart=x", b"shop_x=1")))
    assert all(map(policy.tracking.has, ("utm_source", "ref")))


def test_an_operator_may_name_other_cookies_and_parameters_in_place_of_the_default() -> None:
    policy = policy_of(session_cookies=["ghost"], tracking_parameters=["ref"])
    assert policy.sessions.are_in(b"ghost-members-ssr=x")
    assert not policy.sessions.are_in(b"sessionid=x")
    assert not policy.tracking.has("utm_source")


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        (Asked(SITE, b"/a?gclid=1&b=2", ()), b"/a?b=2"),
        (Asked(SITE, b"/a?gclid=1&b=2", (), method="HEAD"), b"/a?b=2"),
        (Asked(SITE, b"/a?gclid=1&b=2", (), method="POST"), b"/a?gclid=1&b=2"),
        (Asked(SITE, b"/a?gclid=1&b=2", (), has_body=True), b"/a?gclid=1&b=2"),
        (Asked(SITE, b"/a?gclid=1&b=2", ((b"cookie", b"sessionid=1"),)), b"/a?gclid=1&b=2"),
    ],
)
def test_the_origin_gets_all_parameters_of_what_goes_past_the_cache(asked: Asked, target: bytes) -> None:
    errand = POLICY.read(asked)

    assert errand.target == target
    assert errand.key == b"https://shop.example/a?b=2"
